"""What comes of an official's step. Refusals are results: the page says what to do instead."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Done:
    """The step is taken; `version` is the petition's new one."""

    number: str
    version: int
    state: str


@dataclass(frozen=True, slots=True)
class Missing:
    """No such petition, or none this official sees: the two are not told apart."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Someone changed it since the official looked; nothing was written."""

    version: int


@dataclass(frozen=True, slots=True)
class Forbidden:
    """Role or office do not allow the step."""

    action: str


@dataclass(frozen=True, slots=True)
class Impossible:
    """The step is not possible in this state."""

    state: str
    action: str


@dataclass(frozen=True, slots=True)
class Invalid:
    """A value cannot be: `problem` is one of required, too_long, unknown, recused, inactive,
    same, whole_county, elsewhere, name_taken, too_many, unsuggested, merge_same,
    merge_elsewhere, merge_confidential, merge_recused."""

    field: str
    problem: str


Refused = Missing | Conflict | Forbidden | Impossible | Invalid
Outcome = Done | Refused
