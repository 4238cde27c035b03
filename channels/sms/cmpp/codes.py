"""Reads codes.yml: what a gateway's answers and reports mean."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml

from backend.ports import ReceiptState

LONGEST_STAT = 7


@dataclass(frozen=True, slots=True)
class LoginRefusal:
    """A line of `connect`."""

    reason: str
    operator: str


@dataclass(frozen=True, slots=True)
class SubmitResult:
    """A line of `submit`; `after` in seconds."""

    outcome: Literal["sent", "retry", "flow", "rejected"]
    reason: str
    after: float | None = None
    operator: str = ""


@cache
def _codes() -> dict[str, Any]:
    text = files(__package__).joinpath("codes.yml").read_text(encoding="utf-8")
    codes: dict[str, Any] = yaml.safe_load(text)
    return codes


def login_refusal(status: int) -> LoginRefusal:
    """Of a CONNECT_RESP whose status is not 0."""
    lines = _codes()["connect"]
    return LoginRefusal(**lines.get(status, lines["other"]))


@cache
def submit_result(result: int) -> SubmitResult:
    """Of a SUBMIT_RESP; an unknown number's stands in the reason."""
    lines = _codes()["submit"]
    if result in lines:
        return SubmitResult(**lines[result])
    other = SubmitResult(**lines["other"])
    return SubmitResult(other.outcome, f"{other.reason}: {result}", other.after, other.operator)


def receipt_state(stat: str) -> ReceiptState:
    """Of a report."""
    return ReceiptState(_codes()["stat"].get(stat, ReceiptState.FAILED))


def too_fast(stat: str) -> bool:
    """Whether a report's word says that we send too fast."""
    return stat in _codes()["too_fast"]


def printable(stat: str) -> str:
    """A report's word, for people to read."""
    return "".join(c if c.isprintable() and c.isascii() else "?" for c in stat)[:LONGEST_STAT]
