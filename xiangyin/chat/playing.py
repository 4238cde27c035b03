"""Takes the steps of a chat, and plays whole dialogues into plain values for JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from backend.conversation.media_files import MediaRefused
from backend.ports import GeoPoint
from channels.sms.segmentation import count_parts
from xiangyin.chat.citizen import SMS, Citizen, Heard, newcomer
from xiangyin.chat.official import NotAnswered, answer_newest
from xiangyin.chat.room import Room
from xiangyin.chat.script import Dialogue, Turn
from xiangyin.chat.steps import Answer, Follow, Photo, Place, Say, Step, Wait
from xiangyin.chat.stored import stored_of
from xiangyin.demo.pictures import draw

BETWEEN_TURNS = timedelta(seconds=30)
_TEXT_ONLY = Photo | Place | Follow


class StepImpossible(Exception):
    """The step was not taken; the message says why, in Chinese."""


async def take(citizen: Citizen, step: Step, folder: Path) -> list[Heard]:
    """Take a step; photos are looked for in `folder`. Raises StepImpossible, ChatUnavailable."""
    if citizen.channel == SMS and isinstance(step, _TEXT_ONLY):
        raise StepImpossible("短信只能发文字，这一步没有发出")
    match step:
        case Say(text):
            return await citizen.say(text)
        case Photo(file):
            return await _photo(citizen, file, folder)
        case Place(name, latitude, longitude):
            return await citizen.send_place(GeoPoint(latitude, longitude, name))
        case Follow():
            return await citizen.follow()
        case Wait(time):
            return await citizen.wait(time)
        case Answer(text):
            return await _answer(citizen, text)


async def play(room: Room, dialogue: Dialogue, folder: Path) -> dict[str, Any]:
    """The dialogue as it went: its `turns` with what was said in each, and what is `stored`.
    Raises ChatUnavailable."""
    citizen = await newcomer(room, dialogue.channel)
    turns = [await _turn(citizen, turn, folder) for turn in dialogue.turns]
    async with room.parts.database.read() as connection:
        stored = await stored_of(connection, room.parts.rules, citizen.id)
    return {
        "dialogue": dialogue.name,
        "channel": dialogue.channel,
        "turns": turns,
        "stored": stored,
    }


async def _turn(citizen: Citizen, turn: Turn, folder: Path) -> dict[str, Any]:
    given = turn.given if isinstance(turn.given, dict) else {"say": turn.given}
    heard: list[Heard] = []
    notes: list[str] = []
    for step in turn.steps:
        citizen.room.clock.forward(BETWEEN_TURNS)
        try:
            heard += await take(citizen, _with_picture(step, folder, notes), folder)
        except StepImpossible as error:
            notes.append(str(error))
    return {**given, **_said(heard, citizen.channel), **({"notes": notes} if notes else {})}


def _with_picture(step: Step, folder: Path, notes: list[str]) -> Step:
    """A script may name a picture that only its author has: any other says as much."""
    if not isinstance(step, Photo) or not step.file or (folder / step.file).is_file():
        return step
    notes.append(f"没有 {step.file} 这个文件，发的是一张示意图")
    return Photo("")


def _said(heard: Sequence[Heard], channel: str) -> dict[str, Any]:
    said: dict[str, Any] = {
        "replies": [one.text for one in heard],
        "keys": [one.key for one in heard],
    }
    if channel == SMS:
        said["sms_parts"] = [count_parts(one.text) for one in heard]
    return said


async def _photo(citizen: Citizen, file: str, folder: Path) -> list[Heard]:
    try:
        data = await asyncio.to_thread(_picture, file, folder)
        return await citizen.send_photo(data)
    except (OSError, MediaRefused) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise StepImpossible(f"{file}：{reason}") from error


def _picture(file: str, folder: Path) -> bytes:
    return (folder / file).read_bytes() if file else draw("pothole", 1)


async def _answer(citizen: Citizen, text: str) -> list[Heard]:
    try:
        await answer_newest(citizen.room, citizen.id, text)
    except NotAnswered as error:
        raise StepImpossible(str(error)) from error
    return await citizen.listen()
