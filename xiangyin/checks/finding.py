"""What a check says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    GOOD = "good"
    NOTE = "note"  # works, but worth knowing
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """`fact` and `advice` are plain Chinese; `advice` is empty where nothing is to be done."""

    subject: str
    state: State
    fact: str
    advice: str = ""
