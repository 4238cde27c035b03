"""The models of a deployment: every one it trained, as files, and which of them is in service.

`triage-20261123-170501.npz` and its card `.json`; below `tried/` the same without the rows it was
tried on; `service.json` says which one serves; `history.jsonl` is the deployment's own past. While
nothing else was put in service it is the shipped model, of the authored examples alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from backend.clock import SHANGHAI
from backend.learning.lessons import HISTORY, Lesson
from backend.triage.model import ModelError, card_of, load_card, load_model, note_on_card

KEPT = 10
"""Models kept beside the one in service and those it can be rolled back to."""
KEPT_BEFORE = 5
SHIPPED = "shipped"
_SERVICE = "service.json"
_HISTORY = "history.jsonl"
_TRIED = "tried"
_SUFFIXES = (".npz", ".json", ".md")
"""Of a model, its card, and the card as a page."""


class ShelfError(Exception):
    """`problem`: unknown (no such model), nothing_before (no earlier one to go back to), unusable
    (the file cannot be read; `detail` says why)."""

    def __init__(self, problem: str, detail: str = "") -> None:
        super().__init__(f"{problem} {detail}".strip())
        self.problem = problem
        self.detail = detail


@dataclass(frozen=True, slots=True)
class ShelvedModel:
    """A model by name (SHIPPED: the shipped one) with its card."""

    name: str
    card: Mapping[str, Any]
    in_service: bool

    @property
    def version(self) -> str:
        """What readings of petitions are marked with."""
        return str(self.card["sha256"])[:16]


class Shelf:
    """The models below `folder`, and the `shipped` one (.npz)."""

    def __init__(self, folder: Path, shipped: Path) -> None:
        self.folder = folder
        self.shipped = shipped

    def models(self) -> Sequence[ShelvedModel]:
        """Newest first, the shipped one last; those whose card this program cannot read are left
        out."""
        serving = self.in_service()
        names = sorted((_name(card) for card in self.folder.glob("triage-*.json")), reverse=True)
        found = []
        for name in (*names, SHIPPED):
            try:
                card = load_card(self.file(name))
            except ModelError:
                continue
            found.append(ShelvedModel(name, card, name == serving))
        return found

    def file(self, name: str) -> Path:
        return self.shipped if name == SHIPPED else self.folder / f"{name}.npz"

    def tried_file(self, name: str) -> Path:
        """The model without the rows it was tried on; the shipped one has none."""
        return self.folder / _TRIED / f"{name}.npz"

    def in_service(self) -> str:
        """The name of the model in service."""
        return self._stack()[-1]

    def serving_file(self) -> Path:
        return self.file(self.in_service())

    def new_name(self, now: datetime) -> str:
        """A name no model has."""
        name = f"triage-{now.astimezone(SHANGHAI):%Y%m%d-%H%M%S}"
        taken = len(list(self.folder.glob(f"{name}*.npz")))
        return f"{name}-{taken + 1}" if taken else name

    def put_in_service(self, name: str) -> str:
        """From now on this one; the name of the one before. Raises ShelfError."""
        self._check(name)
        stack = self._stack()
        if stack[-1] != name:
            self._write_stack([*(one for one in stack if one != name), name])
        return stack[-1]

    def roll_back(self) -> tuple[str, str]:
        """Back to the one that served before; the names of the one left and the one in service
        now. Raises ShelfError."""
        *earlier, left = self._stack()
        if not earlier:
            raise ShelfError("nothing_before")
        self._check(earlier[-1])
        self._write_stack(earlier)
        return left, earlier[-1]

    def files(self) -> Sequence[str]:
        """All files of the shelf, relative to its folder, which one serves last: whoever copies
        them in this order has a shelf at every moment. The shipped model is none of them."""
        models = sorted(
            str(path.relative_to(self.folder))
            for pattern in ("triage-*", f"{_TRIED}/triage-*")
            for path in self.folder.glob(pattern)
            if path.suffix in _SUFFIXES
        )
        return [*models, *self.single_files()]

    def single_files(self) -> Sequence[str]:
        """Those of `files` that a shelf has one of: its history, and which model serves."""
        return [name for name in (_HISTORY, _SERVICE) if (self.folder / name).exists()]

    def note_outcome(self, name: str, *, taken: bool, reason: str) -> None:
        """Whether it was put in service after its trial, on its card. Raises ModelError."""
        note_on_card(self.file(name), {"taken": taken, "reason": reason})

    def tidy(self) -> Sequence[str]:
        """Remove the oldest models beyond KEPT, but none that serves or may be gone back to; the
        names removed."""
        needed = set(self._stack()[-KEPT_BEFORE - 1 :])
        names = sorted((_name(card) for card in self.folder.glob("triage-*.json")), reverse=True)
        removed = [name for name in names[KEPT:] if name not in needed]
        for name in removed:
            for file in (self.file(name), card_of(self.file(name)), *self._tried(name)):
                file.unlink(missing_ok=True)
        return removed

    def history(self) -> Sequence[Lesson]:
        """The deployment's own past petitions, if it gave any."""
        file = self.folder / _HISTORY
        if not file.exists():
            return []
        lines = file.read_text(encoding="utf-8").splitlines()
        return [Lesson(source=HISTORY, **json.loads(line)) for line in lines]

    def keep_history(self, lessons: Sequence[Lesson]) -> None:
        """In place of what was kept before: later trainings go on with it. None: forget it."""
        lines = [
            json.dumps(
                {"text": one.text, "kind": one.kind, "domain": one.domain, "key": one.key},
                ensure_ascii=False,
            )
            for one in lessons
        ]
        if lines:
            self._write(_HISTORY, "\n".join(lines) + "\n")
        else:
            (self.folder / _HISTORY).unlink(missing_ok=True)

    def _check(self, name: str) -> None:
        if name != SHIPPED and not card_of(self.file(name)).exists():
            raise ShelfError("unknown", name)
        try:
            load_model(self.file(name))
        except ModelError as error:
            raise ShelfError("unusable", str(error)) from error

    def _stack(self) -> list[str]:
        """Those that served, the one in service last. The shipped one is always the first."""
        file = self.folder / _SERVICE
        if not file.exists():
            return [SHIPPED]
        *earlier, serving = json.loads(file.read_text(encoding="utf-8"))["models"]
        names = [*(name for name in earlier if self.file(name).exists()), serving]
        return names if names[0] == SHIPPED else [SHIPPED, *names]

    def _write_stack(self, names: Sequence[str]) -> None:
        self._write(_SERVICE, json.dumps({"models": list(names)}, indent=2) + "\n")

    def _tried(self, name: str) -> Sequence[Path]:
        file = self.tried_file(name)
        return (file, card_of(file))

    def _write(self, name: str, text: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / f".{name}.{os.getpid()}"
        partial.write_text(text, encoding="utf-8")
        partial.chmod(0o600)
        partial.replace(self.folder / name)


def _name(card: Path) -> str:
    return card.name.removesuffix(".json")
