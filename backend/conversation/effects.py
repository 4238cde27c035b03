"""What a turn does to the world, applied once, in the turn's transaction.

Each effect type is one entry of a table; it gives what to say. Slow reading (the classifier)
happens before the transaction, in `prepare`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation import consent, guide_effect, offers
from backend.conversation.following_effects import FOLLOWING_EFFECTS
from backend.conversation.fragments import Waiting
from backend.conversation.link_words import LINK_CODE, LINKING_RULES, UNLINK_PHONE
from backend.conversation.linking import PhoneLinking
from backend.conversation.original_words import original_words
from backend.conversation.petition_words import by_voice_words, filed_words, joined_words, words
from backend.conversation.reading import PetitionReading, Readings
from backend.conversation.scanned import Scanned, read_scene, scanned_at
from backend.conversation.scene import Scene
from backend.conversation.survey_effects import SURVEY_EFFECTS
from backend.conversation.texts import Reply
from backend.duty.alarm import Alarm
from backend.petitions import followup
from backend.petitions.citizen_act import CitizenAct
from backend.petitions.filing import UNKNOWN_PLACE, Filing, file_petition
from backend.petitions.handover import hand_over
from backend.petitions.joining import join_by_citizen
from backend.petitions.progress import office_in_charge, progress
from backend.petitions.rules import PetitionRules
from backend.surveys.answering import end_at_address
from backend.triage.cleaning import as_written

FEW_WORDS = 20
"""Characters up to which a petition's words alone hardly tell what it is about ('你们看看这个')."""

Effect = Mapping[str, Any]
Prepared = Mapping[str, PetitionReading]


