"""What this installation has to teach: its database's corrections, and a history it was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from backend.database.engine import Database
from backend.database.revision import current_revision, newest_revision
from backend.deployment import versions
from backend.deployment.effective import effective, load_shipped
from backend.learning.lessons import Lesson, Lessons, corrected_petitions, usable
from backend.learning.shelf import Shelf
from backend.petitions.rules import KINDS
from backend.triage.examples import TrainingData
from xiangyin.preparation import DATA, prepare_database
from xiangyin.settings import Settings


class OldSchema(Exception):
    """The database is of an older program: migrate first."""


@dataclass(frozen=True)
class Taught:
    """`lessons`, and the names of the domains of the catalogue as it is, by code."""

    lessons: Lessons
    domain_names: Mapping[str, str]


async def read_lessons(
    settings: Settings, shelf: Shelf, authored: TrainingData, *, migrating: bool = False
) -> Taught:
    """Corrections (none where there is no database yet) and the history kept on the shelf.
    `migrating` brings an older database to this program's schema first. Raises OldSchema, and
    what the database raises."""
    shipped = load_shipped(DATA)
    corrected: Sequence[Lesson] = []
    last, services = 0, shipped.catalogue.services
    database = Database(settings.database_url)
    try:
        if await is_ready(settings, database, migrating=migrating):
            async with database.read() as connection:
                corrected, last = await corrected_petitions(connection)
                own = await versions.newest(connection)
            services = effective(shipped, own).catalogue.services
        elif await _holds_older_tables(settings, database):
            raise OldSchema
    finally:
        await database.close()
    known = {example.domain for example in authored.examples if example.domain is not None}
    lessons = usable([*corrected, *shelf.history()], last, KINDS, services, known)
    return Taught(lessons, {code: service.name for code, service in services.items()})


async def is_ready(settings: Settings, database: Database, *, migrating: bool = False) -> bool:
    """Whether the database has this program's tables; with `migrating` an older one gets them."""
    if not _is_there(settings.database_url):
        return False
    revision = await current_revision(database)
    if revision is not None and revision != newest_revision() and migrating:
        await prepare_database(database)
        return True
    return revision == newest_revision()


async def _holds_older_tables(settings: Settings, database: Database) -> bool:
    return _is_there(settings.database_url) and await current_revision(database) is not None


def _is_there(url: str) -> bool:
    """Looking into a SQLite file that is not there would make one."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return True
    return bool(parsed.database) and Path(str(parsed.database)).exists()
