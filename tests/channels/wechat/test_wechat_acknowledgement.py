"""`success` as ready bytes: what comes over the wire is what aiohttp would have sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from channels.wechat.acknowledgement import acknowledgement

PUSH = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"


async def _handle(request: web.Request) -> web.StreamResponse:
    await request.read()
    return acknowledgement(request)


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    app = web.Application()
    app.router.add_post("/", _handle)
    server = TestServer(app)
    await server.start_server()
    yield server
    await server.close()


async def _until_closed(server: TestServer, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(server.host, server.port)
    try:
        writer.write(request)
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


async def test_a_client_reads_success(server: TestServer) -> None:
    async with aiohttp.ClientSession() as http:
        for _ in range(3):
            async with http.post(server.make_url("/"), data=b"hi") as response:
                assert response.status == 200
                assert response.content_type == "text/plain"
                assert response.charset == "utf-8"
                assert response.content_length == 7
                assert await response.read() == b"success"
        assert server.runner.server is not None
        assert len(server.runner.server.connections) == 1, "one connection served all"


async def test_the_date_goes_on(monkeypatch: pytest.MonkeyPatch, server: TestServer) -> None:
    dates = []
    for now in (1_764_230_000.9, 1_764_230_001.0):
        monkeypatch.setattr("channels.wechat.acknowledgement.time.time", lambda now=now: now)
        async with (
            aiohttp.ClientSession() as http,
            http.post(server.make_url("/"), data=b"hi") as response,
        ):
            dates.append(response.headers["Date"])
    assert dates == ["Thu, 27 Nov 2025 07:53:20 GMT", "Thu, 27 Nov 2025 07:53:21 GMT"]


async def test_requests_sent_ahead_are_answered_one_by_one(server: TestServer) -> None:
    last = PUSH.replace(b"Host: x", b"Host: x\r\nConnection: close")
    answers = await _until_closed(server, PUSH + PUSH + last)
    assert answers.count(b"HTTP/1.1 200 OK\r\n") == 3
    assert answers.count(b"\r\n\r\nsuccess") == 3
    assert answers.count(b"Connection: close") == 1


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (PUSH.replace(b"Host: x", b"Host: x\r\nConnection: close"), b"Connection: close"),
        (PUSH.replace(b"HTTP/1.1", b"HTTP/1.0"), b"HTTP/1.0 200 OK"),
    ],
    ids=["the client closes", "HTTP/1.0"],
)
async def test_a_connection_that_is_to_end_ends(
    request_: bytes, said: bytes, server: TestServer
) -> None:
    answer = await _until_closed(server, request_)
    assert said in answer
    assert answer.endswith(b"\r\n\r\nsuccess")


async def test_an_old_client_may_keep_its_connection(server: TestServer) -> None:
    old = PUSH.replace(b"HTTP/1.1\r\n", b"HTTP/1.0\r\nConnection: keep-alive\r\n")
    answers = await _until_closed(server, old + PUSH.replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert answers.startswith(b"HTTP/1.0 200 OK\r\n")
    assert b"Connection: keep-alive\r\n" in answers
    assert answers.count(b"\r\n\r\nsuccess") == 2


async def test_who_has_gone_is_no_error(
    server: TestServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody is there to read: aiohttp hears of it as of any lost connection."""
    gone = asyncio.Event()
    lost: list[BaseException] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        await request.read()
        assert request.transport is not None
        request.transport.abort()
        response = acknowledgement(request)
        try:
            await response.prepare(request)
        except ConnectionError as error:
            lost.append(error)
        gone.set()
        return response

    app = web.Application()
    app.router.add_post("/", handle)
    async with TestServer(app) as other:
        await _until_closed(other, PUSH)
        await asyncio.wait_for(gone.wait(), 10)
    assert lost
    assert not caplog.records
