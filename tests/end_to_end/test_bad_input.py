"""What no well-behaved provider or browser sends, against the running app: a 4xx or a polite
answer, never a 500, nothing lost, and no word of it in the log."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import (
    ClientOSError,
    ClientSession,
    ClientTimeout,
    ServerDisconnectedError,
    TCPConnector,
)
from sqlalchemy import select

from backend.conversation.tables import address, message
from tests.end_to_end.conftest import OpenTown
from tests.end_to_end.town import Follower, Town, until

OPENID = "oMarkerOpenidZzQx7"
PHONE = "13766554433"
WORDS = "标记之词龘靐"
MARKERS = (OPENID, PHONE, WORDS)
KEY = "bad-input-test-key-0123456789"
LIMIT = 65_536
SECONDS = 30.0
FUZZED = 150


@dataclass(frozen=True)
class Bad:
    """One request; `path` may hold a query. `cut`: the app need not read it to its end, so its
    answer may be lost with the connection."""

    name: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] | None = None
    method: str = "POST"
    signed: bool = False
    cut: bool = False


WECHAT = "/channels/wechat/town"
SMS = f"/channels/sms/text/mo?key={KEY}"
LOGIN = "/api/v1/session"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def xml(inner: str, encoding: str = "utf-8") -> bytes:
    sender = f"<ToUserName>gh_1</ToUserName><FromUserName>{OPENID}</FromUserName>"
    return f"<xml>{sender}{inner}</xml>".encode(encoding, "surrogatepass")


TEXT = (
    f"<MsgType>text</MsgType><MsgId>1</MsgId><CreateTime>1</CreateTime><Content>{WORDS}</Content>"
)
BILLION = (
    '<!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;">]>'
)
REFUSED = (
    Bad("unsigned", WECHAT, xml(TEXT)),
    Bad("wrongly signed", f"{WECHAT}?signature={'0' * 40}&timestamp=1&nonce=2", xml(TEXT)),
    Bad("unsigned GET", f"{WECHAT}?echostr={quote(WORDS)}", method="GET"),
    Bad("empty", WECHAT, b"", signed=True),
    Bad("no XML", WECHAT, f"{OPENID} {WORDS}".encode(), signed=True),
    Bad("cut off", WECHAT, xml(TEXT)[:-9], signed=True),
    Bad("no sender", WECHAT, f"<xml>{TEXT}</xml>".encode(), signed=True),
    Bad("entities", WECHAT, BILLION.encode() + xml("<Content>&c;</Content>"), signed=True),
    Bad("GB 18030 said to be UTF-8", WECHAT, xml(TEXT, "gb18030"), signed=True),
    Bad("a lone surrogate's bytes", WECHAT, xml(TEXT.replace("标", "\ud800")), signed=True),
    Bad("JSON that nests", WECHAT, b"[" * 30_000, signed=True),
    Bad("oversized XML", WECHAT, xml(TEXT + "<a>" + WORDS * 10_000 + "</a>"), signed=True,
        cut=True),
    Bad("over the app's limit", "/console/login", b"login=" + b"a" * (LIMIT + 1), FORM, cut=True),
    Bad("broken gzip", WECHAT, b"\x1f\x8b\x08\x00" + WORDS.encode(), {"Content-Encoding": "gzip"},
        signed=True),
    Bad("gzip", WECHAT, gzip.compress(xml(TEXT)), {"Content-Encoding": "gzip"}, signed=True),
    Bad("broken gzip at the API", LOGIN, b"\x1f\x8b\x08\x00xx",
        {**JSON, "Content-Encoding": "gzip"}),
    Bad("unknown method", WECHAT, xml(TEXT), method="BREW"),
    Bad("SMS without key", "/channels/sms/text/mo?id=1", WORDS.encode("utf-16-be")),
    Bad("SMS with a wrong key", f"/channels/sms/text/mo?key={quote(WORDS)}&id=1"),
    Bad("SMS without sender", f"{SMS}&id=1", WORDS.encode("utf-16-be")),
    Bad("SMS from no number", f"{SMS}&id=1&from={quote(WORDS)}&text=x", method="GET"),
    Bad("DLR without id", f"/channels/sms/text/dlr?key={KEY}&type=1"),
    Bad("DLR of a huge id", f"/channels/sms/text/dlr?key={KEY}&type=1&id={'9' * 40}"),
    Bad("no JSON", LOGIN, f"{PHONE} {WORDS}".encode(), JSON),
    Bad("JSON that nests at the API", LOGIN, b"[" * 30_000, JSON),
    Bad("JSON in UTF-16", LOGIN, json.dumps({"login": WORDS}).encode("utf-16"), JSON),
    Bad("lone surrogates", LOGIN, b'{"login": "\\ud800", "password": "\\udfff"}', JSON),
    Bad("NUL", LOGIN, b'{"login": "a\\u0000b", "password": "x"}', JSON),
    Bad("unknown fields", LOGIN, json.dumps({"login": PHONE, "x": WORDS}).encode(), JSON),
    Bad("a form at the API", LOGIN, f"login={PHONE}".encode(), FORM),
    Bad("a log-in of NUL", "/console/login", b"login=a%00b&password=%00", FORM),
    Bad("multipart without end", "/console/login",
        b'--x\r\nContent-Disposition: form-data; name="login"\r\n\r\n',
        {"Content-Type": "multipart/form-data; boundary=x"}),
    Bad("a form in no known charset", "/console/login", b"login=x",
        {"Content-Type": "application/x-www-form-urlencoded; charset=klingon"}),
    Bad("multipart without boundary", "/console/login", b"--x",
        {"Content-Type": "multipart/form-data"}),
    Bad("broken gzip at the log-in", "/console/login", b"\x1f\x8b\x08\x00xx",
        {**FORM, "Content-Encoding": "gzip"}),
    Bad("no such page", f"/console/{quote(WORDS)}/%00/%ff", method="GET"),
    Bad("no such petition", "/api/v1/petitions/%ed%a0%80", method="GET"),
    Bad("no such account", "/channels/wechat/nobody", xml(TEXT)),
    Bad("a broken cookie", "/api/v1/me", method="GET",
        headers={"Cookie": f"xiangyin_session={quote(WORDS)}"}),
)  # fmt: skip


@pytest.fixture
async def town(sqlite_database_url: str, open_town: OpenTown) -> AsyncIterator[Town]:
    sms = {
        "CHANNEL": "sms", "SENDSMS_URL": "http://127.0.0.1:9/cgi-bin/sendsms", "USERNAME": "x",
        "PASSWORD": "y", "SENDER": "10690001", "CALLBACK_URL": "http://127.0.0.1:9", "KEY": KEY,
    }  # fmt: skip
    settings = {f"XIANGYIN_ACCOUNTS__TEXT__{name}": value for name, value in sms.items()}
    settings |= {"XIANGYIN_LOG_LEVEL": "debug", "XIANGYIN_MAX_REQUEST_BYTES": str(LIMIT)}
    async with open_town(sqlite_database_url, settings) as town:
        yield town


async def test_it_is_refused_or_answered_and_nothing_is_told_to_the_log(town: Town) -> None:
    citizen = Follower(town, f"{OPENID}-well")
    assert await citizen.say("你好")
    async with ClientSession(
        timeout=ClientTimeout(total=SECONDS), connector=TCPConnector(force_close=True)
    ) as http:
        for bad in REFUSED:
            try:
                status, body = await send(http, town, bad)
            except (ClientOSError, ServerDisconnectedError):
                assert bad.cut, f"{bad.name}: no answer"
                continue
            assert 400 <= status < 500, f"{bad.name}: {status}"
            assert WORDS not in body, f"{bad.name}: said back"
            assert "Traceback" not in body, bad.name
    for line in unreadable_requests():
        first = await raw(town, line)
        assert first == b"" or first.split()[1][:1] == b"4", (line[:40], first[:80])
    await odd_but_acceptable(town)
    await noise(town)
    assert await citizen.say("你好"), "as well as before"
    async with ClientSession() as http, http.get(f"{town.url}/health") as response:
        assert response.status == 200
    check_log(town)


async def send(http: ClientSession, town: Town, bad: Bad) -> tuple[int, str]:
    url = town.url + bad.path
    if bad.signed:
        url = str(town.callback.signed_url())
    async with http.request(
        bad.method, url, data=bad.body or None, headers=bad.headers, allow_redirects=False,
        auto_decompress=False,
    ) as response:  # fmt: skip
        return response.status, (await response.read()).decode("utf-8", "replace")


def unreadable_requests() -> list[bytes]:
    """Requests no HTTP server can read; '' or a 4xx comes back."""
    words = WORDS.encode()
    return [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + words + b"\r\n\r\n",  # TLS
        b"GET /" + words + b" " + PHONE.encode() + b" HTTP/9.9\r\n\r\n",
        b"GET /?phone=" + PHONE.encode() + b" HTTP/1.1\r\nbad header " + words + b"\r\n\r\n",
        b"POST " + WECHAT.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n" + words,
        b"POST " + WECHAT.encode() + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz"
        + words + b"\r\n\r\n",
        b"GET /" + words * 3000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + words * 3000 + b"\r\n\r\n",
        words + b"\x00\x00\r\n\r\n",
    ]  # fmt: skip


async def raw(town: Town, data: bytes) -> bytes:
    """The first line of what comes back, b'' where the connection is just closed."""
    async with asyncio.timeout(SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", town.port)
        try:
            writer.write(data)
            await writer.drain()
            writer.write_eof()
            return await reader.readline()
        except ConnectionError:
            return b""
        finally:
            writer.close()


async def odd_but_acceptable(town: Town) -> None:
    """Strange, but a message of a citizen: it is kept, and answered by words."""
    odd: dict[str, dict[str, str]] = {
        "nul": {"MsgType": "text", "Content": f"{WORDS}\0。"},
        "surrogate": {"MsgType": "text", "Content": f"{WORDS}\ud83d。"},
        "unknown": {"MsgType": "hologram", "Content": WORDS},
        "blank": {"MsgType": "text", "Content": " \u200b\n"},
        "long": {"MsgType": "text", "Content": WORDS * 1000},
    }
    town.callback.format = "json"
    for name, content in odd.items():
        follower = Follower(town, f"{OPENID}-{name}")
        body = json.dumps(
            {"ToUserName": "gh_1", "FromUserName": follower.openid, "CreateTime": 1,
             "MsgId": f"9{len(name)}{sum(map(ord, name))}", **content}
        ).encode()  # fmt: skip
        async with (
            ClientSession(timeout=ClientTimeout(total=SECONDS)) as http,
            http.post(town.callback.signed_url(), data=body) as response,
        ):
            answer = await response.read()
            assert response.status == 200, name
        # Nobody says anything to a type WeChat has not invented yet; it is only kept.
        if answer in (b"", b"success") and name != "unknown":
            await until(lambda follower=follower: bool(follower.seen), f"a push ({name})")  # type: ignore[misc]
        assert len(await kept(town, follower.openid)) == 1, f"{name}: lost"
    town.callback.format = "xml"
    async with (
        ClientSession(timeout=ClientTimeout(total=SECONDS)) as http,
        http.post(
            f"{town.url}{SMS}&id=m1",
            data=WORDS.encode("utf-16-be") + b"\xd8\x3d\x00\x00",
            headers={"X-Kannel-From": PHONE, "X-Kannel-To": "10690001", "X-Kannel-Coding": "2",
                     "X-Kannel-Charset": "UTF-16BE", "X-Kannel-ID": "m1"},
        ) as response,
    ):  # fmt: skip
        assert response.status == 200, await response.text()
    assert len(await kept(town, PHONE)) == 1


async def kept(town: Town, who: str) -> list[str]:
    async with town.database.read() as connection:
        rows = await connection.execute(
            select(message.c.text)
            .join(address, address.c.id == message.c.address_id)
            .where(address.c.external_id == who)
        )
        return [str(row.text) for row in rows]


async def noise(town: Town) -> None:
    """Signed bodies with bytes changed, dropped and doubled at random (the same each run)."""
    dice = random.Random(20261123)
    good = xml(TEXT)
    seen: dict[int, int] = {}
    async with ClientSession(timeout=ClientTimeout(total=SECONDS)) as http:
        for _ in range(FUZZED):
            body = bytearray(good)
            for _ in range(dice.randint(1, 6)):
                at = dice.randrange(len(body))
                body[at : at + dice.randint(0, 3)] = dice.randbytes(dice.randint(0, 3))
            async with http.post(town.callback.signed_url(), data=bytes(body)) as response:
                await response.read()
                seen[response.status] = seen.get(response.status, 0) + 1
    assert not [status for status in seen if status >= 500], seen
    assert seen.get(400, 0) > FUZZED // 3, seen


def check_log(town: Town) -> None:
    """None of it, in no coding a log could have it in."""
    log = town.log.read_bytes()
    assert log.count(b"\n") > len(REFUSED) // 4, "the log is not what it was"
    assert b"Traceback" not in log, log[-3000:]
    assert b'"level": "error"' not in log, log[-3000:]
    for marker in MARKERS:
        for shape in shapes(marker):
            assert shape not in log, f"{shape!r} stands in the log"


def shapes(marker: str) -> set[bytes]:
    found: set[Any] = {
        marker.encode(),
        quote(marker).encode(),
        quote(marker).lower().encode(),
        json.dumps(marker)[1:-1].encode(),
        repr(marker.encode())[2:-1].encode(),
        repr(marker.encode("gb18030"))[2:-1].encode(),
    }
    return found
