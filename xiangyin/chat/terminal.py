"""A chat in the terminal, line by line."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from channels.sms.segmentation import split
from channels.wechat.splitting import split_text
from xiangyin.chat.citizen import SMS, Citizen, Heard, newcomer
from xiangyin.chat.playing import StepImpossible, take
from xiangyin.chat.room import Room
from xiangyin.chat.steps import Answer, Follow, Photo, Place, Say, Step, Wait, duration
from xiangyin.chat.stored import stored_of

PROMPT = "我> "
HELP = """\
直接打字就是群众发来的话。命令：
  /photo 文件             发一张照片（微信）
  /place 名称 纬度 经度   发一个位置（微信），如 /place 锦绣小区 30.5 114.3
  /wait 24h               过了多久：30m 分钟、24h 小时、2d 天
  /answer 答复的话        办事员答复最近的一件诉求，随后会请群众评价
  /stored                 看看系统里记下了什么
  /help                   再看一遍这些命令
  /quit                   不聊了"""


class BadCommand(ValueError):
    """The message says how to write it, in Chinese."""


class Quit(Exception):
    """Enough."""


def chat(runner: asyncio.Runner, room: Room, channel: str, lines: TextIO) -> None:
    """Talk until /quit or the end of `lines`. Raises ChatUnavailable."""
    citizen = runner.run(newcomer(room, channel))
    print(HELP, end="\n\n", flush=True)
    if channel != SMS:
        _show(runner.run(take(citizen, Follow(), Path())), channel)
    for line in _typed(lines):
        try:
            if line == "/stored":
                _show_stored(runner, citizen)
                continue
            step = read_line(line)
            if step is None:
                print(HELP)
                continue
            _show(runner.run(take(citizen, step, Path.cwd())), channel)
        except (BadCommand, StepImpossible) as error:
            print(f"  （{error}）", flush=True)
        except Quit:
            return


def read_line(line: str) -> Step | None:
    """The step a line asks for; None for a call for help. Raises BadCommand, Quit."""
    if not line.startswith("/"):
        return Say(line)
    command, _, rest = line.partition(" ")
    words = rest.split()
    match command:
        case "/quit" | "/exit":
            raise Quit
        case "/help":
            return None
        case "/photo" if rest.strip():
            return Photo(rest.strip())
        case "/place" if len(words) >= 3:
            return _place(words)
        case "/wait" if (time := duration(rest)) is not None:
            return Wait(time)
        case "/answer" if rest.strip():
            return Answer(rest.strip())
        case "/photo" | "/place" | "/wait" | "/answer":
            raise BadCommand(f"{command} 要这样写：{_usage(command)}")
    raise BadCommand(f"没有 {command} 这个命令，/help 看有哪些")


def _place(words: Sequence[str]) -> Place:
    *name, latitude, longitude = words
    try:
        degrees = float(latitude), float(longitude)
    except ValueError as error:
        raise BadCommand(f"纬度、经度应当是度数：{_usage('/place')}") from error
    if not (-90 <= degrees[0] <= 90 and -180 <= degrees[1] <= 180):
        raise BadCommand("纬度在 -90 到 90，经度在 -180 到 180 之间")
    return Place(" ".join(name), *degrees)


def _usage(command: str) -> str:
    return next(
        line.split("  ")[1] for line in HELP.splitlines() if line.startswith(f"  {command}")
    )


def bubbles(heard: Heard, channel: str) -> list[tuple[str, str]]:
    """Each message on the citizen's phone with what stands before it: the parts an SMS is sent
    in, the bubbles of WeChat."""
    if channel == SMS:
        parts: Sequence[str] = split(heard.text).parts
        if len(parts) == 1:
            return [("乡音", parts[0])]
        return [(f"乡音 {i}/{len(parts)}", part) for i, part in enumerate(parts, 1)]
    return [("乡音", part) for part in split_text(heard.text)]


def _show(heard: Sequence[Heard], channel: str) -> None:
    if not heard:
        print("  （没有回话）", flush=True)
    for one in heard:
        for who, text in bubbles(one, channel):
            print(f"{who}> " + text.replace("\n", "\n      "), flush=True)


def _show_stored(runner: asyncio.Runner, citizen: Citizen) -> None:
    async def read() -> object:
        parts = citizen.room.parts
        async with parts.database.read() as connection:
            return await stored_of(connection, parts.rules, citizen.id)

    print(json.dumps(runner.run(read()), ensure_ascii=False, indent=2), flush=True)


def _typed(lines: TextIO) -> Iterator[str]:
    """What is typed, blank lines left out; a prompt where a person types."""
    typing = lines is sys.stdin and lines.isatty()
    if typing:
        with suppress(ImportError):  # not every Python has it; it makes `input` editable
            importlib.import_module("readline")
    while True:
        if typing:
            try:
                line = input(PROMPT)
            except EOFError:
                return
        else:
            line = lines.readline()
            if not line:
                return
            print(f"{PROMPT}{line.rstrip()}", flush=True)
        if line.strip():
            yield line.strip()
