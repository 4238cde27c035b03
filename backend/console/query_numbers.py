"""Whole numbers in an address's query, read without trusting them."""

from __future__ import annotations

from collections.abc import Mapping

MOST_DIGITS = 18  # what an id of the database holds


def number_asked(query: Mapping[str, str], name: str) -> int | None:
    """None where it is missing, or is none: an address typed by hand shows the usual page."""
    text = query.get(name, "")
    whole = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    return int(text) if whole else None
