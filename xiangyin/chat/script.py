"""A script of dialogues (docs/chat.md) read into steps. Liberal in what it takes, exact in what it
refuses. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xiangyin.chat.steps import Answer, Follow, Photo, Place, Say, Step, Wait, duration

CHANNELS = ("wechat", "sms")
_IDS = ("dialogue", "id", "name")
_TURNS = ("turns", "messages", "dialog", "steps")
_SAID = ("say", "text", "user", "content", "message", "citizen")
_PHOTO = ("photo", "image", "picture")
_PLACE = ("place", "location")
_WAIT = ("wait", "wait_hours", "hours")
_ANSWER = ("answer", "official")
_FOLLOW = ("follow", "subscribe")
_OURS = ("bot", "assistant", "system")
_NAME = ("name", "label", "text", "address")
_LATITUDE = ("latitude", "lat")
_LONGITUDE = ("longitude", "lon", "lng", "long")


class ScriptRefused(ValueError):
    """The message names the line, the field and what it should be, in Chinese."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What is done in one turn; `given` is how the script says it."""

    steps: tuple[Step, ...]
    given: Any


@dataclass(frozen=True, slots=True)
class Dialogue:
    """`name` as the script gives it, else the line's number."""

    name: Any
    channel: str
    turns: tuple[Turn, ...]


def read_script(text: str, channel: str) -> list[Dialogue]:
    """One dialogue a line (JSON), or one JSON list of dialogues; `channel` holds where a dialogue
    names none. Raises ScriptRefused."""
    return [_dialogue(where, given, channel) for where, given in _entries(text)]


def _entries(text: str) -> Iterator[tuple[str, Any]]:
    """Where each dialogue stands, and its JSON."""
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise ScriptRefused("脚本是空的")
    try:
        whole = json.loads(text)
    except ValueError:
        yield from _by_line(text)
        return
    if isinstance(whole, list) and any(_is_dialogue(each) for each in whole):
        yield from ((f"第 {number} 个对话", each) for number, each in enumerate(whole, 1))
    else:
        yield "第 1 行", whole


def _by_line(text: str) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield f"第 {number} 行", json.loads(line)
            except ValueError as error:
                raise ScriptRefused(f"第 {number} 行：不是 JSON（{error}）") from error


def _is_dialogue(given: Any) -> bool:
    return isinstance(given, list) or _turns_of(given) is not None


def _turns_of(given: Any) -> str | None:
    """The key under which a dialogue keeps its turns; None for what is no dialogue."""
    return _first(given, _TURNS) if isinstance(given, Mapping) else None


def _dialogue(where: str, given: Any, channel: str) -> Dialogue:
    if isinstance(given, list):
        return Dialogue(where, channel, tuple(_turns(where, given)))
    if not isinstance(given, Mapping):
        raise ScriptRefused(f"{where}：应当是一个对话，即对象，或一串话")
    key = _turns_of(given)
    if key is None or not isinstance(given[key], list):
        raise ScriptRefused(f"{where}：缺少 turns，应当是一串回合")
    named = given.get("channel", channel)
    if named not in CHANNELS:
        raise ScriptRefused(f"{where}：channel 是 {named!r}，应当是 wechat 或 sms")
    name = _first(given, _IDS)
    return Dialogue(
        given[name] if name else where, named, tuple(_turns(f"{where}，{key}", given[key]))
    )


def _turns(where: str, given: Sequence[Any]) -> Iterator[Turn]:
    for number, turn in enumerate(given, 1):
        steps = tuple(_steps(f"{where} 第 {number} 个", turn))
        if steps:
            yield Turn(steps, turn)


def _steps(where: str, given: Any) -> Iterator[Step]:
    """What a turn asks for; nothing where it only notes what the bot said."""
    if isinstance(given, str):
        yield Say(given)
        return
    if not isinstance(given, Mapping):
        raise ScriptRefused(f"{where}：是 {given!r}，应当是一句话，或一个对象")
    if given.get("role") in _OURS:
        return
    named = [
        (key, read) for names, read in _READERS.items() if (key := _first(given, names)) is not None
    ]
    if not named and not _first(given, _OURS):
        known = "say、photo、place、wait、answer、follow"
        found = "、".join(map(str, given)) or "什么也没有"
        raise ScriptRefused(f"{where}：里面是 {found}，应当有 {known} 之一")
    for key, read in named:
        if given[key] is not None and given[key] is not False:
            yield read(f"{where}，{key}", given[key])


def _say(where: str, given: Any) -> Step:
    if not isinstance(given, str | int | float):
        raise ScriptRefused(f"{where}：是 {given!r}，应当是一句话")
    return Say(str(given))


def _photo(where: str, given: Any) -> Step:
    if given is True:
        return Photo("")
    if not isinstance(given, str):
        raise ScriptRefused(f"{where}：是 {given!r}，应当是图片文件，或 true")
    return Photo(given)


def _place(where: str, given: Any) -> Step:
    if isinstance(given, str):
        return Place(given, 0.0, 0.0)
    if isinstance(given, list) and len(given) == 3:
        given = dict(zip(("name", "latitude", "longitude"), given, strict=True))
    if not isinstance(given, Mapping):
        raise ScriptRefused(f"{where}：是 {given!r}，应当有 name、latitude、longitude")
    name = _first(given, _NAME)
    return Place(
        str(given[name]) if name else "",
        _degrees(where, given, _LATITUDE, 90),
        _degrees(where, given, _LONGITUDE, 180),
    )


def _degrees(where: str, given: Mapping[str, Any], names: Sequence[str], most: int) -> float:
    key = _first(given, names)
    if key is None:
        return 0.0
    try:
        value = float(given[key])
    except (TypeError, ValueError):
        value = float("nan")
    if not -most <= value <= most:
        raise ScriptRefused(f"{where}，{key}：是 {given[key]!r}，应当是 -{most} 到 {most} 的度数")
    return value


def _wait(where: str, given: Any) -> Step:
    time = duration(str(given)) if isinstance(given, str | int | float) else None
    if time is None:
        raise ScriptRefused(f"{where}：是 {given!r}，应当是小时数，或 24h、30m、2d")
    return Wait(time)


def _answer(where: str, given: Any) -> Step:
    text = given.get("text") if isinstance(given, Mapping) else given
    if not isinstance(text, str) or not text.strip():
        raise ScriptRefused(f"{where}：是 {given!r}，应当是答复的话")
    return Answer(text)


def _follow(_where: str, _given: Any) -> Step:
    return Follow()


# In the order in which one turn that asks for several does them.
_READERS = {
    _WAIT: _wait,
    _FOLLOW: _follow,
    _SAID: _say,
    _PHOTO: _photo,
    _PLACE: _place,
    _ANSWER: _answer,
}


def _first(given: Mapping[str, Any], names: Sequence[str]) -> str | None:
    return next((name for name in names if name in given), None)
