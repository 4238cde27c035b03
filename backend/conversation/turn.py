"""One turn: what is said and done about the messages, committed as one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation import (
    consent,
    following,
    following_effects,
    menu_commands,
    offers,
    outbox,
    prompts,
    survey_effects,
    turn_request,
    turns,
)
from backend.conversation.bot_client import BotClient, BotRefused, BotUnavailable
from backend.conversation.effects import Effects
from backend.conversation.fragments import Waiting
from backend.conversation.lease import Lease
from backend.conversation.link_words import link_rule
from backend.conversation.photo_text import words_in_photos
from backend.conversation.prompts import Prompt
from backend.conversation.reading import Readings
from backend.conversation.same_matters import SameMatters
from backend.conversation.scene import Scene
from backend.conversation.steps import reach
from backend.conversation.tables import address, citizen
from backend.conversation.texts import Reply, Texts
from backend.conversation.told_about import told_about
from backend.conversation.turns import Turn
from backend.conversation.whereabouts import Whereabouts
from backend.database.engine import Database
from backend.organisation.tables import account
from backend.petitions.progress import recent_for_citizen
from backend.petitions.rules import today
from backend.ports import Clock
from backend.surveys.answering import OPEN_FOR
from backend.triage.cleaning import as_written

# After this many failed tries the citizen hears that the message has arrived.
SAY_RECEIVED_AT = 2

_OWN = (
    select(
        citizen.c.home_place,
        consent.OPTED_OUT,
        OPEN_FOR,
        address.c.scene,
        address.c.scanned_at,
    )
    .outerjoin_from(citizen, address, address.c.id == bindparam("at_address"))
    .where(citizen.c.id == bindparam("whose"))
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a turn decided, by the bot or by a rule, before anything is written."""

    handled_by: str
    replies: Sequence[Mapping[str, Any]]
    effects: Sequence[Mapping[str, Any]]
    state: dict[str, Any] | None
    busy: bool
    reading: Mapping[str, Any] | None = None
    model: str | None = None
    chosen: int | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A committed turn. `queued`: an outbox row to send now; `more`: another turn may follow."""

    queued: int | None
    more: bool


class TurnTaker:
    """Begins, answers and commits turns. `looks` gives the wording per account name; with
    `same`, citizens are asked whether to join others; with `whereabouts`, whether it is here."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        bot: BotClient,
        effects: Effects,
        readings: Readings,
        texts: Texts,
        looks: Mapping[str, str],
        same: SameMatters | None = None,
        whereabouts: Whereabouts | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._bot = bot
        self._effects = effects
        self._readings = readings
        self._texts = texts
        self._looks = looks
        self._same = same
        self._whereabouts = whereabouts
        self._accounts: dict[int, Any] = {}

    async def begin(self, connection: AsyncConnection, lease: Lease, now: datetime) -> Turn | None:
        """The turn to do now, stored; None when nothing waits."""
        prompted = prompts.live(lease.prompt, now)
        return await turns.begin(
            connection,
            lease,
            now,
            rule_for=lambda each: self._rule_for(each, lease, now),
            standalone=lambda each: (
                turn_request.chosen_option([each], prompted) is not None
                or self._readings.is_number(each.text)
            ),
        )

    def _rule_for(self, message: Waiting, lease: Lease, now: datetime) -> str | None:
        if message.kind in turn_request.SAID and message.text:
            linking = lease.linking_until is not None and now < lease.linking_until
            return self._readings.rule(message.text) or link_rule(message.text, linking=linking)
        if message.kind != "event":
            return None
        event = str((message.detail or {}).get("event"))
        if event == following.SCANS and lease.busy:
            return None  # it may answer where the matter under way is
        if event in following_effects.RULES:
            return following_effects.RULES[event]
        # Someone sent a kind of message we cannot read and waits; a mere report waits for nothing.
        if event == "other":
            return "unsupported" if message.reply_until is not None else None
        return menu_commands.rule_of(message)

    async def take(self, lease: Lease, turn: Turn) -> Taken:
        """Answer and commit. Raises BotUnavailable, LeaseLost, SQLAlchemyError."""
        now = self._clock.now()
        scene = await self._scene(lease, turn, now)
        if turn.rule is not None:
            answer = self._by_rule(lease, turn)
        else:
            answer = await self._by_bot(lease, turn, scene)
        prepared = await self._effects.prepare(answer.effects, self._in_photos)
        reach("turn.before_commit")
        async with self._database.write() as connection:
            queued = await self._commit(connection, lease, turn, scene, answer, prepared)
        # What the system itself wants to say has waited for the end of the form.
        return Taken(queued, more=turn.more or (lease.busy and not answer.busy))

    async def _in_photos(self, message_ids: Sequence[int]) -> str:
        async with self._database.glance() as connection:
            return await words_in_photos(connection, message_ids)

    async def _scene(self, lease: Lease, turn: Turn, now: datetime) -> Scene:
        last = turn.messages[-1]
        if last.account_id not in self._accounts:
            async with self._database.glance() as connection:
                rows = await connection.execute(select(account))
                self._accounts = {row.id: row for row in rows}
        row = self._accounts[last.account_id]
        return Scene(
            citizen_id=lease.citizen_id,
            account_id=row.id,
            address_id=last.address_id,
            org_id=row.org_id,
            channel=row.channel,
            look=self._looks.get(row.name, row.channel),
            turn_id=turn.id,
            messages=turn.messages,
            now=now,
        )

    def _by_rule(self, lease: Lease, turn: Turn) -> Answer:
        replies, effects = self._effects.by_rule(turn.rule or "", turn.messages)
        return Answer("rule", replies, effects, lease.state, lease.busy)

    async def _by_bot(self, lease: Lease, turn: Turn, scene: Scene) -> Answer:
        text = turn_request.cleaned_text(turn.messages, self._readings.place_words)
        around, prompted = await self._around(scene, prompts.live(lease.prompt, scene.now), text)
        request = turn_request.build(
            turn_id=turn.id,
            channel=scene.look,
            now=scene.now,
            state=lease.state,
            messages=turn.messages,
            text=text,
            entities=await self._readings.entities(text, today(scene.now)),
            prompt=prompted,
            around=around,
        )
        reach("turn.bot_asked")
        response = await self._bot.turn(request)
        if self._same is not None and (same := await self._same.told(scene, response["effects"])):
            context = {**request["context"], "same": same}
            response = await self._bot.turn({**request, "context": context})
        reach("turn.bot_answered")
        option = turn_request.chosen_option(turn.messages, prompted)
        return Answer(
            "bot",
            response["replies"],
            response["effects"],
            response["state"],
            response["busy"],
            response["reading"],
            response["model"],
            option[0] if option else None,
        )

    async def _around(
        self, scene: Scene, prompted: Prompt | None, text: str
    ) -> tuple[turn_request.Surroundings, Prompt | None]:
        """What the bot is told, and the prompt, unless that has not left for the citizen yet."""
        async with self._database.glance() as connection:
            petitions = await recent_for_citizen(connection, scene.citizen_id)
            own = await connection.execute(
                _OWN, {"whose": scene.citizen_id, "at_address": scene.address_id}
            )
            home_place, opted_out, surveyed_as, scanned, scanned_at = own.one()
            survey, prompted = await survey_effects.around(
                connection, surveyed_as, prompted, scene.now
            )
        surroundings = turn_request.Surroundings(
            [
                {
                    "number": each.number,
                    "title": each.title,
                    "state": each.state,
                    "placeless": each.placeless,
                }
                for each in petitions
            ],
            home_place,
            opted_out,
            survey,
            self._readings.guide_entry(text),
            await self._readings.petition_likelihood(text),
            self._effects.scanned(scanned, scanned_at, scene.now),
            await self._nearby(scene),
        )
        return surroundings, prompted

    async def _nearby(self, scene: Scene) -> str | None:
        if self._whereabouts is None:
            return None
        point = await self._whereabouts.of(scene.address_id)
        return self._readings.place_near(*point) if point else None

    async def _commit(
        self,
        connection: AsyncConnection,
        lease: Lease,
        turn: Turn,
        scene: Scene,
        answer: Answer,
        prepared: Mapping[str, Any],
    ) -> int | None:
        await turns.close(
            connection,
            lease,
            turn,
            scene.now,
            record={
                "handled_by": answer.handled_by,
                "reading": answer.reading,
                "effects": list(answer.effects),
                "bot_model": answer.model,
            },
            conversation_values={
                "state": answer.state,
                "busy": answer.busy,
                # A rule's answer says nothing about the bot: a stuck turn still waits its time.
                "retry_at": lease.retry_at if answer.handled_by == "rule" else None,
                "prompt": self._next_prompt(lease, answer, scene.now),
            },
        )
        words: dict[str, list[Reply]] = {}
        for effect in answer.effects:
            words[effect["id"]] = await self._effects.apply(connection, scene, effect, prepared)
        replies = _in_order(answer.replies, words)
        if any(words.values()) and (asked := prompts.last_of(replies, scene.now)):
            await turns.show_prompt(connection, scene.citizen_id, asked)
        await prompts.keep(connection, scene, replies, answer.chosen)
        replies += await offers.at_contact(connection, scene)
        return await self._say(connection, scene, replies)

    def _next_prompt(self, lease: Lease, answer: Answer, now: datetime) -> dict[str, Any] | None:
        """The prompt a bare '2' will answer next: the one shown now, else the one before it,
        unless it was answered or a form now asks for something else."""
        if (shown := prompts.last_of(_in_order(answer.replies, {}), now)) is not None:
            return shown
        if answer.handled_by == "rule":
            return lease.prompt
        answered = answer.chosen is not None or any(
            effect["type"] in survey_effects.ANSWERING for effect in answer.effects
        )
        return None if answered or answer.busy else lease.prompt

    async def _say(
        self,
        connection: AsyncConnection,
        scene: Scene,
        replies: Sequence[Reply],
        *,
        part: str = "",
    ) -> int | None:
        """The row's id where the sender should hear of it now; None where nothing is said, or a
        webhook waits for it."""
        text = self._texts.render(replies, scene.look)
        if not text:
            return None
        due_at = scene.reply_due if not part else scene.now
        queued = await outbox.queue(
            connection,
            dedupe_key=f"turn:{scene.turn_id}{part}",
            text=text,
            due_at=due_at,
            account_id=scene.account_id,
            address_id=scene.address_id,
            citizen_id=scene.citizen_id,
            # Only the turn's answer rides back in a webhook's reply.
            turn_id=scene.turn_id if not part else None,
            petition_id=await told_about(connection, scene.citizen_id, replies),
            lane="reply",
            key=",".join(reply.key for reply in replies)[:64],
            created_at=scene.now,
        )
        return queued if due_at <= scene.now else None

    async def say_received(
        self, connection: AsyncConnection, lease: Lease, turn: Turn, now: datetime
    ) -> int | None:
        """The bot is down: after some tries tell the citizen, once, that the words have arrived."""
        if turn.attempts + 1 != SAY_RECEIVED_AT or turn.messages[-1].kind == "internal":
            return None
        scene = await self._scene(lease, turn, now)
        return await self._say(connection, scene, [Reply("received_bot_down")], part=":received")

    async def bot_is_well(self) -> bool:
        """Whether a bot answers at this moment."""
        try:
            await self._bot.health()
        except (BotUnavailable, BotRefused):
            return False
        return True

    async def hand_over(self, lease: Lease, turn: Turn) -> int | None:
        """A turn that keeps failing goes to a person, whole."""
        now = self._clock.now()
        scene = await self._scene(lease, turn, now)
        effect = {
            "id": "e1",
            "type": "hand_over",
            "text": "\n".join(each.text for each in turn.messages),
            "messages": [each.id for each in turn.messages],
        }
        answer = Answer("failed", [{"from_effect": "e1"}], [effect], None, False)
        async with self._database.write() as connection:
            return await self._commit(connection, lease, turn, scene, answer, {})


def _shown(params: Mapping[str, Any]) -> dict[str, Any]:
    """The bot reads cleaned text and says it again."""
    return {
        name: as_written(value) if isinstance(value, str) else value
        for name, value in params.items()
    }


def _in_order(
    replies: Sequence[Mapping[str, Any]], words: Mapping[str, list[Reply]]
) -> list[Reply]:
    """The bot's replies, with an effect's words where the bot left their place; words of an
    effect that the bot gave no place come last."""
    ordered: list[Reply] = []
    placed = set()
    for reply in replies:
        if "from_effect" in reply:
            ordered += words.get(reply["from_effect"], [])
            placed.add(reply["from_effect"])
        else:
            options = reply["prompt"]["options"] if reply.get("prompt") else ()
            ordered.append(Reply(reply["key"], _shown(reply["params"]), options))
    for effect_id, more in words.items():
        if effect_id not in placed:
            ordered += more
    return ordered
