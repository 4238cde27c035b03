"""How much hotter an issue is than before. Pure."""

from __future__ import annotations

STEADY = 3
"""People as many as this are added to both sides: where few complain, one more or less says
little, and from none to two is no infinite growth."""


def growth(now: int, before: int) -> float:
    """People of a period against those of as many days before it: 1.0 is as before, 2.0 twice as
    hot. With n = STEADY, (now + n) / (before + n); the fewer there are, the nearer to 1.0."""
    return (now + STEADY) / (before + STEADY)
