"""The fake gateway and the codec against Debian's real Kannel as a client: bearerbox logs in to it
as it would to an operator."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from aiohttp import ClientSession, web

from channels.sms.message_parts import decode_text, read_user_data
from channels.sms.smpp.pdus import DeliverSmResp
from channels.sms.testing import FakeSmsc
from channels.sms.testing.smsc import PASSWORD, SYSTEM_ID
from channels.sms.testing.smsc_receipts import SENDER, UDHI
from tests.services.kannel import KannelBinaries
from tests.services.ports import free_port
from tests.services.process import die_with_parent, stop

pytestmark = pytest.mark.xdist_group("kannel")

CITIZEN = "13800138000"
SECONDS = 20.0
DELIVERED = "1"
CONFIG = """
group = core
admin-port = {admin}
admin-password = x
admin-allow-ip = 127.0.0.1
smsbox-port = {box}
box-allow-ip = 127.0.0.1
log-level = 4

group = smsc
smsc = smpp
host = 127.0.0.1
port = {smsc}
smsc-username = {system_id}
smsc-password = {password}
system-type = ""
transceiver-mode = true
msg-id-type = 0

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
log-level = 4

group = sendsms-user
username = t
password = t
max-messages = 10
concatenation = true

group = sms-service
keyword = default
catch-all = true
max-messages = 0
get-url = "http://127.0.0.1:{ours}/mo?from=%p&to=%P&text=%b&coding=%c"
"""


@dataclass
class Kannel:
    """`messages`, `receipts`: the queries by which it passed them on."""

    smsc: FakeSmsc
    sendsms: str
    ours: str
    messages: list[dict[str, str]] = field(default_factory=list)
    receipts: list[dict[str, str]] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, ready: Callable[[], bool]) -> None:
        async with asyncio.timeout(SECONDS):
            while not ready():
                self.came.clear()
                await self.came.wait()

    async def send(self, text: str) -> None:
        told = {
            "username": "t", "password": "t", "from": SENDER, "to": CITIZEN, "text": text,
            "charset": "UTF-8", "coding": "2", "dlr-mask": "31",
            "dlr-url": f"{self.ours}/dlr?type=%d",
        }  # fmt: skip
        async with ClientSession() as http, http.get(self.sendsms, params=told) as answer:
            assert answer.status == 202


@pytest.fixture
async def bearerbox(
    kannel: KannelBinaries, smsc: FakeSmsc, tmp_path: Path
) -> AsyncIterator[Kannel]:
    admin, box, sendsms, ours = (free_port() for _ in range(4))
    config = tmp_path / "kannel.conf"
    config.write_text(
        CONFIG.format(
            admin=admin, box=box, sendsms=sendsms, ours=ours, smsc=smsc.port,
            system_id=SYSTEM_ID, password=PASSWORD,
        )
    )  # fmt: skip
    found = Kannel(smsc, f"http://127.0.0.1:{sendsms}/cgi-bin/sendsms", f"http://127.0.0.1:{ours}")

    async def hear(request: web.Request) -> web.Response:
        heard = found.messages if request.path == "/mo" else found.receipts
        # An octet of the text for each character.
        heard.append(dict(parse_qsl(request.rel_url.raw_query_string, encoding="latin-1")))
        found.came.set()
        return web.Response()

    app = web.Application()
    app.add_routes([web.get("/mo", hear), web.get("/dlr", hear)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", ours).start()
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for program, port in ((kannel.bearerbox, box), (kannel.smsbox, sendsms)):
            with (tmp_path / f"{program.name}.log").open("wb") as log:
                command = [str(program), "-v", "4", str(config)]
                processes.append(
                    subprocess.Popen(
                        command, stdout=log, stderr=log, cwd=tmp_path, preexec_fn=die_with_parent()
                    )
                )
            await _listens(port)
        await smsc.until(lambda: bool(smsc.open))
        yield found
    finally:
        for process in reversed(processes):
            await asyncio.to_thread(stop, process, sent=signal.SIGTERM, seconds=10)
        await runner.cleanup()


async def _listens(port: int) -> None:
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


async def test_both_ways(bearerbox: Kannel) -> None:
    smsc = bearerbox.smsc
    text = "您反映的下水道堵塞问题已经派给镇建设办，两个工作日内答复您。" * 4
    await bearerbox.send(text)
    await bearerbox.until(lambda: {"type": DELIVERED} in bearerbox.receipts)
    parts = sorted(
        (read_user_data(submit.short_message) for submit in smsc.submits),
        key=lambda part: part[0].number if part[0] else 0,
    )
    assert {submit.esm_class & UDHI for submit in smsc.submits} == {UDHI}
    assert "".join(decode_text(payload, 8) for _, payload in parts) == text
    assert {answer.status for answer in await smsc.reported()} == {0}

    assert await smsc.text(CITIZEN, "路灯坏了") == DeliverSmResp()
    await bearerbox.until(lambda: bool(bearerbox.messages))
    (message,) = bearerbox.messages
    assert message.pop("text").encode("latin-1") == "路灯坏了".encode("utf-16-be")
    assert message == {"from": CITIZEN, "to": SENDER, "coding": "2"}
