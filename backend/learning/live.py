"""The model in service, taken up by running processes when another one is put there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from backend.learning.shelf import Shelf
from backend.ports import Clock
from backend.triage import classifier
from backend.triage.classifier import Classifier
from backend.triage.model import ModelError

log = structlog.get_logger(__name__)

POLL_SECONDS = 2.0

_Stamp = tuple[Path, int, int]


class ModelWatch:
    """`take` is called with every classifier that comes into service after the one `load_serving`
    gave. Processes ask the files, so nothing needs to be told: whoever trains may be elsewhere."""

    def __init__(
        self, shelf: Shelf, rules: Path, clock: Clock, take: Callable[[Classifier], None]
    ) -> None:
        self._shelf = shelf
        self._rules = rules
        self._clock = clock
        self._take = take
        self._seen = self._stamp()

    async def follow(self) -> None:
        """Look every two seconds, for ever."""
        while True:
            await self.refresh()
            await self._clock.sleep(POLL_SECONDS)

    async def refresh(self) -> None:
        """Take up the model in service if it is another than the last time. One that cannot be
        read is logged once, and the present one stays."""
        stamp = self._stamp()
        if stamp == self._seen:
            return
        self._seen = stamp
        file = stamp[0]
        try:
            found = await asyncio.to_thread(classifier.load, file, self._rules)
        except ModelError as error:
            log.error("model.unusable", model=file.name, error=str(error))
            return
        self._take(found)
        log.info("model.taken_up", model=file.name, version=str(found.card["sha256"])[:16])

    def _stamp(self) -> _Stamp:
        file = self._shelf.serving_file()
        try:
            found = file.stat()
        except FileNotFoundError:
            return file, 0, 0
        return file, found.st_mtime_ns, found.st_ino


def load_serving(shelf: Shelf, rules: Path) -> Classifier:
    """The classifier in service; where its file cannot be read, the shipped one, and it is logged:
    citizens are answered meanwhile. Raises ModelError where neither can be, RulesError."""
    try:
        return classifier.load(shelf.serving_file(), rules)
    except ModelError as error:
        if shelf.serving_file() == shelf.shipped:
            raise
        log.error("model.unusable", model=shelf.in_service(), error=str(error))
    return classifier.load(shelf.shipped, rules)
