"""Debian's real Kannel between our app and an operator played by its own fakesmsc.

The configuration is deploy/kannel/kannel.conf itself, with ports, folders, the callback address
and the operator replaced, so what we recommend is what runs here. Two operator connections,
because bearerbox serves one fakesmsc at a time: `inject` uses one, `delivered` reads the other.
"""

from __future__ import annotations

import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

import pytest

from tests.services.kannel import KannelBinaries
from tests.services.ports import free_port
from tests.services.process import die_with_parent, stop, wait_until

EXAMPLE = Path(__file__).parents[3] / "deploy" / "kannel" / "kannel.conf"
ADMIN_PASSWORD = "change-me-admin"

Group = list[tuple[str, str]]


class Delivered(NamedTuple):
    """One text as the citizen's phone shows it (parts joined)."""

    sender: str
    receiver: str
    text: str
    parts: int


def read_groups(text: str) -> list[Group]:
    """Groups of a Kannel configuration file, in order."""
    groups: list[Group] = []
    for line in text.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        name, _, value = (part.strip() for part in line.partition("="))
        if name == "group":
            groups.append([])
        groups[-1].append((name, value))
    return groups


def _replaced(group: Group, **values: object) -> Group:
    changed = {name.replace("_", "-"): str(value) for name, value in values.items()}
    kept = [(n, v) for n, v in group if n not in changed]
    return kept + list(changed.items())


