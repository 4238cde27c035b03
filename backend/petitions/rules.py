"""What a deployment decides about petitions: catalogue, working days, how offices are named.

Handed to everything that files or handles petitions; one object a process, whose content changes
when the deployment's data do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import cast

from backend.catalogue import Catalogue, Urgency, load_catalogue
from backend.petitions.deadline import SHANGHAI, Calendar, due_date, load_calendar
from backend.petitions.naming import NamingRules, load_naming_rules

KINDS = ("complaint", "request", "suggestion", "inquiry", "report", "praise")
SENTIMENTS = ("calm", "grateful", "worried", "angry", "desperate")
STRONG_SENTIMENTS = ("desperate", "angry")
"""To be answered first, and in the right tone."""
URGENCIES = ("low", "normal", "high", "emergency")
ACCUSING_KINDS = frozenset({"complaint", "report"})
CONFIDENTIAL_KINDS = frozenset({"report"})
CONFIDENTIAL_TAGS = frozenset({"corruption"})
FALLBACK_DOMAIN = "other"


@dataclass(eq=False)
class PetitionRules:
    """The data behind filing and handling. Ask for its parts anew each time: they are replaced."""

    catalogue: Catalogue
    calendar: Calendar
    naming: NamingRules

    def take(self, catalogue: Catalogue, calendar: Calendar) -> None:
        """Go by these from now on, whoever holds these rules."""
        self.catalogue, self.calendar = catalogue, calendar

    def due_on(self, domain: str, urgency: str, start: datetime) -> date:
        """The last day to answer, Asia/Shanghai."""
        days = self.catalogue.services[self.domain(domain)].deadline.days(cast(Urgency, urgency))
        return due_date(start, days, self.calendar)

    def domain(self, domain: str) -> str:
        """`domain`, or the one for everything else where the catalogue no longer lists it."""
        return domain if domain in self.catalogue.services else FALLBACK_DOMAIN

    def working_day(self, now: datetime) -> date:
        """Today if it is worked, else the next working day (Asia/Shanghai)."""
        return due_date(now, 0, self.calendar)


def load_petition_rules(data: Path) -> PetitionRules:
    """Read `data/catalogue` and `data/rules/naming.yml`. Raises CatalogueError, CalendarError,
    NamingError, each naming the file and the entry."""
    return PetitionRules(
        load_catalogue(data / "catalogue"),
        load_calendar(data / "catalogue" / "working_days.yml"),
        load_naming_rules(data / "rules" / "naming.yml"),
    )


def today(now: datetime) -> date:
    """The day in Asia/Shanghai."""
    return now.astimezone(SHANGHAI).date()