class Effects:
    """`by_rule` answers without the bot; `prepare` reads; `apply` writes."""

    def __init__(
        self,
        readings: Readings,
        rules: PetitionRules,
        alarm: Alarm,
        linking: PhoneLinking | None = None,
    ) -> None:
        """`linking`: None where no text message can be sent."""
        self._readings = readings
        self._rules = rules
        self._alarm = alarm
        self._linking = linking

    def by_rule(
        self, rule: str, messages: Sequence[Waiting]
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """(replies, effects) for a message that a rule answers (see `Readings.rule`)."""
        if rule == "unsupported":
            kind = (messages[0].detail or {}).get("key")
            key = "unsupported_link" if kind == "link" else "unsupported_kind"
            return [{"key": key, "params": {}}], []
        text = "\n".join(each.text for each in messages)
        effect: dict[str, Any] = {"id": "e1", "type": rule, "words": text}
        if rule.startswith("emergency:"):
            effect = {
                "id": "e1",
                "type": "file_petition",
                "kind": "request",
                "text": text,
                "place": None,
                "messages": [each.id for each in messages],
                "emergency": rule.removeprefix("emergency:"),
            }
        return [{"from_effect": "e1"}], [effect]

    async def prepare(
        self, effects: Sequence[Effect], in_photos: Callable[[Sequence[int]], Awaitable[str]]
    ) -> dict[str, PetitionReading]:
        """Readings by effect id, for petitions to be filed. `in_photos` gives what is written in
        the photos of messages; it is asked where the citizen's own words are few."""
        return {
            effect["id"]: await self._readings.petition(
                effect["text"],
                _known(effect["place"]),
                emergency=effect.get("emergency"),
                in_photos=await in_photos(effect["messages"])
                if len(effect["text"]) <= FEW_WORDS
                else "",
            )
            for effect in effects
            if effect["type"] == "file_petition"
        }

    async def apply(
        self, connection: AsyncConnection, scene: Scene, effect: Effect, prepared: Prepared
    ) -> list[Reply]:
        """Do it and say what happened. Raises KeyError for an unknown type."""
        type_ = effect["type"]
        if type_ == "show_guide":
            return guide_effect.show(self._readings.guide, effect, scene.look)
        if type_ == "file_petition":
            return await self._file(connection, scene, effect, prepared[effect["id"]])
        if type_ in _ON_PETITIONS:
            act = CitizenAct(
                connection,
                self._rules,
                scene.citizen_id,
                effect["number"],
                scene.now,
                _key(scene, effect),
            )
            result = await _ON_PETITIONS[type_](act, effect)
            if isinstance(result, followup.Added) and result.located is not None:
                await self._alarm.tell_place(connection, result.located, scene.now)
            return words(result)
        if type_ in FOLLOWING_EFFECTS:
            return await FOLLOWING_EFFECTS[type_](connection, scene, self._rules.catalogue)
        if type_ in LINKING_RULES:
            return await self._link(connection, scene, effect)
        return await _OTHERS[type_](connection, scene, effect)

    async def _link(self, connection: AsyncConnection, scene: Scene, effect: Effect) -> list[Reply]:
        if self._linking is None:
            return [Reply("link_not_offered")]
        if effect["type"] == UNLINK_PHONE:
            return await self._linking.unlink(connection, scene)
        act = self._linking.prove if effect["type"] == LINK_CODE else self._linking.ask
        return await act(connection, scene, effect["words"])

    def scanned(self, scene: str | None, at: datetime | None, now: datetime) -> Scanned | None:
        """Where the QR code scanned at `at` says the citizen stands `now`."""
        return read_scene(scene, at, now, self._rules.catalogue)

    async def _file(
        self, connection: AsyncConnection, scene: Scene, effect: Effect, read: PetitionReading
    ) -> list[Reply]:
        here = await scanned_at(connection, scene.address_id, scene.now, self._rules.catalogue)
        filing = Filing(
            citizen_id=scene.citizen_id,
            address_id=scene.address_id,
            account_id=scene.account_id,
            channel=scene.channel,
            org_id=scene.org_id,
            text=await original_words(connection, effect["messages"], effect["text"]),
            place=_known(effect["place"]) or read.place or UNKNOWN_PLACE,
            place_code=effect.get("place_code") or read.place_code,
            since=effect.get("since"),
            kind=effect.get("kind"),
            reading=read.machine,
            message_ids=tuple(effect["messages"]),
            dedupe_key=_key(scene, effect),
            now=scene.now,
            anonymous=bool(effect.get("anonymous")),
            counter=here.counter_name if here else "",
        )
        filed = await file_petition(connection, filing, self._rules)
        if read.machine.urgency.value == "emergency":
            await self._alarm.raise_for(connection, filed.petition_id, scene.now)
        if effect.get("joins"):
            main = await join_by_citizen(connection, filed.petition_id, effect["joins"], scene.now)
            if main is not None:
                office = await office_in_charge(connection, self._rules, main)
                return [joined_words(filed.number, office, main.due_on)]
        if effect.get("by_voice"):
            return [by_voice_words(filed)]
        said = filed_words(filed, effect.get("emergency"))
        if effect.get("emergency") and filing.place == UNKNOWN_PLACE:
            said.append(Reply("emergency_where"))
        return said


# What a citizen does to a petition that exists: the act and the effect to a result.
_ON_PETITIONS: dict[str, Callable[[CitizenAct, Effect], Awaitable[object]]] = {
    "show_progress": lambda act, effect: progress(act, effect.get("phone_tail")),
    "add_to_petition": lambda act, effect: followup.add(
        act,
        effect["text"],
        tuple(effect["messages"]),
        place=effect.get("place"),
        place_code=effect.get("place_code"),
    ),
    "remind": lambda act, effect: followup.remind(act, effect.get("text", "")),
    "withdraw_petition": lambda act, effect: followup.withdraw(act, effect.get("text", "")),
    "rate": lambda act, effect: followup.rate(
        act, effect["level"], as_written(effect.get("comment", ""))
    ),
    "set_contact": lambda act, effect: followup.set_contact(
        act, effect["phone"], effect.get("person")
    ),
}


async def _hand_over(connection: AsyncConnection, scene: Scene, effect: Effect) -> list[Reply]:
    text = effect.get("text", "")
    await hand_over(connection, scene.citizen_id, scene.org_id, scene.turn_id, text, scene.now)
    return [Reply("handed_over")]


async def _resend(connection: AsyncConnection, scene: Scene, _: Effect) -> list[Reply]:
    return await offers.resend(connection, scene)


def _decides(
    decision: str, key: str
) -> Callable[[AsyncConnection, Scene, Effect], Awaitable[list[Reply]]]:
    async def decide(connection: AsyncConnection, scene: Scene, effect: Effect) -> list[Reply]:
        if decision == "opt_out":
            await end_at_address(connection, scene.address_id, scene.now)
        await consent.decide(
            connection,
            citizen_id=scene.citizen_id,
            address_id=scene.address_id,
            decision=decision,
            words=effect.get("words", ""),
            now=scene.now,
        )
        return [Reply(key)]

    return decide


_OTHERS: dict[str, Callable[[AsyncConnection, Scene, Effect], Awaitable[list[Reply]]]] = {
    "hand_over": _hand_over,
    "opt_out": _decides("opt_out", "opted_out"),
    "opt_in": _decides("opt_in", "opted_in"),
    "resend": _resend,
    **SURVEY_EFFECTS,
}


def _known(place: str | None) -> str | None:
    return None if place == UNKNOWN_PLACE else place


def _key(scene: Scene, effect: Effect) -> str:
    return f"turn:{scene.turn_id}:{effect['id']}"
