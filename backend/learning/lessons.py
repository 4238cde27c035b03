"""What a deployment's people teach beside the authored examples: corrections, and its history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.petitions.tables import petition, petition_correction

CORRECTION = "correction"
HISTORY = "history"
TAUGHT_FIELDS = ("kind", "domain", "sentiment")
FEWEST = 5
"""A domain the authored examples do not know needs so many texts: with fewer it cannot be tried."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One petition's words without its writer, and what a person says it is (codes). `source` is
    CORRECTION or HISTORY; lessons with the same `key` are of one petition. `sentiment` is None
    where nobody says how the writer feels."""

    text: str
    kind: str
    domain: str
    source: str
    key: str
    sentiment: str | None = None


@dataclass(frozen=True)
class Lessons:
    """`left_out` counts those of domains taken off the catalogue, or with too few texts to learn
    from; `last_correction` is the id of the newest correction looked at, 0 where there is none."""

    taught: Sequence[Lesson] = ()
    last_correction: int = 0
    left_out: int = 0

    def count(self, source: str) -> int:
        return sum(lesson.source == source for lesson in self.taught)

    @property
    def digest(self) -> str:
        """Changes when anything that is taught does."""
        digest = sha256()
        for lesson in self.taught:
            line = (lesson.key, lesson.kind, lesson.domain, lesson.text, lesson.sentiment or "")
            digest.update("\0".join(line).encode("utf-8", "replace") + b"\n")
        return digest.hexdigest()


async def corrected_petitions(connection: AsyncConnection) -> tuple[Sequence[Lesson], int]:
    """One lesson for each petition whose kind, domain or mood an official set right, oldest first,
    and the newest correction's id. What they left standing beside it counts as confirmed: all stand
    in one panel. Nothing of what is, or was then, confidential."""
    correction = petition_correction.c
    newest = select(func.max(correction.id)).scalar_subquery()
    last = (
        select(func.max(correction.id))
        .where(correction.field.in_(TAUGHT_FIELDS), correction.text.is_not(None))
        .group_by(correction.petition_id)
    )
    rows = await connection.execute(
        select(
            correction.petition_id,
            correction.text,
            petition.c.kind,
            petition.c.domain,
            petition.c.sentiment,
        )
        .join(petition, petition.c.id == correction.petition_id)
        .where(correction.id.in_(last), petition.c.confidential.is_(False))
        .order_by(correction.petition_id)
    )
    lessons = [
        Lesson(
            row.text,
            row.kind,
            row.domain,
            CORRECTION,
            f"petition:{row.petition_id}",
            row.sentiment,
        )
        for row in rows
    ]
    return lessons, int(await connection.scalar(select(newest)) or 0)


def usable(
    lessons: Iterable[Lesson],
    last_correction: int,
    kinds: Iterable[str],
    services: Mapping[str, object],
    authored: Iterable[str],
) -> Lessons:
    """The lessons a model can be taught: of `kinds` and domains of the catalogue as it is
    (`services`), each domain one of the `authored` or with `FEWEST` texts of its own."""
    kinds, authored = frozenset(kinds), frozenset(authored)
    given = list(lessons)
    known = [one for one in given if one.kind in kinds and one.domain in services]
    counts = Counter(one.domain for one in known)
    taught = [one for one in known if one.domain in authored or counts[one.domain] >= FEWEST]
    return Lessons(taught, last_correction, len(given) - len(taught))
