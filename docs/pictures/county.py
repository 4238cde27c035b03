"""A demo county of its own, filled and running while pictures are taken."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services.ports import free_port
from tests.services.process import die_with_parent, stop, wait_until
from xiangyin.settings import PROJECT

# Filling takes most of a minute, on a busy machine many; the bot starts within seconds.
READY_SECONDS = 900.0
PASSWORD = re.compile(r"口令都是 (\S+)")


@dataclass(frozen=True, slots=True)
class County:
    """`url` without a slash at its end; every official of data/demo/officials.yml logs in with
    `password`."""

    url: str
    password: str


@contextmanager
def demo_county() -> Iterator[County]:
    """Run `xiangyin demo` in a folder that is thrown away. Raises TimeoutError or RuntimeError
    where it does not start; its own words are shown then."""
    with tempfile.TemporaryDirectory(prefix="xiangyin-pictures-") as folder:
        url = f"http://127.0.0.1:{(port := free_port())}"
        log = Path(folder) / "demo.log"
        environment = {name: v for name, v in os.environ.items() if "XIANGYIN_" not in name}
        environment |= {
            "XIANGYIN_CONFIG": os.devnull,
            "XIANGYIN_VAR_DIR": folder,
            "XIANGYIN_HTTP_PORT": str(port),
        }
        with log.open("wb") as written:
            process = subprocess.Popen(
                [sys.executable, "-m", "xiangyin", "demo"],
                cwd=PROJECT,
                env=environment,
                stdout=written,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )
        try:
            wait_until(lambda: _ready(url, process, log), seconds=READY_SECONDS, what="the county")
            said = PASSWORD.search(log.read_text(encoding="utf-8"))
            if said is None:
                raise RuntimeError("the demo county named no password")
            yield County(url, said[1])
        finally:
            stop(process, sent=signal.SIGTERM, seconds=30)


def _ready(url: str, process: subprocess.Popen[bytes], log: Path) -> bool:
    if process.poll() is not None:
        raise RuntimeError(f"the demo county did not start:\n{log.read_text(encoding='utf-8')}")
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