class KannelProcess:
    """bearerbox + smsbox + a listening fakesmsc. `callback_port`: where our app must listen."""

    username = "xiangyin"
    password = "change-me-sendsms"
    sender = "10690001"

    def __init__(self, binaries: KannelBinaries, folder: Path, *, account: str, key: str) -> None:
        self._binaries = binaries
        self._folder = folder
        self.account = account
        self.key = key
        self.callback_port = free_port()
        self.admin_port = free_port()
        self.smsbox_port = free_port()
        self.sendsms_port = free_port()
        self.operator_in_port = free_port()
        self.operator_out_port = free_port()
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def callback_url(self) -> str:
        return f"http://127.0.0.1:{self.callback_port}"

    @property
    def sendsms_url(self) -> str:
        return f"http://127.0.0.1:{self.sendsms_port}/cgi-bin/sendsms"

    def account_options(self) -> dict[str, object]:
        """Options of an account that points to this Kannel."""
        return {
            "provider": "kannel",
            "sendsms_url": self.sendsms_url,
            "username": self.username,
            "password": self.password,
            "sender": self.sender,
            "callback_url": self.callback_url,
            "key": self.key,
        }

    def start(self) -> None:
        """Returns when smsbox is connected and the operator listens."""
        config = self._write_config()
        self._spawn([str(self._binaries.bearerbox), "-v", "4", str(config)], "bearerbox")
        wait_until(lambda: self._status() is not None, seconds=15, what="bearerbox")
        self._spawn([str(self._binaries.smsbox), "-v", "4", str(config)], "smsbox")
        wait_until(lambda: "smsbox:" in (self._status() or ""), seconds=15, what="smsbox")
        self._fakesmsc(self.operator_out_port, "operator", "-m", "0", "1 2 text unused")
        # the second 'online' is the listening fakesmsc
        wait_until(
            lambda: f"FAKE:{self.operator_out_port} (online" in (self._status() or ""),
            seconds=15,
            what="fakesmsc",
        )

    def stop(self) -> None:
        for process in reversed(self._processes):
            stop(process, sent=signal.SIGTERM, seconds=10)
        self._processes.clear()

    def inject(self, sender: str, receiver: str, text: str) -> None:
        """A citizen sends `text` from `sender` to `receiver` (UCS-2), by fakesmsc."""
        encoded = quote(text.encode("utf-16-be"), safe="")
        self.inject_line(f"{sender} {receiver} ucs2 {encoded}")

    def inject_line(self, line: str) -> None:
        """One line in fakesmsc's own language, e.g. '138… 10690001 text hello'."""
        name = f"inject-{time.monotonic_ns()}"
        process = self._fakesmsc(self.operator_in_port, name, "-m", "1", "-i", "0", line)
        log = self._folder / f"{name}.log"
        wait_until(lambda: b"sent message 1" in log.read_bytes(), seconds=10, what="fakesmsc")
        self._processes.remove(process)
        stop(process, sent=signal.SIGTERM, seconds=5)

    def delivered(self) -> list[Delivered]:
        """Everything that reached the operator so far."""
        log = (self._folder / "operator.log").read_bytes()
        lines = re.findall(rb"Got message \d+: <(.*?)>\n", log, re.DOTALL)
        whole: list[Delivered] = []
        parts: list[bytes] = []
        for line in lines:
            sender, receiver, kind, rest = line.split(b" ", 3)
            if kind == b"udh":
                header, _, data = rest.split(b" ", 2)
                total, number = unquote_to_bytes(header)[-2:]
                parts.append(_unquote(data))
                if number < total:
                    continue
                text, count = _decode_parts(parts), total
                parts = []
            else:
                text, count = _decode(kind, rest), 1
            whole.append(Delivered(sender.decode(), receiver.decode(), text, count))
        return whole

    def wait_delivered(self, count: int, *, seconds: float = 10) -> list[Delivered]:
        """Blocks (use asyncio.to_thread) until `count` messages reached the operator."""
        wait_until(lambda: len(self.delivered()) >= count, seconds=seconds, what=f"message {count}")
        return self.delivered()

    def _status(self) -> str | None:
        url = f"http://127.0.0.1:{self.admin_port}/status.txt?password={ADMIN_PASSWORD}"
        try:
            with urllib.request.urlopen(url, timeout=2) as response:
                return str(response.read().decode())
        except OSError:
            return None

    def _spawn(self, command: list[str], name: str) -> subprocess.Popen[bytes]:
        with (self._folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=self._folder,
                preexec_fn=die_with_parent(),
            )
        self._processes.append(process)
        return process

    def _fakesmsc(self, port: int, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [str(self._binaries.fakesmsc), "-H", "127.0.0.1", "-r", str(port), *arguments]
        return self._spawn(command, name)

    def _write_config(self) -> Path:
        spool = self._folder / "spool"
        (spool / "dlr").mkdir(parents=True)
        groups: list[Group] = []
        for group in read_groups(EXAMPLE.read_text(encoding="utf-8")):
            kind = dict(group)["group"]
            if kind == "core":
                group = _replaced(
                    group, admin_port=self.admin_port, smsbox_port=self.smsbox_port,
                    store_location=spool, dlr_spool=spool / "dlr",
                    log_file=self._folder / "bearerbox.file.log",
                )  # fmt: skip
            elif kind == "smsc":
                groups.append(
                    _replaced(
                        group,
                        smsc_id="inject",
                        allowed_smsc_id="inject",
                        port=self.operator_in_port,
                    )
                )
                group = _replaced(group, port=self.operator_out_port)
            elif kind == "smsbox":
                group = _replaced(
                    group, sendsms_port=self.sendsms_port, http_queue_delay=1,
                    log_file=self._folder / "smsbox.file.log",
                )  # fmt: skip
            elif kind == "sms-service":
                url = f"{self.callback_url}/channels/sms/{self.account}/mo"
                group = _replaced(group, post_url=f'"{url}?key={self.key}&id=%I"')
            groups.append(group)
        config = self._folder / "kannel.conf"
        config.write_text(
            "\n".join("".join(f"{n} = {v}\n" for n, v in group) for group in groups),
            encoding="utf-8",
        )
        return config


def _unquote(data: bytes) -> bytes:
    return unquote_to_bytes(data.replace(b"+", b" "))


def _decode(kind: bytes, rest: bytes) -> str:
    if kind == b"ucs-2":
        return _unquote(rest).decode("utf-16-be")
    return (_unquote(rest) if kind == b"data" else rest).decode()


def _decode_parts(parts: list[bytes]) -> str:
    """fakesmsc does not say the coding of a part; Chinese UTF-16 is never valid UTF-8 text.
    Decoded part by part, as a phone does: a surrogate pair cut in two would not survive."""
    try:
        decoded = [part.decode("utf-8") for part in parts]
        if not any("\0" in part for part in decoded):
            return "".join(decoded)
    except UnicodeDecodeError:
        pass
    return "".join(part.decode("utf-16-be") for part in parts)


@pytest.fixture(scope="session")
def real_kannel(
    kannel: KannelBinaries, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KannelProcess]:
    """A running Kannel; the app of account `sms` must listen on its `callback_port`."""
    process = KannelProcess(
        kannel, tmp_path_factory.mktemp("kannel"), account="sms", key="kannel-test-key-0123456789"
    )
    try:
        process.start()
        yield process
    finally:
        process.stop()
