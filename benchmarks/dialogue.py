"""`make bench-dialogue`: turns per second of the bot against stock Rasa, over HTTP.

Three servers have the same domain, rules, examples and actions: our bot, stock `rasa run` with
JiebaTokenizer and DIET (a), stock `rasa run` with our linear classifier (b); both stock ones ask a
stock action server. They are measured in turn, several rounds, each alone under load, so that what
else the machine does falls on all alike; the figures are medians of the rounds.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks import stock_rasa
from benchmarks.load import Measured, closed_loop
from benchmarks.processes import PROJECT, bot_command, free_port, ready, resident_mib, running
from benchmarks.report import Cell, Target, finish, percentile

CONNECTIONS = 8
CONVERSATIONS = 48
TURNS = 8
ROUNDS = 3
NOW = "2026-11-23T09:00:00+08:00"
CONTEXT: dict[str, Any] = {
    "petitions": [{"number": "20261123-0001-1", "title": "路灯不亮", "state": "dispatched"}],
    "prompt": None,
    "home_place": None,
    "opted_out": False,
    "survey": None,
}


@dataclass(frozen=True)
class Talk:
    """What the citizens of one measurement say, over and over, and what the first answer has."""

    name: str
    says: tuple[str, ...]
    expected: str


SIMPLE = Talk("simple", ("你好", "谢谢"), "greet")
ACTION = Talk("action", ("我的诉求办到哪一步了", "帮我查一下进度"), "show_progress")
TALKS = (SIMPLE, ACTION)


@dataclass
class Server:
    """One of the compared. `requests` gives a round's requests, a conversation's turns never
    next to each other; `rounds` what was measured, by talk."""

    name: str
    port: int
    pids: tuple[int, ...]
    requests: Callable[[Talk, str], list[bytes]]
    rounds: dict[str, list[Measured]] = field(default_factory=dict)


def message(text: str, number: int) -> dict[str, Any]:
    return {
        "kind": "text",
        "text": text,
        "ids": [number],
        "media": 0,
        "choice": None,
        "event": None,
        "internal": None,
    }


def http(path: str, body: dict[str, Any]) -> bytes:
    content = json.dumps(body, ensure_ascii=False).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content


def stock_body(talk: Talk, sender: str, number: int) -> dict[str, Any]:
    text = talk.says[number % len(talk.says)]
    metadata = {
        "turn_id": f"{sender}-{number}",
        "channel": "wechat",
        "now": NOW,
        "message": message(text, number),
        "context": CONTEXT,
    }
    return {"sender": sender, "message": text, "metadata": metadata}


def stock_requests(talk: Talk, round_name: str) -> list[bytes]:
    return [
        http("/webhooks/rest/webhook", stock_body(talk, f"{round_name}-{citizen}", number))
        for number in range(TURNS)
        for citizen in range(CONVERSATIONS)
    ]


async def play_once(port: int, talk: Talk) -> list[dict[str, Any]]:
    """A conversation with our bot: its requests, each with the state of the answer before. The
    bot is a pure function, so each citizen's conversation is this one."""
    bodies: list[dict[str, Any]] = []
    state = None
    async with aiohttp.ClientSession() as session:
        for number in range(TURNS):
            body = {
                "schema": 1,
                "turn_id": str(number),
                "channel": "wechat",
                "now": NOW,
                "state": state,
                "message": message(talk.says[number % len(talk.says)], number),
                "entities": [],
                "context": CONTEXT,
            }
            async with session.post(f"http://127.0.0.1:{port}/turn", json=body) as answer:
                answered = await answer.json()
            bodies.append(body)
            state = answered["state"]
            if number == 0:
                check(talk, answered["replies"] + answered["effects"])
    return bodies


async def check_stock(port: int, talk: Talk) -> None:
    url = f"http://127.0.0.1:{port}/webhooks/rest/webhook"
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json=stock_body(talk, "check", 0)) as answer,
    ):
        check(talk, await answer.json())


def check(talk: Talk, answered: Any) -> None:
    if talk.expected not in json.dumps(answered):
        raise RuntimeError(f"{talk.name}: expected {talk.expected}, got {answered}")


