"""The options of lists to choose from, written once: the queue has some 250, always the same."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from markupsafe import Markup, escape

Pairs = tuple[tuple[object, str], ...]
LISTS = 256


def options(pairs: Iterable[tuple[object, str]], chosen: object = None) -> Markup:
    """An <option> for every (value, words); the one whose value is `chosen` is selected."""
    return _select(_written(tuple(pairs)), chosen)


def option_groups(
    groups: Iterable[tuple[str, Iterable[tuple[object, str]]]], chosen: object = None
) -> Markup:
    """The same in an <optgroup> for every (label, pairs)."""
    return _select(_written_groups(tuple((label, tuple(pairs)) for label, pairs in groups)), chosen)


@lru_cache(maxsize=LISTS)
def _written(pairs: Pairs) -> str:
    return "".join(f"{_opening(value)}{escape(words)}</option>" for value, words in pairs)


@lru_cache(maxsize=LISTS)
def _written_groups(groups: tuple[tuple[str, Pairs], ...]) -> str:
    return "".join(
        f'<optgroup label="{escape(label)}">{_written(pairs)}</optgroup>' for label, pairs in groups
    )


def _opening(value: object) -> str:
    return f'<option value="{escape(value)}">'


def _select(written: str, chosen: object) -> Markup:
    if chosen is not None:
        opening = _opening(chosen)
        written = written.replace(opening, f"{opening[:-1]} selected>", 1)
    return Markup(written)  # noqa: S704 - every word in it was escaped
