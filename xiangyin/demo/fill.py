"""Fill an empty database with the demo county, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.arrivals import Arrivals
from backend.conversation.effects import Effects
from backend.conversation.notices import ConversationNotifier
from backend.conversation.reading import Readings
from backend.conversation.signals import Signals
from backend.conversation.tables import citizen
from backend.conversation.texts import Texts
from backend.conversation.turn import TurnTaker
from backend.database.engine import Database
from backend.database.revision import current_revision
from backend.database.schema import metadata
from backend.duty.alarm import PATIENCE, Alarm
from backend.organisation.accounts import ensure_accounts
from backend.organisation.tables import account, user
from backend.petitions.desk import Desk
from backend.petitions.rules import PetitionRules
from backend.petitions.tables import petition
from xiangyin.demo.accounts import DEMO_ACCOUNTS
from xiangyin.demo.cast import Cast
from xiangyin.demo.citizens import Citizens
from xiangyin.demo.dialogue import StoryBot
from xiangyin.demo.player import Player
from xiangyin.demo.residents import opt_out, settle
from xiangyin.demo.schedule import schedule
from xiangyin.demo.stage import OneTransaction, StoryClock
from xiangyin.demo.stories import SEASON_DAYS, Material
from xiangyin.demo.survey_schedule import in_office
from xiangyin.demo.survey_stories import SurveyMaterial
from xiangyin.demo.surveys import SurveyPlayer

SEED = 20_260_828


class Holding(StrEnum):
    """What a database holds."""

    NOTHING = "nothing"
    DEMO = "demo"
    REAL = "real"


class NotEmpty(Exception):
    """The database holds people, petitions or a demo county already; nothing was written."""


@dataclass(frozen=True, slots=True)
class Filled:
    """How many petitions the county now has, of how many stories, and how many people have
    answered the whole survey."""

    petitions: int
    stories: int
    surveyed: int


async def holding(database: Database) -> Holding:
    """Look before anything is written or thrown away. A database is a demo's only if it has the
    demo's accounts and no others that anyone wrote to."""
    if await current_revision(database) is None:
        return Holding.NOTHING
    async with database.read() as connection:
        names = set((await connection.scalars(select(account.c.name))).all())
        if names and names == set(DEMO_ACCOUNTS.values()):
            return Holding.DEMO
        for table in (petition, citizen, user):
            if await connection.scalar(select(func.count()).select_from(table)):
                return Holding.REAL
    return Holding.NOTHING


async def clear(database: Database) -> None:
    """Throw a demo county away, with its whole schema. Raises NotEmpty for anything else."""
    if await holding(database) is Holding.REAL:
        raise NotEmpty
    async with database.write() as connection:
        await connection.run_sync(metadata.drop_all)
        # What SQLAlchemy does not know of: SQLite's search index and the schema's version.
        await connection.execute(text("DROP TABLE IF EXISTS petition_fts"))
        await connection.execute(text("DROP TABLE IF EXISTS alembic_version"))


async def fill(
    database: Database,
    material: Material,
    surveys: SurveyMaterial | None,
    *,
    now: datetime,
    password: str,
    rules: PetitionRules,
    readings: Readings,
    texts: Texts,
    media_folder: Path,
) -> Filled:
    """Play petitions and surveys into a prepared database that holds nothing. Raises NotEmpty,
    DemoDataError, PasswordRefused; then nothing was written. `surveys` None: none is asked."""
    if await holding(database) is not Holding.NOTHING:
        raise NotEmpty
    steps = schedule(material.stories, rules.calendar, now, SEED)
    async with database.write() as connection:
        county = rules.catalogue.county.code
        await ensure_accounts(
            connection, [(name, channel, county) for channel, name in DEMO_ACCOUNTS.items()]
        )
        clock = StoryClock(now - timedelta(days=SEASON_DAYS + 10))
        whole = OneTransaction(database, connection)
        looks = {name: channel for channel, name in DEMO_ACCOUNTS.items()}
        bot = StoryBot()
        effects = Effects(readings, rules, Alarm(texts, looks, PATIENCE))
        taker = TurnTaker(whole, clock, bot, effects, readings, texts, looks)
        notifier = ConversationNotifier(texts, looks, Signals(None, clock), clock)
        cast = await Cast.engage(connection, material, password, clock.now())
        citizens = Citizens(connection, Arrivals(whole, clock), taker, bot, clock, media_folder)
        player = Player(
            connection,
            clock,
            rules,
            Desk(notifier, rules, clock),
            citizens,
            cast,
            material.stories,
        )
        asking = SurveyPlayer(
            whole, connection, clock, rules.catalogue, cast, citizens, texts, looks
        )
        surveyed = 0
        if surveys is None:
            await player.play(steps)
        else:
            residents = await settle(connection, rules.catalogue, clock.now())
            opened = in_office(surveys.asked.opened, rules.calendar, now)
            await opt_out(citizens, clock, residents, opened)
            await player.play([step for step in steps if step.at < opened])
            survey = await asking.ask(surveys.asked, opened)
            await player.play([step for step in steps if step.at >= opened])
            surveyed = await asking.answer(surveys, survey, opened, SEED)
            written = in_office(surveys.draft.written, rules.calendar, now)
            await asking.draft(surveys.draft, written)
        return Filled(await _count(connection), len(material.stories), surveyed)


async def _count(connection: AsyncConnection) -> int:
    return int(await connection.scalar(select(func.count()).select_from(petition)) or 0)
