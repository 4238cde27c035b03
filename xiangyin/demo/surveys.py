"""Plays the demo county's surveys: written, opened, pushed and answered by the functions that do
it in service. Answers are read from people's words as the dialogue reads them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from actions.survey_reading import Answer, read_answer, says
from actions.turn import UNSURE, Turn
from actions.turn import Survey as OpenQuestion
from backend.catalogue import Catalogue
from backend.conversation.push_turns import PushTurns
from backend.conversation.signals import Signals
from backend.conversation.texts import Texts
from backend.database.engine import Database
from backend.surveys import answering
from backend.surveys.authoring import choose_divisions, create_survey
from backend.surveys.places import townships_of
from backend.surveys.push_limits import QuietHours
from backend.surveys.pushing import AHEAD_SECONDS, SurveyPusher
from backend.surveys.questions import Question, QuestionType
from backend.surveys.reading import Survey, read_survey
from backend.surveys.recipients import open_survey
from backend.surveys.tables import survey_recipient
from xiangyin.demo.cast import Cast
from xiangyin.demo.citizens import Citizens
from xiangyin.demo.stage import StoryClock
from xiangyin.demo.stories import DemoDataError
from xiangyin.demo.survey_schedule import Asked, Said, answers
from xiangyin.demo.survey_stories import AskedSurvey, DraftSurvey, SurveyMaterial

WRITTEN_BEFORE = timedelta(minutes=42)  # the opening


class SurveyPlayer:
    """`ask`, later `answer`; `draft` at any time. All raise DemoDataError."""

    def __init__(
        self,
        whole: Database,
        connection: AsyncConnection,
        clock: StoryClock,
        catalogue: Catalogue,
        cast: Cast,
        citizens: Citizens,
        texts: Texts,
        looks: Mapping[str, str],
    ) -> None:
        self._whole = whole
        self._connection = connection
        self._clock = clock
        self._catalogue = catalogue
        self._cast = cast
        self._citizens = citizens
        self._pusher = SurveyPusher(whole, clock, {}, quiet=QuietHours())
        self._push_turns = PushTurns(whole, clock, texts, looks, Signals(None, clock))

    async def ask(self, survey: AskedSurvey, opened: datetime) -> Survey:
        """Write it, open it to every village and put the first question to everyone."""
        actor = self._cast.official(survey.author)
        self._clock.time = opened - WRITTEN_BEFORE
        survey_id = await create_survey(self._connection, actor, survey.draft, self._clock.time)
        towns = await townships_of(self._connection, self._catalogue, actor)
        codes = [village.code for town in towns for village in town.villages]
        written = await self._read(survey.author, survey_id)
        await choose_divisions(
            self._connection, actor, survey_id, written.version, codes, self._clock.time
        )
        self._clock.time = opened
        last = opened.date() + timedelta(days=survey.closes_after_days)
        closes_at = datetime.combine(last + timedelta(days=1), time(), opened.tzinfo)
        ready = await self._read(survey.author, survey_id)
        await open_survey(
            self._whole,
            self._catalogue,
            actor,
            ready,
            ready.version,
            closes_at,
            opened,
            may_ask=codes,
        )
        await self._push()
        return await self._read(survey.author, survey_id)

    async def answer(
        self, material: SurveyMaterial, found: Survey, opened: datetime, seed: int
    ) -> int:
        """All that people say to it; how many have answered everything."""
        names = {one.code: one.name for one in self._catalogue.divisions.values()}
        people = await self._asked(found.id)
        for said in answers(material.asked, material.wishes, people, names, opened, seed):
            self._clock.time = said.at
            await self._say(found, said)
        completed = await self._connection.scalar(
            select(func.count()).where(
                survey_recipient.c.survey_id == found.id, survey_recipient.c.state == "completed"
            )
        )
        return int(completed or 0)

    async def draft(self, draft: DraftSurvey, at: datetime) -> None:
        """Written and meant for its villages, not opened."""
        actor = self._cast.official(draft.author)
        self._clock.time = at
        survey_id = await create_survey(self._connection, actor, draft.draft, self._clock.time)
        written = await self._read(draft.author, survey_id)
        codes = [
            village.code
            for town in await townships_of(self._connection, self._catalogue, actor)
            for village in town.villages
            if town.division.name in draft.townships
        ]
        await choose_divisions(
            self._connection, actor, survey_id, written.version, codes, self._clock.time
        )

    async def _push(self) -> None:
        """Round by round, as fast as accounts send, until everyone has been asked."""
        while await self._pusher.push():
            while await self._push_turns.take():
                pass
            await self._citizens.sent()
            self._clock.time += timedelta(seconds=AHEAD_SECONDS)

    async def _asked(self, survey_id: int) -> list[Asked]:
        to = survey_recipient.c
        rows = await self._connection.execute(
            select(to.citizen_id, to.source)
            .where(to.survey_id == survey_id, to.state == "asked")
            .order_by(to.id)
        )
        people = []
        for row in rows:
            village = self._catalogue.divisions[row.source.removeprefix("division:")]
            people.append(Asked(row.citizen_id, village.parent or "", village.code))
        return people

    async def _say(self, found: Survey, said: Said) -> None:
        """No message and no turn is kept beside the answer: thousands of them would make the
        county slow to fill, and no page shows them."""
        if said.declines:
            if not says("decline", said.words):
                raise DemoDataError(f"{said.words}: does not decline")
            declined = {"survey": found.id}
            await answering.decline(self._connection, said.citizen_id, declined, said.at)
            return
        question = found.questions[said.position - 1]
        answer = read_words(question, said.words, said.at)
        effect = {"survey": found.id, "position": said.position, **answer.fields()}
        await answering.answer(self._connection, said.citizen_id, None, effect, said.words, said.at)

    async def _read(self, login: str, survey_id: int) -> Survey:
        actor = self._cast.official(login)
        found = await read_survey(self._connection, actor, survey_id, self._clock.now())
        if found is None:
            raise DemoDataError(f"{login} does not see the survey they wrote")
        return found


def read_words(question: Question, words: str, at: datetime) -> Answer:
    """As the dialogue reads them in service. Raises DemoDataError where it would ask again."""
    turn = Turn(intent=UNSURE, likely=UNSURE, text=words, kind="text", channel="sms", now=at)
    shown = OpenQuestion(
        id=0,
        position=1,
        total=1,
        type=question.type.value,
        options=tuple(question.options),
        lowest=question.lowest,
        highest=question.highest,
        open=True,
        shown=True,
    )
    read = read_answer(turn, shown)
    if read is None and question.type is QuestionType.TEXT:
        return Answer(in_words=True)
    if not isinstance(read, Answer):
        raise DemoDataError(f"{question.text}: {words!r} is not understood")
    return read
