"""A provider's codes.yml: what its answers mean for a message, and for the account."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml

Outcome = Literal["sent", "back_off", "stop", "later", "refused", "unknown"]
LONGEST_CODE = 80


@dataclass(frozen=True, slots=True)
class Code:
    """`outcome`: sent; back_off (too fast: the account waits a little, then longer); stop (nothing
    goes until a person has helped: the account waits `after` seconds between tries); later (this
    number only, after so many seconds); refused (this message never); unknown (it may have been
    taken). `operator`: what a person should do; it stands on the health page."""

    outcome: Outcome
    reason: str
    after: float | None = None
    operator: str = ""


@cache
def _table(package: str) -> dict[str, Code]:
    lines = yaml.safe_load(files(package).joinpath("codes.yml").read_text(encoding="utf-8"))
    return {name: Code(**fields) for name, fields in lines.items()}


def meaning(package: str, code: str) -> Code:
    """Of a code: its own line, else that of its group (before the dot), else `other`. The code
    stands in the reason."""
    table = _table(package)
    shown = "".join(c for c in code if c.isascii() and c.isprintable())[:LONGEST_CODE]
    found = table.get(code) or table.get(code.partition(".")[0]) or table["other"]
    return replace(found, reason=f"{found.reason}: {shown}")
