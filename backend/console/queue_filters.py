"""What the address of the queue asks for, and the shortest address that asks the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from backend.console.wording import OPEN_STATES
from backend.petitions.lifecycle import State
from backend.petitions.queue import Filters
from backend.petitions.remaining import REMAINING, remaining_days
from backend.petitions.rules import KINDS, STRONG_SENTIMENTS, PetitionRules
from backend.web.texts import OfficialTexts

LONGEST_SEARCH = 100
ALL = "all"
STRONG = "strong"
"""Of any of the moods that are to be answered first."""
# The tabs over the list: name → the states in it. The first is what one sees on coming.
TABS: Mapping[str, tuple[str, ...]] = {
    "open": tuple(sorted(OPEN_STATES)),
    "received": (State.RECEIVED.value,),
    "accepted": (State.ACCEPTED.value,),
    "working": (State.DISPATCHED.value, State.IN_PROGRESS.value),
    "answered": (State.RESOLVED.value,),
    "over": (State.CLOSED.value, State.WITHDRAWN.value),
    ALL: (),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Anything unknown in the address is left out. `due`: one of REMAINING. `office`: an id.
    `mood`: STRONG or one of STRONG_SENTIMENTS."""

    tab: str = "open"
    kind: str = ""
    domain: str = ""
    place: str = ""
    office: str = ""
    channel: str = ""
    due: str = ""
    mood: str = ""
    text: str = ""
    after: str = ""

    @property
    def narrowed(self) -> int:
        """How many filters beside the tab are set."""
        chosen = (self.kind, self.domain, self.place, self.office, self.channel, self.due)
        return sum(bool(one) for one in (*chosen, self.mood, self.text))

    def filters(self, rules: PetitionRules, now: datetime) -> Filters:
        due_from, due_until = (
            remaining_days(self.due, now, rules.calendar) if self.due else (None, None)
        )
        return Filters(
            states=TABS[self.tab],
            kinds=(self.kind,) if self.kind else (),
            domains=(self.domain,) if self.domain else (),
            channels=(self.channel,) if self.channel else (),
            sentiments=_moods(self.mood),
            place_codes=rules.catalogue.within(self.place) if self.place else (),
            org_id=int(self.office) if self.office else None,
            due_from=due_from,
            due_until=due_until,
            text=self.text,
        )

    def query(self) -> dict[str, str]:
        """The query of the address."""
        wanted = {
            "state": "" if self.tab == "open" else self.tab,
            "kind": self.kind,
            "domain": self.domain,
            "place": self.place,
            "office": self.office,
            "channel": self.channel,
            "due": self.due,
            "mood": self.mood,
            "q": self.text,
            "after": self.after,
        }
        return {name: value for name, value in wanted.items() if value}

    def view(self) -> dict[str, str]:
        """What a saved view keeps: all but the page."""
        return replace(self, after="").query()


def _moods(asked: str) -> tuple[str, ...]:
    if asked == STRONG:
        return STRONG_SENTIMENTS
    return (asked,) if asked else ()


def asked_by(query: Mapping[str, str], rules: PetitionRules, texts: OfficialTexts) -> Asked:
    """Read a query without trusting it."""

    def listed(name: str, known: object) -> str:
        value = query.get(name, "")
        return value if value in known else ""  # type: ignore[operator]

    office = query.get("office", "")
    return Asked(
        tab=listed("state", TABS) or "open",
        kind=listed("kind", KINDS),
        domain=listed("domain", rules.catalogue.services),
        place=listed("place", rules.catalogue.divisions),
        office=office if office.isascii() and office.isdigit() and len(office) <= 15 else "",
        channel=listed("channel", texts.channels),
        due=listed("due", REMAINING),
        mood=listed("mood", (STRONG, *STRONG_SENTIMENTS)),
        text=query.get("q", "").replace("\x00", "").strip()[:LONGEST_SEARCH],
        after=query.get("after", ""),
    )
