"""Why a change of the deployment's data is not taken, as codes; the console has the words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a field ('' for the whole), a key of `problems` in deployment.yml, and
    what the sentence names."""

    field: str
    code: str
    params: Mapping[str, str | int] = MappingProxyType({})


class ChangeRefused(ValueError):
    """All that is wrong with a change; nothing of it was saved."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(", ".join(f"{one.field}: {one.code}" for one in problems))
        self.problems = tuple(problems)


def refuse_if_any(problems: Sequence[Problem]) -> None:
    """Raises ChangeRefused."""
    if problems:
        raise ChangeRefused(problems)


def refused(field: str, code: str, **params: str | int) -> ChangeRefused:
    """Build (not raise) a refusal with one problem."""
    return ChangeRefused([Problem(field, code, params)])
