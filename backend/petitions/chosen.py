"""Petitions that an official ticked to do one thing with all of them."""

from __future__ import annotations

from dataclasses import dataclass

MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Chosen:
    """A petition and the version of it the official saw."""

    number: str
    version: int
