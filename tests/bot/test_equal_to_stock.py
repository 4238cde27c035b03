"""The engine does what stock Rasa does: the same random conversations through stock `Agent`,
its in-memory tracker store and a rasa-sdk action server over HTTP, event by event."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.engine import Engine
from bot.turn_request import check_turn_request
from tests.bot.comparison import what_happened
from tests.bot.turns import ROOT, RandomCitizen

CONVERSATIONS = 52
TURNS = 20
PIECES = 4
START_SECONDS = 90


class StockRasa:
    """Stock Rasa and its action server, running."""

    def __init__(self, model: Path, port: int) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._actions = subprocess.Popen(
            [sys.executable, "-m", "rasa_sdk", "--actions", "actions", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        url = f"http://127.0.0.1:{port}"
        self._rasa = subprocess.Popen(
            [sys.executable, "-m", "tests.bot.stock_rasa", str(model), f"{url}/webhook"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        _wait_for(f"{url}/health")

    def turn(self, sender: str, request: dict[str, Any]) -> dict[str, Any]:
        assert self._rasa.stdin is not None
        assert self._rasa.stdout is not None
        self._rasa.stdin.write(json.dumps({"sender": sender, "request": request}) + "\n")
        self._rasa.stdin.flush()
        answer = self._rasa.stdout.readline()
        assert answer, "stock Rasa ended"
        return dict(json.loads(answer))

    def stop(self) -> None:
        for process in (self._rasa, self._actions):
            process.terminate()
            process.wait(timeout=20)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


@pytest.fixture(scope="module")
def stock(model: Path, free_port: Callable[[], int]) -> Iterator[StockRasa]:
    running = StockRasa(model, free_port())
    try:
        yield running
    finally:
        running.stop()


@pytest.mark.parametrize("piece", range(PIECES))
async def test_same_replies_and_events(piece: int, engine: Engine, stock: StockRasa) -> None:
    turns = 0
    for seed in range(piece, CONVERSATIONS, PIECES):
        citizen = RandomCitizen(seed)
        response: dict[str, Any] | None = None
        for number in range(TURNS):
            body = citizen.next_body(response)
            expected = stock.turn(f"s{seed}", body)
            # The state makes the round by JSON at each turn, as between app and bot.
            body["state"] = response["state"] if response else None
            request = check_turn_request(body)
            happened = what_happened((await engine.make_turn(request)).tracker)
            assert json.loads(json.dumps(happened)) == expected, f"seed {seed}, turn {number}"
            response = json.loads(json.dumps(await engine.turn(request)))
            turns += 1
    assert turns * PIECES >= 1000
