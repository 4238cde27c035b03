"""Decodes and checks what the app sends: the body of POST /turn."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import fastjsonschema

SCHEMA_FOLDER = Path(__file__).resolve().parent / "schema"
LARGEST_BODY = 512 * 1024
"""Bytes. A state holds at most a few turns and a draft; a full one is a tenth of this."""

_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class BadTurnRequest(ValueError):
    """The body is not what turn_request.schema.json describes; the message says where."""


@dataclass(frozen=True)
class TurnRequest:
    """One turn, checked. The parts are as the schema describes them."""

    turn_id: str
    channel: str
    now: str
    state: dict[str, Any] | None
    message: Mapping[str, Any]
    entities: tuple[Mapping[str, Any], ...]
    context: Mapping[str, Any]

    @property
    def metadata(self) -> dict[str, Any]:
        """What the actions find in `tracker.latest_message["metadata"]`."""
        return {
            "turn_id": self.turn_id,
            "channel": self.channel,
            "now": self.now,
            "message": dict(self.message),
            "context": dict(self.context),
        }


def decode_turn_request(body: bytes) -> TurnRequest:
    """The request in a body of JSON. Raises BadTurnRequest.

    NUL and lone surrogates, which JSON can carry and UTF-8 cannot, become U+FFFD.
    """
    if len(body) > LARGEST_BODY:
        raise BadTurnRequest(f"body: larger than {LARGEST_BODY} bytes")
    try:
        decoded = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadTurnRequest(f"body: not JSON ({type(error).__name__})") from error
    if _SURROGATE_ESCAPE.search(body) or b"\\u0000" in body:
        decoded = _storable(decoded)
    return check_turn_request(decoded)


def check_turn_request(decoded: Any) -> TurnRequest:
    """The request, where `decoded` is valid by the schema. Raises BadTurnRequest."""
    try:
        _request_check()(decoded)
    except fastjsonschema.JsonSchemaValueException as error:
        # The message names the place and the rule, never the value.
        raise BadTurnRequest(error.message.replace("data", "body", 1)) from error
    _check_time(decoded["now"])
    return TurnRequest(
        turn_id=decoded["turn_id"],
        channel=decoded["channel"],
        now=decoded["now"],
        state=decoded["state"],
        message=decoded["message"],
        entities=tuple(decoded["entities"]),
        context=decoded["context"],
    )


@lru_cache(maxsize=1)
def _request_check() -> Callable[[Any], Any]:
    schema = json.loads((SCHEMA_FOLDER / "turn_request.schema.json").read_text(encoding="utf-8"))
    check: Callable[[Any], Any] = fastjsonschema.compile(schema, use_formats=False)
    return check


def _check_time(now: str) -> None:
    try:
        aware = datetime.fromisoformat(now).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        raise BadTurnRequest(
            "body.now must be a date-time with offset, as 2026-11-23T09:00:00+08:00"
        )


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value).replace("\0", "\ufffd")
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(item) for name, item in value.items()}
    return value
