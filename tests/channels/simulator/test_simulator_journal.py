"""What was said survives crashes, other processes and repeats."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from conftest import Serve
from hypothesis import given
from hypothesis import strategies as st
from ports_in_memory import RecordingGateway

from backend.ports import Account, ChannelDependencies, Outbound, Rejected, Retry, Sent
from channels.simulator import SimulatorChannel, create
from channels.simulator.decode import BadMessage, decode_citizen, decode_message
from channels.simulator.journal import MESSAGES_KEPT, Journal
from channels.simulator.options import Persona

ZHANG = "sim-zhang-guilan"
JSON = {"Content-Type": "application/json"}


def out(outbox_id: int, address: str = ZHANG, text: str = "您好") -> dict[str, Any]:
    return {"type": "out", "address": address, "outbox_id": outbox_id, "text": text, "at": "x"}


def make(folder: Path, deps: ChannelDependencies, persona: str = "wechat") -> SimulatorChannel:
    options = {"persona": persona, "folder": str(folder)}
    return create(Account(f"simulator-{persona}", "simulator", options), deps)


def test_a_restart_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    first = Journal(tmp_path / "a.jsonl")
    assert first.append(out(1))
    assert first.append(out(2))
    assert not first.append(out(1))
    again = Journal(tmp_path / "a.jsonl")
    assert not again.append(out(2))
    assert again.append(out(3))
    assert [m["outbox_id"] for m in again.messages(ZHANG)] == [1, 2, 3]


def test_a_torn_line_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    Journal(path).append(out(1))
    with path.open("ab") as file:
        file.write(b'{"type": "out", "address": "sim-zh')
    journal = Journal(path)
    assert journal.append(out(2))
    assert [m["outbox_id"] for m in Journal(path).messages(ZHANG)] == []  # not read yet
    again = Journal(path)
    again.refresh()
    assert [m["outbox_id"] for m in again.messages(ZHANG)] == [1, 2]


def test_lines_that_are_no_records_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'\xff\n[]\n7\n{}\n\n{"type": "pigeon", "address": "a"}\nnull\n')
    journal = Journal(path)
    assert journal.refresh() == 7
    assert journal.append(out(1))
    assert [m["outbox_id"] for m in journal.messages(ZHANG)] == [1]


def test_memory_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [json.dumps(out(n)) for n in range(MESSAGES_KEPT + 50)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    journal = Journal(path)
    journal.refresh()
    kept = journal.messages(ZHANG)
    assert len(kept) == MESSAGES_KEPT
    assert not journal.append(out(0))  # forgotten on the screen, still not shown twice


def _write(path: str, first: int, count: int) -> None:
    journal = Journal(Path(path))
    for n in range(first, first + count):
        journal.append(out(n))


def test_two_processes_share_one_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    context = multiprocessing.get_context("spawn")
    # the ranges overlap: 50 ids are offered by both
    writers = [context.Process(target=_write, args=(str(path), n, 100)) for n in (0, 50)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    ids = [json.loads(line)["outbox_id"] for line in path.read_text().splitlines()]
    assert sorted(ids) == list(range(150))


def _write_and_die(path: str) -> None:
    Journal(Path(path)).append(out(1))
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_append_returned_for_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    writer = multiprocessing.get_context("spawn").Process(target=_write_and_die, args=(str(path),))
    writer.start()
    writer.join(60)
    assert writer.exitcode == -signal.SIGKILL
    assert not Journal(path).append(out(1))


async def test_an_answer_is_shown_once(tmp_path: Path, deps: ChannelDependencies) -> None:
    channel = make(tmp_path, deps)
    await channel.start()
    for _ in range(2):
        assert await channel.send(Outbound(7, ZHANG, "您好")) == Sent("simulator-7")
    again = make(tmp_path, deps)
    assert await again.send(Outbound(7, ZHANG, "您好")) == Sent("simulator-7")
    assert len(again.journal.messages(ZHANG)) == 1


async def test_what_cannot_be_shown(tmp_path: Path, deps: ChannelDependencies) -> None:
    channel = make(tmp_path, deps, "sms")
    assert isinstance(await channel.send(Outbound(1, ZHANG, "您好")), Rejected)
    assert isinstance(await channel.send(Outbound(2, "13800138000", " ")), Rejected)
    blocked = tmp_path / "file"
    blocked.write_text("")
    lost = make(blocked / "under", deps)
    await lost.start()
    assert isinstance(await lost.send(Outbound(3, ZHANG, "您好")), Retry)
    assert (await lost.health())["ok"] is False


async def test_a_repeat_after_a_lost_answer_is_one_message(
    tmp_path: Path,
    deps: ChannelDependencies,
    gateway: RecordingGateway,
    serve: Serve,
    http: ClientSession,
) -> None:
    channel = make(tmp_path, deps)
    base = await serve(channel)
    body = json.dumps({"address": ZHANG, "id": "12345678", "kind": "text", "text": "在吗"})
    for _ in range(2):
        url = f"{base}/channels/simulator/simulator-wechat/messages"
        async with http.post(url, data=body, headers=JSON) as response:
            assert response.status == 202
    assert len(gateway.inbounds) == 1
    assert gateway.inbounds[0].raw == body.encode()
    assert len(channel.journal.messages(ZHANG)) == 1


async def test_live_updates_go_on_where_they_stopped(
    tmp_path: Path, deps: ChannelDependencies, serve: Serve, http: ClientSession
) -> None:
    channel = make(tmp_path, deps)
    base = await serve(channel)
    start = channel.journal.refresh()
    for n in (1, 2):
        await channel.send(Outbound(n, ZHANG, f"第{n}条"))
    url = f"{base}/channels/simulator/simulator-wechat/live"
    async with http.get(url, headers={"Last-Event-ID": str(start + 1)}) as stream:
        async with asyncio.timeout(5):
            lines = [await stream.content.readline() for _ in range(4)]
        assert lines[2] == f"id: {start + 2}\n".encode()
        assert json.loads(lines[3].removeprefix(b"data: "))["text"] == "第2条"
        # an answer written by another process arrives too
        await make(tmp_path, deps).send(Outbound(3, ZHANG, "第3条"))
        async with asyncio.timeout(5):
            rest = [await stream.content.readline() for _ in range(3)]
        assert "第3条" in rest[2].decode()
        await channel.close()


@pytest.mark.parametrize(
    ("number", "status"), [("13800138000", 201), ("19900000101", 409), ("12", 400), (None, 201)]
)
async def test_new_citizens(
    tmp_path: Path,
    deps: ChannelDependencies,
    serve: Serve,
    http: ClientSession,
    number: str | None,
    status: int,
) -> None:
    base = await serve(make(tmp_path, deps, "sms"))
    url = f"{base}/channels/simulator/simulator-sms/citizens"
    async with http.post(url, json={"name": "刘大姐", "number": number}) as response:
        assert response.status == status
        if status == 201:
            assert (await response.json())["address"].startswith("1")


@pytest.mark.parametrize(
    ("option", "value"),
    [("persona", "pigeon"), ("folder", ""), ("title", ""), ("colour", "red")],
)
def test_wrong_options_are_named(
    tmp_path: Path, deps: ChannelDependencies, option: str, value: str
) -> None:
    options = {"persona": "sms", "folder": str(tmp_path), option: value}
    with pytest.raises(ValueError, match=option):
        create(Account("a", "simulator", options), deps)


FIXTURES = Path(__file__).parents[3] / "channels" / "simulator" / "fixtures"


@pytest.mark.parametrize(
    "sent",
    json.loads((FIXTURES / "messages.json").read_text(encoding="utf-8")),
    ids=lambda s: s["kind"],
)
def test_every_kind_the_page_sends_is_read(sent: dict[str, Any]) -> None:
    assert decode_message(json.dumps(sent).encode(), Persona.WECHAT) == sent
    if sent["kind"] != "text":
        with pytest.raises(BadMessage):
            decode_message(json.dumps(sent | {"address": "13800138000"}).encode(), Persona.SMS)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
fields = st.sampled_from(["address", "id", "kind", "text", "picture", "place", "event", "name"])
kinds = st.sampled_from(["text", "image", "location", "event", ZHANG, "12345678"])


@given(
    st.binary(max_size=60)
    | st.dictionaries(fields, json_values | kinds).map(lambda d: json.dumps(d).encode()),
    st.sampled_from(Persona),
)
def test_nothing_but_bad_message_is_raised(body: bytes, persona: Persona) -> None:
    for decode in (decode_message, decode_citizen):
        try:
            decode(body, persona)
        except BadMessage as error:
            reason = str(error)
            assert reason
