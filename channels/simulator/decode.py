"""What the page sends, decoded. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

from backend.ports import Event, GeoPoint, MessageKind
from channels.simulator.options import ADDRESSES, Persona

LONGEST_TEXT = 5000
LONGEST_LABEL = 100
LONGEST_NAME = 20

_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_REF = re.compile(r"[0-9a-f]{64}")
_EVENTS = ("subscribe", "unsubscribe")


class BadMessage(ValueError):
    """What is wrong, in words for the person at the page."""


def decode_object(body: bytes) -> dict[str, Any]:
    """Raises BadMessage."""
    try:
        decoded = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadMessage("不是 JSON") from error
    if not isinstance(decoded, dict):
        raise BadMessage("应当是一个 JSON 对象")
    return decoded


def decode_message(body: bytes, persona: Persona) -> dict[str, Any]:
    """The journal's record (without type and time) of one message. Raises BadMessage."""
    given = decode_object(body)
    address, message_id = given.get("address"), given.get("id")
    if not isinstance(address, str) or not ADDRESSES[persona].fullmatch(address):
        raise BadMessage("address 不对")
    if not isinstance(message_id, str) or not _ID.fullmatch(message_id):
        raise BadMessage("id 应当是 8 到 64 个字母或数字")
    kind = given.get("kind")
    if persona is Persona.SMS and kind != MessageKind.TEXT:
        raise BadMessage("短信只能发文字")
    if kind == MessageKind.TEXT:
        content: dict[str, Any] = {"text": _text(given.get("text"))}
    elif kind == MessageKind.IMAGE:
        content = {"picture": _ref(given.get("picture"))}
    elif kind == MessageKind.LOCATION:
        content = {"place": _place(given.get("place"))}
    elif kind == MessageKind.EVENT:
        content = {"event": _event(given.get("event"))}
    else:
        raise BadMessage("kind 应当是 text、image、location 或 event")
    return {"address": address, "id": message_id, "kind": str(kind), **content}


def decode_citizen(body: bytes, persona: Persona) -> tuple[str, str | None]:
    """Name and, for SMS, the number asked for. Raises BadMessage."""
    given = decode_object(body)
    name, number = given.get("name"), given.get("number")
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= LONGEST_NAME:
        raise BadMessage(f"名字应当是 1 到 {LONGEST_NAME} 个字")
    if not number or persona is Persona.WECHAT:
        return name.strip(), None
    if not isinstance(number, str) or not ADDRESSES[persona].fullmatch(number):
        raise BadMessage("手机号应当是 1 开头的 11 位数字")
    return name.strip(), number


def place_of(record: dict[str, Any]) -> GeoPoint | None:
    place = record.get("place")
    return GeoPoint(**place) if place else None


def event_of(record: dict[str, Any]) -> Event | None:
    name = record.get("event")
    return Event(name) if name else None


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadMessage("还没有写内容")
    if len(value) > LONGEST_TEXT:
        raise BadMessage(f"最多 {LONGEST_TEXT} 个字")
    return value


def _ref(value: object) -> str:
    if not isinstance(value, str) or not _REF.fullmatch(value):
        raise BadMessage("picture 不对")
    return value


def _event(value: object) -> str:
    if value not in _EVENTS:
        raise BadMessage("event 应当是 subscribe 或 unsubscribe")
    return str(value)


def _place(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadMessage("place 不对")
    label = value.get("label", "")
    if not isinstance(label, str) or len(label) > LONGEST_LABEL:
        raise BadMessage("地名太长")
    return {
        "latitude": _degrees(value.get("latitude"), 90),
        "longitude": _degrees(value.get("longitude"), 180),
        "label": label,
    }


def _degrees(value: object, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -most <= value <= most:
        raise BadMessage("经纬度不对")
    return float(value)
