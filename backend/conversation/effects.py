"""What a turn does to the world, applied once, in the turn's transaction.

Each effect type is one function of (connection, scene, effect, prepared); it gives what to say.
Slow reading (the classifier) happens before the transaction, in `prepare`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation import consent, offers
from backend.conversation.fragments import Waiting
from backend.conversation.original_words import original_words
from backend.conversation.petition_words import filed_words, words
from backend.conversation.reading import PetitionReading, Readings
from backend.conversation.scene import Scene
from backend.conversation.texts import Reply
from backend.petitions import followup
from backend.petitions.filing import Filing, file_petition
from backend.petitions.handover import hand_over
from backend.petitions.progress import progress
from backend.petitions.rules import PetitionRules

Effect = Mapping[str, Any]
Prepared = Mapping[str, PetitionReading]
Handler = Callable[[AsyncConnection, Scene, Effect, Prepared], Awaitable[list[Reply]]]

# What the bot says where a citizen could not tell the place.
UNKNOWN_PLACE = "地点不详"


class Effects:
    """`by_rule` answers without the bot; `prepare` reads; `apply` writes."""

    def __init__(self, readings: Readings, rules: PetitionRules) -> None:
        self._readings = readings
        self._rules = rules
        self._handlers: dict[str, Handler] = {
            "file_petition": self._file_petition,
            "show_progress": self._show_progress,
            "add_to_petition": self._add,
            "remind": self._remind,
            "withdraw_petition": self._withdraw,
            "rate": self._rate,
            "set_contact": self._set_contact,
            "hand_over": self._hand_over,
            "opt_out": self._opt_out,
            "opt_in": self._opt_in,
            "resend": self._resend,
        }

    def by_rule(
        self, rule: str, messages: Sequence[Waiting]
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """(replies, effects) for a message that a rule answers (see `Readings.rule`)."""
        if rule == "unsupported":
            return [{"key": "unsupported_kind", "params": {}}], []
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

    async def prepare(self, effects: Sequence[Effect]) -> dict[str, PetitionReading]:
        """Readings by effect id, for petitions to be filed."""
        return {
            effect["id"]: await self._readings.petition(
                effect["text"], _known(effect["place"]), emergency=bool(effect.get("emergency"))
            )
            for effect in effects
            if effect["type"] == "file_petition"
        }

    async def apply(
        self, connection: AsyncConnection, scene: Scene, effect: Effect, prepared: Prepared
    ) -> list[Reply]:
        """Do it and say what happened. Raises KeyError for an unknown type."""
        return await self._handlers[effect["type"]](connection, scene, effect, prepared)

    async def _file_petition(
        self, connection: AsyncConnection, scene: Scene, effect: Effect, prepared: Prepared
    ) -> list[Reply]:
        read = prepared[effect["id"]]
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
        )
        filed = await file_petition(connection, filing, self._rules)
        return filed_words(filed, effect.get("emergency"))

    async def _show_progress(
        self, connection: AsyncConnection, scene: Scene, effect: Effect, _: Prepared
    ) -> list[Reply]:
        return words(
            await progress(
                connection,
                scene.citizen_id,
                effect["number"],
                effect.get("phone_tail"),
                rules=self._rules,
                now=scene.now,
                dedupe_key=_key(scene, effect),
            )
        )

    async def _add(
        self, connection: AsyncConnection, scene: Scene, effect: Effect, _: Prepared
    ) -> list[Reply]:
        return words(
            await followup.add_to_petition(
                connection,
                scene.citizen_id,
                effect["number"],
                effect["text"],
                tuple(effect["messages"]),
                now=scene.now,
                dedupe_key=_key(scene, effect),
            )
        )

    async def _remind(
        self, connection: AsyncConnection, scene: Scene, effect: Effect, _: Prepared
    ) -> list[Reply]:
        return words(
            await followup.remind(
                connection,
                scene.citizen_id,
                effect["number"],
                effect.get("text", ""),
                rules=self._rules,
                now=scene.now,
                dedupe_key=_key(scene, effect),
            )
        )

    async def _withdraw(
        self, connection: AsyncConnection, scene: Scene, effect: Effect, _: Prepared
    ) -> list[Reply]:
        return words(
            await followup.withdraw(
                connection,
                scene.citizen_id,
                effect["number"],
                effect.get("text", ""),
                now=scene.now,
                dedupe_key=_key(scene, effect),
            )
        )

    async def _rate(
        self, connection: AsyncConnection, scene: Scene, effect: Effect, _: Prepared
    ) -> list[Reply]:
        return words(
            await followup.rate(
                connection,
                scene.citizen_id,
                effect["number"],
                effect["level"],
                effect.get("comment", ""),
                rules=self._rules,
                now=scene.now,
                dedupe_key=_key(scene, effect),
            )
        )

    async def _set_contact(
        self, connection: AsyncConnection, scene: Scene, effect: Effect, _: Prepared
    ) -> list[Reply]:
        return words(
            await followup.set_contact(
                connection,
                scene.citizen_id,
                effect["number"],
                effect["phone"],
                effect.get("person"),
                now=scene.now,
                dedupe_key=_key(scene, effect),
            )
        )

    async def _hand_over(
        self, connection: AsyncConnection, scene: Scene, effect: Effect, _: Prepared
    ) -> list[Reply]:
        text = effect.get("text", "")
        await hand_over(connection, scene.citizen_id, scene.org_id, scene.turn_id, text, scene.now)
        return [Reply("handed_over")]

    async def _opt_out(
        self, connection: AsyncConnection, scene: Scene, effect: Effect, _: Prepared
    ) -> list[Reply]:
        await _decide(connection, scene, effect, "opt_out")
        return [Reply("opted_out")]

    async def _opt_in(
        self, connection: AsyncConnection, scene: Scene, effect: Effect, _: Prepared
    ) -> list[Reply]:
        await _decide(connection, scene, effect, "opt_in")
        return [Reply("opted_in")]

    async def _resend(
        self, connection: AsyncConnection, scene: Scene, _: Effect, __: Prepared
    ) -> list[Reply]:
        return await offers.resend(connection, scene)


def _known(place: str | None) -> str | None:
    return None if place == UNKNOWN_PLACE else place


def _key(scene: Scene, effect: Effect) -> str:
    return f"turn:{scene.turn_id}:{effect['id']}"


async def _decide(connection: AsyncConnection, scene: Scene, effect: Effect, decision: str) -> None:
    await consent.decide(
        connection,
        citizen_id=scene.citizen_id,
        address_id=scene.address_id,
        decision=decision,
        words=effect.get("words", ""),
        now=scene.now,
    )
