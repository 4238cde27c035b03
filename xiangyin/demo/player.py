"""Plays the schedule: each step by the domain function that does it in service."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from actions.words import label, satisfaction
from backend.conversation.tables import conversation
from backend.organisation.sessions import Actor
from backend.organisation.tables import org
from backend.petitions.correction import Correction
from backend.petitions.desk import Desk
from backend.petitions.handover import close_handover
from backend.petitions.offices import suggest_offices
from backend.petitions.outcomes import Done, Forbidden, Missing, Outcome
from backend.petitions.rules import PetitionRules
from backend.petitions.tables import handover, petition
from backend.surveys.wording import SURVEY_KEYS
from xiangyin.demo.cast import Cast
from xiangyin.demo.citizens import Citizens, Person
from xiangyin.demo.schedule import Act, Step
from xiangyin.demo.stage import StoryClock
from xiangyin.demo.stories import DemoDataError, Placed

# What a citizen's step means to the dialogue.
MEANINGS = {
    Act.PHONE: "inform",
    Act.ADD: "add_details",
    Act.ASK: "check_progress",
    Act.REMIND: "remind",
    Act.HUMAN: "ask_human",
}


class Player:
    """Plays steps in order of time. Raises DemoDataError naming a story that cannot be played."""

    def __init__(
        self,
        connection: AsyncConnection,
        clock: StoryClock,
        rules: PetitionRules,
        desk: Desk,
        citizens: Citizens,
        cast: Cast,
        stories: Sequence[Placed],
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._rules = rules
        self._desk = desk
        self._citizens = citizens
        self._cast = cast
        self._stories = stories
        self._petitions: dict[int, int] = {}
        self._acts: dict[Act, Callable[[Step], Awaitable[None]]] = {
            Act.FILE: self._file,
            Act.WITHDRAW: self._withdraw,
            Act.RATE: self._rate,
            Act.ACCEPT: self._accept,
            Act.DISPATCH: self._dispatch,
            Act.MISDISPATCH: self._misdispatch,
            Act.RETURN: self._return,
            Act.START: self._start,
            Act.NOTE: self._note,
            Act.SUPERVISE: self._supervise,
            Act.ANSWER: self._answer,
            Act.TAKE_OVER: self._take_over,
            **dict.fromkeys(MEANINGS, self._write),
        }

    async def play(self, steps: Sequence[Step]) -> None:
        for step in steps:
            self._clock.time = step.at
            await self._acts[step.act](step)
            await self._citizens.sent()

    async def _file(self, step: Step) -> None:
        placed = self._stories[step.story]
        chance = random.Random(f"{step.story}:file")  # noqa: S311
        await self._citizens.file(step.story, placed, chance)
        person = self._citizens.person(step.story, placed)
        found = await self._connection.execute(
            select(petition.c.id)
            .where(petition.c.citizen_id == person.citizen_id)
            .order_by(petition.c.id.desc())
            .limit(1)
        )
        filed = found.scalar_one_or_none()
        if filed is None or filed in self._petitions.values():
            raise DemoDataError(f"{placed.story.messages[0]}: no petition came of it")
        self._petitions[step.story] = filed

    async def _write(self, step: Step) -> None:
        person = self._citizens.person(step.story, self._stories[step.story])
        words = step.words or person.phone
        await self._citizens.write(person, [words], MEANINGS[step.act])

    async def _withdraw(self, step: Step) -> None:
        person = self._citizens.person(step.story, self._stories[step.story])
        await self._citizens.write(person, [step.words], "withdraw")
        await self._citizens.write(person, ["撤回"], "affirm")

    async def _rate(self, step: Step) -> None:
        """The digit alone; or words, in which the level is named where they do not say it. A digit
        would answer what was asked last: who has been sent a survey since uses words."""
        person = self._citizens.person(step.story, self._stories[step.story])
        assert step.level is not None
        named = label(f"level_{step.level}")
        said = step.words or (named if await self._surveyed(person) else str(step.level))
        if satisfaction(said) != step.level:
            said = f"{named}，{said}"
        await self._citizens.write(person, [said], "rate")
        row = await self._row(step)
        if row.rating != step.level:
            raise DemoDataError(f"{row.title}: {said!r} was not read as {step.level}")

    async def _surveyed(self, person: Person) -> bool:
        shown: dict[str, str] | None = await self._connection.scalar(
            select(conversation.c.prompt).where(conversation.c.citizen_id == person.citizen_id)
        )
        return shown is not None and shown["key"].startswith(SURVEY_KEYS)

    async def _accept(self, step: Step) -> None:
        """受理, and the machine's reading set right where it was wrong."""
        placed, row = self._stories[step.story], await self._row(step)
        await self._by_desk(step, self._desk.accept)
        story = placed.story
        moved = row.place_code != placed.division and story.place is not None
        correction = Correction(
            kind=story.kind if row.kind != story.kind else None,
            domain=story.domain if row.domain != story.domain else None,
            place=placed.where if moved else None,
            place_code=placed.division if moved else None,
        )
        if correction != Correction():
            await self._by_desk(step, self._desk.correct, correction)

    async def _dispatch(self, step: Step) -> None:
        row = await self._row(step)
        offices = await suggest_offices(
            self._connection,
            self._rules,
            petition_id=row.id,
            domain=row.domain,
            place_code=row.place_code,
        )
        if offices.lead is None:
            return
        assisting = [one.id for one in offices.assisting[:1]] if row.id % 4 == 0 else []
        await self._by_desk(step, self._desk.dispatch, offices.lead.id, assisting, step.words)

    async def _misdispatch(self, step: Step) -> None:
        found = await self._connection.execute(select(org.c.id).where(org.c.code == step.words))
        await self._by_desk(step, self._desk.dispatch, found.scalar_one())

    async def _return(self, step: Step) -> None:
        await self._by_lead(step, self._desk.return_, step.words)

    async def _start(self, step: Step) -> None:
        if (await self._row(step)).state == "dispatched":
            await self._by_lead(step, self._desk.start)

    async def _note(self, step: Step) -> None:
        await self._by_lead(step, self._desk.note, step.words)

    async def _supervise(self, step: Step) -> None:
        await self._taken(step, [self._cast.supervisor], self._desk.note, [step.words])

    async def _answer(self, step: Step) -> None:
        await self._by_lead(step, self._desk.answer, step.words)
        await self._citizens.sent()
        person = self._citizens.person(step.story, self._stories[step.story])
        await self._citizens.take_turns(person, "ask_rating")

    async def _take_over(self, step: Step) -> None:
        person = self._citizens.person(step.story, self._stories[step.story])
        waiting = await self._connection.execute(
            select(handover.c.id).where(
                handover.c.citizen_id == person.citizen_id, handover.c.done_at.is_(None)
            )
        )
        for row in waiting.all():
            await close_handover(self._connection, self._cast.supervisor, row.id, self._clock.now())

    async def _row(self, step: Step) -> Row[Any]:
        found = await self._connection.execute(
            select(petition).where(petition.c.id == self._petitions[step.story])
        )
        return found.one()

    async def _by_desk(
        self, step: Step, take: Callable[..., Awaitable[Outcome]], *given: Any
    ) -> None:
        row = await self._row(step)
        await self._taken(step, [self._cast.desk(row.org_id), self._cast.supervisor], take, given)

    async def _by_lead(
        self, step: Step, take: Callable[..., Awaitable[Outcome]], *given: Any
    ) -> None:
        """By the office in charge; what no office may have, the county's supervisor handles."""
        row = await self._row(step)
        actors = [self._cast.supervisor]
        if row.lead_org_id is not None:
            actors.insert(0, await self._cast.handler(self._connection, row.lead_org_id))
        await self._taken(step, actors, take, given)

    async def _taken(
        self,
        step: Step,
        actors: Sequence[Actor],
        take: Callable[..., Awaitable[Outcome]],
        given: Sequence[Any],
    ) -> None:
        """The first of the actors who may takes the step."""
        row = await self._row(step)
        outcome: Outcome = Missing()
        for actor in actors:
            outcome = await take(self._connection, actor, row.number, row.version, *given)
            if not isinstance(outcome, Missing | Forbidden):
                break
        if not isinstance(outcome, Done):
            words = self._stories[step.story].story.messages[0]
            raise DemoDataError(f"{words}: {step.act}: {outcome}")
