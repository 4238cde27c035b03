"""A citizen's words tried out: read and answered as in service, with nothing stored or sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from backend.conversation import guide_effect, turn_request
from backend.conversation.bot_client import BotClient, BotRefused, BotUnavailable
from backend.conversation.fragments import Waiting
from backend.conversation.reading import Readings
from backend.conversation.texts import Reply, Texts
from backend.petitions.rules import PetitionRules, today
from backend.ports import Clock

_LOOK = "wechat"
_NOBODY = turn_request.Surroundings((), None, False)
# What a rule says at once; an emergency's words are named by its rule.
_SAID_BY_RULE = {
    "opt_out": "opted_out",
    "opt_in": "opted_in",
    "resend": "nothing_to_resend",
}


class Trial:
    """Shares with the turns what reads and answers them."""

    def __init__(
        self, bot: BotClient, readings: Readings, texts: Texts, rules: PetitionRules, clock: Clock
    ) -> None:
        self._bot = bot
        self._readings = readings
        self._texts = texts
        self._rules = rules
        self._clock = clock

    async def words(self, text: str) -> Mapping[str, Any]:
        """{said: what would be answered first, None where no bot answers; kind, domain: codes;
        urgency; place, place_code: or None; office: a unit's code; due_on: a date; title}, as a
        petition of these words would be filed."""
        rule = self._readings.rule(text)
        emergency = rule.removeprefix("emergency:") if rule and ":" in rule else None
        read = await self._readings.petition(text, None, emergency=emergency)
        domain = self._rules.domain(read.machine.domain.value)
        now, urgency = self._clock.now(), read.machine.urgency.value
        return {
            "said": self._by_rule(rule) if rule else await self._by_bot(text),
            "kind": read.machine.kind.value,
            "domain": domain,
            "urgency": urgency,
            "place": read.place,
            "place_code": read.place_code,
            "office": self._rules.catalogue.offices(domain, read.place_code).lead,
            "due_on": self._rules.due_on(domain, urgency, now),
            "title": read.machine.title,
        }

    def _by_rule(self, rule: str) -> str:
        key = rule.replace("emergency:", "emergency_") if ":" in rule else _SAID_BY_RULE[rule]
        return self._texts.render([Reply(key, {"number": "…"})], _LOOK)

    async def _by_bot(self, text: str) -> str | None:
        now = self._clock.now()
        message = Waiting(1, 0, 0, "text", text, None, 0, now, None)
        cleaned = turn_request.cleaned_text([message], self._readings.place_words)
        request = turn_request.build(
            turn_id=0,
            channel=_LOOK,
            now=now,
            state=None,
            messages=[message],
            text=cleaned,
            entities=await self._readings.entities(cleaned, today(now)),
            prompt=None,
            around=replace(
                _NOBODY,
                guide=self._readings.guide_entry(cleaned),
                petition=await self._readings.petition_likelihood(cleaned),
            ),
        )
        try:
            answer = await self._bot.turn(request)
        except (BotUnavailable, BotRefused):
            return None
        replies = [
            Reply(one["key"], one["params"], (one.get("prompt") or {}).get("options", ()))
            for one in answer["replies"]
            if "key" in one
        ]
        for effect in answer["effects"]:
            if effect["type"] == "show_guide":
                replies += guide_effect.show(self._readings.guide, effect, _LOOK)
        return self._texts.render(replies, _LOOK) or None
