"""The story of a petition in words: what happened, who did it, what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from backend.console.wording import day_words
from backend.petitions.timeline import Happened, TimelineItem
from backend.web.texts import OfficialTexts

# Facts of an event worth a line; the others are told by the event itself or seen elsewhere.
TOLD = ("kind", "domain", "urgency", "sentiment", "place", "org_id", "due_on", "lead_org_id",
        "assisting", "confidential", "level", "phone", "words", "main",
        "joined", "counter")  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChangeLine:
    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class EventLine:
    """One line; `actor` is citizen, official or machine."""

    at: datetime
    actor: str
    words: str
    who: str
    changes: Sequence[ChangeLine]
    reason: str


def event_lines(
    timeline: Sequence[TimelineItem],
    texts: OfficialTexts,
    services: Mapping[str, str],
    offices: Mapping[int, str],
) -> Sequence[EventLine]:
    """Newest first; looked at from above one sees how it stands."""
    words = _Words(texts, services, offices)
    lines = [words.line(item) for item in timeline if isinstance(item, Happened)]
    return list(reversed(lines))


class _Words:
    def __init__(
        self, texts: OfficialTexts, services: Mapping[str, str], offices: Mapping[int, str]
    ) -> None:
        self._texts = texts
        self._services = services
        self._offices = offices

    def line(self, event: Happened) -> EventLine:
        who = " ".join(filter(None, (event.org_name, event.user_name)))
        return EventLine(
            at=event.at,
            actor=event.actor,
            words=self._texts.word("events", event.type),
            who=who or self._texts.word("actors", event.actor),
            changes=[
                ChangeLine(self._texts.word("fields", name), *self._both(name, value))
                for name in TOLD
                if self._told(value := event.detail.get(name))
            ],
            reason=event.reason,
        )

    def _told(self, value: Any) -> bool:
        return value not in (None, "", [], False)

    def _both(self, name: str, value: Any) -> tuple[str, str]:
        """Old and new; what is no change has only the new."""
        if name != "assisting" and isinstance(value, list) and len(value) == 2:
            return self._one(name, value[0]), self._one(name, value[1])
        return "", self._one(name, value)

    def _one(self, name: str, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, list):
            return "、".join(self._one(name, one) for one in value)
        if isinstance(value, bool):
            return self._texts.word("yes_no", value)
        if name in ("lead_org_id", "org_id", "assisting"):
            return self._offices.get(value, str(value))
        if name == "domain":
            return self._services.get(value, str(value))
        if name == "due_on":
            return day_words(date.fromisoformat(value))
        group = {
            "kind": "kinds",
            "urgency": "urgencies",
            "sentiment": "sentiments",
            "level": "ratings",
        }
        return self._texts.word(group[name], value) if name in group else str(value)
