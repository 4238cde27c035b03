"""Bodies nobody honest sends, signed all the same: taken or refused, never an error of ours."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from aiohttp import ClientSession, ClientTimeout, web
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from ports_in_memory import Answer, FakeClock, MemoryStore, RecordingGateway

from backend.ports import Account, ChannelDependencies
from channels.wechat import create
from channels.wechat.testing import FakePlatform, Wechat

TOKEN = "word-agreed-with-wechat"
KEY = "kQ7ZrXw2bN9mLp4TgVyC8dHsJf6aUe3RiOxP1qMzB5E"
OPENID = "oXy7Qk2mVtR4wZ8nLp3sHd6fGj1c"
CONTENT = {"MsgType": "text", "Content": "路灯坏了", "MsgId": "24000000000000001"}

FRAGMENTS = (
    b"<!DOCTYPE xml>",
    b'<!DOCTYPE xml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>',
    b'<!ENTITY xxe SYSTEM "file:///etc/passwd">',
    b"&xxe;",
    b"&#0;",
    b"&#x110000;",
    b"<![CDATA[",
    b"]]>",
    b"]]]]><![CDATA[>",
    b"<?xml version='1.0' encoding='utf-16'?>",
    b"<?xml version='1.0' encoding='utf-7'?>",
    b"<xml>",
    b"</xml>",
    b"<MsgType>event</MsgType>",
    b"<Event>subscribe</Event>",
    b"<Encrypt>AAAA</Encrypt>",
    b"<CreateTime>99999999999999999999</CreateTime>",
    b"<Location_X>nan</Location_X>",
    b"\x00",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"<a>" * 3_000,
    b"<a b='c' b='d'/>",
    b"[" * 3_000,
    b'{"a":' * 3_000,
    b"9" * 5_000,
    b'"\\ud800"',
    b"1e999",
    b"null",
    b"A" * 20_000,
)


@dataclass(frozen=True)
class Edit:
    """At `at` of the body (a share of its length) `cut` bytes give way to `put`."""

    at: float
    cut: int
    put: bytes

    def of(self, body: bytes) -> bytes:
        start = int(self.at * len(body))
        return body[:start] + self.put + body[start + self.cut :]


EDITS = st.lists(
    st.builds(
        Edit,
        st.floats(0.0, 1.0),
        st.integers(0, 60),
        st.one_of(st.sampled_from(FRAGMENTS), st.binary(max_size=12)),
    ),
    min_size=1,
    max_size=4,
)


class Door:
    """A served account, and a platform that signs whatever it is given."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.gateway = RecordingGateway(self.clock, Answer("已收到。"))
        self._signatures = itertools.count(1)

    async def open(self) -> None:
        deps = ChannelDependencies(self.gateway, MemoryStore(self.clock), self.clock)
        options = {"token": TOKEN, "app_id": "wx0000000000000001", "app_secret": "unused"}
        options |= {"encoding_aes_key": KEY, "accept_plain": True}
        app = web.Application()
        app.add_routes(create(Account("town", "wechat", options), deps).routes())
        self._runner = web.AppRunner(app, access_log=None, auto_decompress=False)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/channels/wechat/town"
        self._http = ClientSession(timeout=ClientTimeout(total=30))

    async def close(self) -> None:
        await self._http.close()
        await self._runner.cleanup()

    def wechat(self, format_: str, *, encrypted: bool) -> Wechat:
        key = KEY if encrypted else ""
        platform = FakePlatform(clock=self.clock)
        return Wechat(platform, self.url, TOKEN, format=format_, aes_key=key)

    async def post(self, wechat: Wechat, body: bytes) -> int:
        wechat._nonces = self._signatures
        url, sealed = wechat.request(body)
        async with self._http.post(url, data=sealed) as response:
            await response.read()
            return response.status


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[asyncio.Runner, Door]]:
    """One server for all examples."""
    with asyncio.Runner() as runner:
        door = Door()
        runner.run(door.open())
        yield runner, door
        runner.run(door.close())


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(EDITS, st.sampled_from(("xml", "json")), st.booleans())
@example([Edit(0.0, 0, FRAGMENTS[1])], "xml", False)
@example([Edit(0.0, 0, b"<?xml version='1.0' encoding='utf-16'?>")], "xml", True)
@example([Edit(0.5, 0, b"<a>" * 3_000)], "xml", False)
@example([Edit(0.0, 1000, b"[" * 30_000)], "json", True)
@example([Edit(0.0, 1000, b'{"MsgId":' + b"9" * 5_000 + b"}")], "json", False)
def test_a_mutated_body_is_taken_or_refused(
    running: tuple[asyncio.Runner, Door], edits: list[Edit], format_: str, encrypted: bool
) -> None:
    runner, door = running
    wechat = door.wechat(format_, encrypted=encrypted)
    body = wechat.body(OPENID, CONTENT)
    for edit in edits:
        body = edit.of(body)
    before = len(door.gateway.accepts)
    status = runner.run(door.post(wechat, body))
    assert status == 200 or 400 <= status < 500
    assert len(door.gateway.accepts) - before == (status == 200)
    if status == 200 and format_ == "xml":
        assert b"<!DOCTYPE" not in body.split(b"<xml", 1)[0]


def test_entities_of_ones_own_are_never_resolved(
    running: tuple[asyncio.Runner, Door],
) -> None:
    runner, door = running
    wechat = door.wechat("xml", encrypted=False)
    whole = wechat.body(OPENID, CONTENT)
    bomb = b'<!DOCTYPE xml [<!ENTITY a "%b"><!ENTITY b "%b">]>' % (b"ha" * 500, b"&a;" * 500)
    for hostile in (
        bomb + whole.replace("路灯坏了".encode(), b"&b;"),
        whole.replace(b"<xml>", b"<xml>" + bomb).replace("路灯坏了".encode(), b"&b;"),
        whole.replace("路灯坏了".encode(), b"&b;"),
    ):
        assert runner.run(door.post(wechat, hostile)) == 400
