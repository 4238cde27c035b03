"""Asks a citizen about to file whether theirs is what others at the place have brought up already.

The bot is a pure function: where it would file, and others wait for the same, it is asked the same
turn again, told of them (`context.same`), and then asks the citizen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backend.conversation.reading import Readings
from backend.conversation.scene import Scene
from backend.petitions.joinable import AboutToFile, JoinableFinder
from backend.petitions.rules import PetitionRules


class SameMatters:
    """What the bot is told of others' open petition of the same matter and place."""

    def __init__(self, finder: JoinableFinder, readings: Readings, rules: PetitionRules) -> None:
        self._finder = finder
        self._readings = readings
        self._rules = rules

    async def told(
        self, scene: Scene, effects: Sequence[Mapping[str, Any]]
    ) -> Mapping[str, Any] | None:
        """{number, place, matter, people} for the bot's context; None where nothing is to be
        asked: nothing is filed, the citizen was asked already, or nobody else waits for it."""
        filing = next((one for one in effects if one["type"] == "file_petition"), None)
        if filing is None or filing.get("asked"):
            return None
        read = await self._readings.petition(filing["text"], filing["place"], emergency=None)
        if read.machine.sensitive:
            return None
        found = await self._finder.find(
            AboutToFile(
                scene.citizen_id,
                scene.org_id,
                filing["text"],
                filing["place"],
                filing.get("place_code") or read.place_code,
                filing.get("kind") or read.machine.kind.value,
                self._rules.domain(read.machine.domain.value),
                scene.now,
            )
        )
        if found is None:
            return None
        catalogue = self._rules.catalogue
        place = catalogue.divisions.get(found.place_code)
        if place is None:
            return None
        return {
            "number": found.number,
            "place": place.name,
            "matter": catalogue.services[self._rules.domain(found.domain)].name,
            "people": found.people,
        }
