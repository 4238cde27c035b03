"""The fake gateway and the codec against a client that others wrote (pycmpp, CMPP 2.0)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from channels.sms.cmpp.pdus import Version
from channels.sms.message_parts import Concatenation, decode_text, read_user_data
from channels.sms.testing import FakeIsmg
from channels.sms.testing.ismg import SECRET, SOURCE_ADDR
from tests.services.required import require_service

SECONDS = 5.0
LONG = "您反映的下水道堵塞问题已经派给镇建设办，两个工作日内答复您。" * 4


def find_pycmpp() -> Any | None:
    try:
        from pycmpp import cmpp, response
    except ImportError:
        return None
    return cmpp, response


@pytest.fixture
async def ismg() -> AsyncIterator[FakeIsmg]:
    gateway = FakeIsmg(Version.V20)
    await gateway.start()
    yield gateway
    await gateway.stop()


@pytest.fixture
async def client(ismg: FakeIsmg) -> AsyncIterator[Any]:
    cmpp, _ = require_service(find_pycmpp(), "no pycmpp (a package of the dev environment)")
    made = cmpp.Cmpp("127.0.0.1", ismg.port, SOURCE_ADDR, SECRET, "1069000088", delivery=1)
    made.so.settimeout(SECONDS)
    await asyncio.to_thread(made.connect)
    await asyncio.to_thread(made.auth)
    yield made
    made.close()


async def receive(client: Any) -> bytes:
    """One frame, as the client would read it."""

    def read(so: socket.socket) -> bytes:
        head = so.recv(12, socket.MSG_WAITALL)
        size = int.from_bytes(head[:4], "big")
        return head + so.recv(size - 12, socket.MSG_WAITALL) if size > 12 else head

    return await asyncio.to_thread(read, client.so)


async def test_it_is_let_in(client: Any) -> None:
    _, response = find_pycmpp() or (None, None)
    answer = response.ConnectResponseInstance()
    answer.resolve(await receive(client))
    assert answer.status == 0


async def test_its_messages_arrive_whole_and_are_answered(ismg: FakeIsmg, client: Any) -> None:
    _, response = find_pycmpp() or (None, None)
    ismg.traps.reports = 0
    await receive(client)
    await asyncio.to_thread(client.submit, "您好👴", ["13800138000"])
    await asyncio.to_thread(client.submit, LONG, ["13800138000"])
    await ismg.until(lambda: len(ismg.submits) >= 3)
    short, *parts = ismg.submits
    assert short.dest_terminal_id == ("13800138000",)
    assert decode_text(short.content, short.msg_fmt) == "您好👴"
    found = [read_user_data(part.content) for part in parts]
    assert "".join(decode_text(payload, 8) for _, payload in found) == LONG
    assert [c.number for c, _ in found if isinstance(c, Concatenation)] == [
        part.pk_number for part in parts
    ]
    for _ in ismg.submits:
        answer = response.SubmitResponseInstance()
        answer.resolve(await receive(client))
        assert answer.status == 0
