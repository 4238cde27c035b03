"""What each WeChat errcode means for us: errors.yml as types."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml


class Action(StrEnum):
    """See errors.yml."""

    OK = "ok"
    DONE = "done"
    REFRESH = "refresh"
    RETRY = "retry"
    REROUTE = "reroute"
    SPLIT = "split"
    REJECT = "reject"
    GONE = "gone"


class Corrects(StrEnum):
    """What we believed of a citizen and the code denies; see errors.yml."""

    QUOTA = "quota"
    PERMISSION = "permission"


MIDNIGHT = "midnight"


@dataclass(frozen=True, slots=True)
class Policy:
    """`after` in seconds, None: usual back-off. `operator` in Chinese, '' where nobody has to
    act. `stops`: seconds for which the account's route rests, or MIDNIGHT, None: it does not."""

    action: Action
    reason: str
    after: float | None = None
    operator: str = ""
    corrects: Corrects | None = None
    stops: float | str | None = None


def policy(errcode: int) -> Policy:
    """The policy of a code; of an unlisted one the default."""
    return _POLICIES.get(errcode, _DEFAULT)


def _read(entry: dict[str, Any]) -> Policy:
    """Raises ValueError, TypeError for a table that is wrong."""
    corrects, stops = entry.get("corrects"), entry.get("stops")
    if isinstance(stops, str) and stops != MIDNIGHT:
        raise ValueError(f"errors.yml: stops {stops!r}")
    read = {"action": Action(entry["action"]), "corrects": corrects and Corrects(corrects)}
    return Policy(**{**entry, **read})


_TABLE: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("errors.yml").read_text("utf-8"))
_DEFAULT = _read(_TABLE["default"])
_POLICIES = {int(code): _read(entry) for code, entry in _TABLE["codes"].items()}
