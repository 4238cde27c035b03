"""Reads answers.yml: what an HTTP status of sendsms means."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml

Outcome = Literal["sent", "retry", "rejected", "unknown"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One line of answers.yml; `after` in seconds."""

    outcome: Outcome
    reason: str
    after: float | None = None
    operator: str = ""


@cache
def _answers() -> dict[int | str, Answer]:
    text = files(__package__).joinpath("answers.yml").read_text(encoding="utf-8")
    return {status: Answer(**fields) for status, fields in yaml.safe_load(text).items()}


def answer_for(status: int) -> Answer:
    """The line for `status`, or that for all others."""
    return _answers().get(status) or _answers()["other"]