async def our_server(port: int, pid: int) -> Server:
    await ready(f"http://127.0.0.1:{port}/health")
    played = {talk.name: await play_once(port, talk) for talk in TALKS}

    def requests(talk: Talk, _: str) -> list[bytes]:
        return [http("/turn", body) for body in played[talk.name] for _ in range(CONVERSATIONS)]

    return Server("Xiangyin", port, (pid,), requests)


async def stock_server(name: str, stock: stock_rasa.StockRasa) -> Server:
    await stock_rasa.stock_ready(stock)
    for talk in TALKS:
        await check_stock(stock.port, talk)
    return Server(name, stock.port, stock.pids, stock_requests)


async def measure(servers: Sequence[Server]) -> None:
    for number in range(ROUNDS):
        for talk in TALKS:
            for server in servers:
                requests = server.requests(talk, f"{talk.name}{number}")
                measured = await closed_loop(server.port, requests, CONNECTIONS)
                if measured.refused:
                    raise RuntimeError(f"{server.name}: {measured.refused} turns refused")
                server.rounds.setdefault(talk.name, []).append(measured)
                print(f"{talk.name} {server.name}: {measured.per_second:.0f}/s", flush=True)


def per_second(server: Server, talk: Talk) -> float:
    return statistics.median(each.per_second for each in server.rounds[talk.name])


def row(server: Server, talk: Talk, ours: Server) -> dict[str, Cell]:
    latencies = [one for each in server.rounds[talk.name] for one in each.latencies]
    return {
        "turns": talk.name,
        "server": server.name,
        "turns/s": round(per_second(server, talk), 1),
        "p50 ms": round(percentile(latencies, 50) * 1000, 2),
        "p95 ms": round(percentile(latencies, 95) * 1000, 2),
        "Xiangyin is × faster": round(ratio(ours, server, talk), 2),
        "MiB": round(sum(map(resident_mib, server.pids))),
    }


def ratio(ours: Server, other: Server, talk: Talk) -> float:
    """Median over the rounds of both measured one after the other."""
    pairs = zip(ours.rounds[talk.name], other.rounds[talk.name], strict=True)
    return statistics.median(a.per_second / b.per_second for a, b in pairs)


def main() -> int:
    stock_rasa.install()
    subprocess.run([bot_command(0)[0], "-m", "bot", "train"], cwd=PROJECT, check=True)
    trained = (PROJECT / "bot/models").glob("*.tar.gz")
    linear = max(trained, key=lambda path: path.stat().st_mtime)
    return asyncio.run(compare(stock_rasa.diet_model(), linear))


async def compare(diet: Path, linear: Path) -> int:
    """Exit code: 0 where every target was met."""
    with ExitStack() as stack:
        port = free_port()
        log = stock_rasa.FOLDER / "bot.log"
        ours_pid = stack.enter_context(running(bot_command(port), {}, log))
        actions = stack.enter_context(stock_rasa.action_server())
        with_diet = stack.enter_context(stock_rasa.stock_rasa(diet, actions))
        with_linear = stack.enter_context(stock_rasa.stock_rasa(linear, actions))
        servers = [
            ours := await our_server(port, ours_pid),
            a := await stock_server("stock Rasa, DIET (a)", with_diet),
            b := await stock_server("stock Rasa, linear (b)", with_linear),
        ]
        await measure(servers)
        rows = [row(server, talk, ours) for talk in TALKS for server in servers]
    targets = [
        Target("simple turns, times (a)", ratio(ours, a, SIMPLE), at_least=6),
        Target("simple turns, times (b)", ratio(ours, b, SIMPLE), at_least=1.5),
        Target("turns with an action, times (a)", ratio(ours, a, ACTION), at_least=8),
        Target("turns with an action, times (b)", ratio(ours, b, ACTION), at_least=8),
    ]
    figures = {
        "simple_turns_per_second": per_second(ours, SIMPLE),
        "action_turns_per_second": per_second(ours, ACTION),
        **{target.name: target.measured for target in targets},
    }
    settings = {
        "connections": CONNECTIONS,
        "conversations": CONVERSATIONS,
        "turns": TURNS,
        "rounds": ROUNDS,
        "diet_epochs": stock_rasa.DIET_EPOCHS,
    }
    return finish("dialogue", rows, targets, figures=figures, settings=settings)


if __name__ == "__main__":
    sys.exit(main())
