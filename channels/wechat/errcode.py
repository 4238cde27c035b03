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
    REFRESH = "refresh"
    RETRY = "retry"
    UNREACHABLE = "unreachable"
    SPLIT = "split"
    REJECT = "reject"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Policy:
    """`after` in seconds, None: usual back-off. `operator` in Chinese, '' where nobody has to
    act."""

    action: Action
    reason: str
    after: float | None = None
    operator: str = ""


def policy(errcode: int) -> Policy:
    """The policy of a code; of an unlisted one the default."""
    return _POLICIES.get(errcode, _DEFAULT)


def _read(entry: dict[str, Any]) -> Policy:
    return Policy(**{**entry, "action": Action(entry["action"])})


_TABLE: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("errors.yml").read_text("utf-8"))
_DEFAULT = _read(_TABLE["default"])
_POLICIES = {int(code): _read(entry) for code, entry in _TABLE["codes"].items()}
