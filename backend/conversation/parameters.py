"""What is put into texts for citizens: what each {parameter} is called, what is usual for it, and
how much of it a text message says (data/texts/reply_parameters.yml)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from backend.data_file import read_yaml

WHOLE = "whole"
MORE = "…"
_FILE = Path(__file__).parents[2] / "data" / "texts" / "reply_parameters.yml"
_PAUSE = re.compile(r"[，。；、！？：,;!?\s]+(?=[^，。；、！？：,;!?\s]*$)")


@dataclass(frozen=True, slots=True)
class Parameter:
    """`longest`: characters of it in a text message, None: all, whoever writes it sees how long it
    gets; `longest_in`: the same for single texts, by key."""

    name: str
    usual: str
    longest: int | None
    longest_in: Mapping[str, int | None]

    def limit(self, key: str) -> int | None:
        """How many characters of it the text `key` has room for by SMS."""
        return self.longest_in.get(key, self.longest)

    def longest_value(self, key: str) -> str:
        """A value as long as can be; where there is no limit, the usual one."""
        limit = self.limit(key)
        return self.usual if limit is None else "长" * limit


@cache
def parameters() -> Mapping[str, Parameter]:
    """By the name in braces."""
    return {
        name: Parameter(
            entry["name"],
            entry["usual"],
            _limit(entry["longest"]),
            {key: _limit(given) for key, given in entry.get("in", {}).items()},
        )
        for name, entry in read_yaml(_FILE).items()
    }


def shortened(text: str, longest: int) -> str:
    """At most `longest` characters; cut where the writer paused, if not too much gets lost."""
    if len(text) <= longest:
        return text
    kept = text[: longest - len(MORE)]
    pause = _PAUSE.search(kept)
    if pause and pause.start() >= longest // 2:
        kept = kept[: pause.start()]
    return kept + MORE


def for_sms(key: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of the text `key`, each no longer than a text message has room for."""
    known = parameters()
    found = dict(params)
    for name, value in params.items():
        limit = known[name].limit(key) if name in known else None
        if limit is not None:
            found[name] = shortened(str(value), limit)
    return found


def _limit(given: int | str) -> int | None:
    return None if given == WHOLE else int(given)
