"""Reads a protocol's codes.yml: what a gateway's answers and reports mean.

`login` and `submit` by number, with a line `other`; `stat` and `too_fast` by a report's word.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any, Literal

import yaml

from backend.ports import ReceiptState

LONGEST_STAT = 7


@dataclass(frozen=True, slots=True)
class LoginRefusal:
    """A line of `login`."""

    reason: str
    operator: str


@dataclass(frozen=True, slots=True)
class SubmitResult:
    """A line of `submit`; `after` in seconds."""

    outcome: Literal["sent", "retry", "flow", "rejected"]
    reason: str
    after: float | None = None
    operator: str = ""


class AnswerCodes:
    """The codes.yml of one protocol's package."""

    def __init__(self, package: str) -> None:
        self._package = package

    @cached_property
    def _codes(self) -> dict[str, Any]:
        text = files(self._package).joinpath("codes.yml").read_text(encoding="utf-8")
        codes: dict[str, Any] = yaml.safe_load(text)
        return codes

    @cached_property
    def _results(self) -> dict[int | str, SubmitResult]:
        return {number: SubmitResult(**line) for number, line in self._codes["submit"].items()}

    def login_refusal(self, status: int) -> LoginRefusal:
        """Of a login that was refused with this number."""
        lines = self._codes["login"]
        return LoginRefusal(**lines.get(status, lines["other"]))

    def submit_result(self, result: int) -> SubmitResult:
        """Of a message that was answered with this number; an unknown one stands in the reason."""
        if result in self._results:
            return self._results[result]
        other = self._results["other"]
        return SubmitResult(other.outcome, f"{other.reason}: {result}", other.after, other.operator)

    def receipt_state(self, stat: str) -> ReceiptState:
        """Of a report; every word not in `stat` is a failure."""
        return ReceiptState(self._codes["stat"].get(stat, ReceiptState.FAILED))

    def too_fast(self, stat: str) -> bool:
        """Whether a report's word says that we send too fast."""
        return stat in self._codes["too_fast"]


def printable(stat: str) -> str:
    """A report's word, for people to read."""
    return "".join(c if c.isprintable() and c.isascii() else "?" for c in stat)[:LONGEST_STAT]
