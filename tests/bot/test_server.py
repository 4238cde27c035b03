"""The front: two routes, clear refusals, a socket of our own, a clean end."""

from __future__ import annotations

import asyncio
import json
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.engine import Engine
from bot.server import Front
from bot.turn_request import LARGEST_BODY
from tests.bot.turns import ROOT, turn_body

START_SECONDS = 90


@pytest.fixture
async def client(engine: Engine) -> AsyncIterator[TestClient[Any, Any]]:
    async with TestClient(TestServer(Front(engine).application())) as client:
        yield client


async def test_turn_and_health(client: TestClient[Any, Any], engine: Engine) -> None:
    answer = await client.post("/turn", json=turn_body("你好"))
    assert answer.status == 200
    assert (await answer.json())["replies"] == [{"key": "greet", "params": {}}]
    health = await (await client.get("/health")).json()
    assert health["ok"] is True
    assert health["model"] == engine.model_id
    assert health["turns"] == 1
    assert health["uptime"] >= 0


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", 400, "not JSON"),
        (b"{", 400, "not JSON"),
        (b"{}", 400, "must contain"),
        (json.dumps(turn_body(kind="telepathy")).encode(), 400, "body.message.kind"),
        (json.dumps(turn_body(state={"v": 9})).encode(), 400, "unknown version"),
        (json.dumps(turn_body(choice="/no_such_intent")).encode(), 400, "body.message.choice"),
        (b" " * (LARGEST_BODY + 1), 413, ""),
    ],
)
async def test_bad_input(
    client: TestClient[Any, Any], body: bytes, status: int, reason: str
) -> None:
    answer = await client.post("/turn", data=body)
    assert answer.status == status
    assert reason in await answer.text()
    assert (await (await client.get("/health")).json())["turns"] == 0


async def test_a_failed_turn_is_a_500_that_tells_where_not_what(
    client: TestClient[Any, Any],
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: Any) -> None:
        raise ValueError("下水道堵了")

    monkeypatch.setitem(engine._actions._executor.actions, "action_show_progress", broken)
    answer = await client.post("/turn", json=turn_body("1", choice="/check_progress"))
    assert answer.status == 500
    assert "action_show_progress: ValueError" in (await answer.json())["error"]
    assert "下水道" not in await answer.text()
    assert "下水道" not in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/turn", 405),
        ("POST", "/health", 405),
        ("GET", "/webhooks/rest/webhook", 404),
        ("POST", "/model/train", 404),
        ("GET", "/conversations/1/tracker", 404),
    ],
)
async def test_nothing_else_is_offered(
    client: TestClient[Any, Any], method: str, path: str, status: int
) -> None:
    assert (await client.request(method, path)).status == status


@pytest.fixture
def served(model: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    # Paths of Unix sockets are limited to 107 bytes; pytest's folders can be longer.
    with tempfile.TemporaryDirectory(prefix="bot-") as folder:
        socket = Path(folder) / "run" / "bot.sock"
        socket.parent.mkdir()
        socket.write_text("left behind", encoding="utf-8")
        command = [sys.executable, "-m", "bot", "serve", "--socket", str(socket)]
        process = subprocess.Popen(
            [*command, "--model", str(model)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            deadline = time.monotonic() + START_SECONDS
            while not socket.is_socket():
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
            yield process, socket
        finally:
            process.kill()
            process.wait()


async def test_serves_a_private_socket_and_drains_on_sigterm(
    served: tuple[subprocess.Popen[str], Path],
) -> None:
    process, socket = served
    assert stat.S_IMODE(socket.stat().st_mode) == 0o600
    body = json.dumps(turn_body("你好" * 200)).encode()
    head = f"POST /turn HTTP/1.1\r\nHost: bot\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    reader, writer = await asyncio.open_unix_connection(str(socket))
    writer.write(head + body[:100])
    connector = aiohttp.UnixConnector(str(socket))
    # Answered after the half turn above has arrived, so that one is under way by now.
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.get("http://bot/health") as answer,
    ):
        assert answer.status == 200
    process.send_signal(signal.SIGTERM)
    while socket.exists() and await _connects(socket):
        await asyncio.sleep(0.02)
    writer.write(body[100:])
    assert b"200 OK" in await asyncio.wait_for(reader.readline(), timeout=20)
    assert b"replies" in await asyncio.wait_for(reader.read(), timeout=20)
    writer.close()
    output, _ = await asyncio.to_thread(process.communicate, timeout=20)
    assert process.returncode == 0
    assert not socket.exists()
    assert "你好" not in output


async def _connects(socket: Path) -> bool:
    try:
        _, writer = await asyncio.open_unix_connection(str(socket))
    except OSError:
        return False
    writer.close()
    return True


def test_refuses_to_be_public() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "bot", "serve", "--port", "0", "--host", "0.0.0.0"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 1
    assert "loopback" in ended.stderr
