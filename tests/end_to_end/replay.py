"""Plays a gold dialogue (gold/README.md) in the hall and says what did not come of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from backend.deployment.reply_wording import LONGEST_SMS
from backend.petitions.tables import handover
from tests.end_to_end.hall import Hall

READ = ("kind is", "domain is")
# Which texts ask the question that a turn supposes.
ASKED_BY: Mapping[str, frozenset[str]] = {
    "confirm": frozenset({"confirm_petition", "confirm_again", "confirm_withdrawal"}),
    "place": frozenset(
        {"ask_place", "ask_place_home", "ask_new_place", "ask_which_place", "emergency_where"}
    ),
    "contact": frozenset({"invite_more"}),
    "rating": frozenset({"ask_rating"}),
    "two_matters": frozenset({"ask_two_matters"}),
    "same_matter": frozenset({"ask_another_matter"}),
    "add_or_new": frozenset({"ask_add_or_new"}),
}


@dataclass(frozen=True)
class Unmet:
    """What differs from the expectation, in words: what came of the dialogue, and what the triage
    read in the petition (kind, domain), which officials correct and which is measured elsewhere."""

    outcome: Sequence[str]
    readings: Sequence[str]


class Replay:
    """One dialogue: `play` says every turn, `unmet` compares."""

    def __init__(self, hall: Hall, dialogue: Mapping[str, Any]) -> None:
        self.hall = hall
        self.dialogue = dialogue
        self.heard_lines: list[str] = []
        self._numbers: dict[str, str] = {}
        self._keys: frozenset[str] = frozenset()

    async def play(self) -> None:
        for told in self.dialogue.get("before", ()):
            self._numbers[told["id"]] = await self.hall.file(told)
        self.hall.heard.clear()
        for turn in self.dialogue["turns"]:
            await self._play(turn)

    async def _play(self, turn: Mapping[str, Any]) -> None:
        supposed = turn.get("answering")
        if supposed and not ASKED_BY[supposed] & self._keys:
            self.heard_lines.append(f"- {turn.get('say')} (left out: nothing of {supposed} asked)")
            return
        hall = self.hall
        if "say" in turn:
            said = await hall.say(turn["say"])
        elif "photo" in turn:
            said = await hall.send_photo()
        elif "voice" in turn:
            said = await hall.send_voice(turn["voice"])
        elif "place" in turn:
            said = await hall.send_place(**turn["place"])
        elif "wait" in turn:
            hall.wait(turn["wait"])
            return
        else:
            does = turn["official"]
            await hall.do(self._numbers[does["petition"]], does["does"], does["text"])
            said = await hall.take_turns()
        self._keys = frozenset(key for one in said for key in one.keys)
        self.heard_lines.append(f"- {turn}")
        self.heard_lines += [f"    {one.text}".replace("\n", "\n    ") for one in said]

    async def unmet(self) -> Unmet:
        """Compare; both lists are empty where the dialogue passes."""
        expect, hall = self.dialogue["expect"], self.hall
        filed = [one for one in await hall.petitions() if one.number not in self._known]
        if len(filed) == 1:
            self._numbers["new"] = filed[0].number
        missing = await self._petitions(expect.get("petitions", ()), filed)
        missing += await self._done(expect)
        if "contact" in expect:
            missing += _contact(expect["contact"], filed)
        heard = "\n".join(one.text for one in hall.heard)
        missing += [f"not told {words}" for words in expect.get("told", ()) if words not in heard]
        if "told_any" in expect and not any(words in heard for words in expect["told_any"]):
            missing.append(f"told none of {expect['told_any']}")
        if hall.channel == "sms":
            missing += [
                f"{len(one.text)} characters by SMS: {one.text}"
                for one in hall.heard
                if len(one.text) > LONGEST_SMS
            ]
        readings = [words for words in missing if words.startswith(READ)]
        return Unmet([words for words in missing if words not in readings], readings)

    @property
    def _known(self) -> set[str]:
        return {number for id_, number in self._numbers.items() if id_ != "new"}

    async def _petitions(
        self, expected: Sequence[Mapping[str, Any]], filed: Sequence[Any]
    ) -> list[str]:
        left = list(filed)
        missing = []
        for wanted in expected:
            differences = [(await self._differences(wanted, row), row) for row in left]
            best, row = min(
                differences, key=lambda one: len(one[0]), default=(["none filed"], None)
            )
            missing += best
            left = [one for one in left if one is not row]
        return missing + [f"filed besides: {row.text}" for row in left]

    async def _differences(self, wanted: Mapping[str, Any], row: Any) -> list[str]:
        found = [
            f"{name} is {getattr(row, name)}, not {wanted[name]}"
            for name in ("kind", "domain", "urgency")
            if name in wanted and getattr(row, name) not in _listed(wanted[name])
        ]
        if "place" in wanted and not any(part in row.place for part in _listed(wanted["place"])):
            found.append(f"place is {row.place}, without {wanted['place']}")
        if "not_place" in wanted and wanted["not_place"] in row.place:
            found.append(f"place is {row.place}")
        found += [f"no {part} in {row.text!r}" for part in wanted["text"] if part not in row.text]
        if wanted.get("sensitive") and not row.confidential:
            found.append("not confidential")
        if "media" in wanted and (photos := await self.hall.photos_of(row.id)) != wanted["media"]:
            found.append(f"{photos} photos")
        return found

    async def _done(self, expect: Mapping[str, Any]) -> list[str]:
        hall, missing = self.hall, []
        done = {
            "progress": await self._asked_after(),
            "reminded": {event.number for event in await hall.events("reminded")},
            "withdrawn": {event.number for event in await hall.events("withdrawn")},
        }
        for name, numbers in done.items():
            if name in expect and numbers != {self._numbers.get(id_) for id_ in expect[name]}:
                missing.append(f"{name}: {self._named(numbers)}, not {expect[name]}")
        if "handed_over" in expect and not await self._handed_over():
            missing.append("nobody was called")
        if "added" in expect and not any(
            event.number == self._numbers[expect["added"]["petition"]]
            and all(part in event.detail["text"] for part in expect["added"]["text"])
            for event in await hall.events("added")
        ):
            missing.append(f"nothing like {expect['added']} was added")
        if "rated" in expect:
            missing += self._rated(expect["rated"], await hall.events("rated"))
        return missing

    async def _asked_after(self) -> set[str]:
        newest = [row.number for row in await self.hall.petitions()][-1:]
        shown = await self.hall.effects("show_progress")
        return {one["number"] or number for one in shown for number in newest}

    async def _handed_over(self) -> bool:
        async with self.hall.world.database.read() as connection:
            return (await connection.execute(select(handover.c.id))).first() is not None

    def _rated(self, wanted: Mapping[str, Any], events: Sequence[Any]) -> list[str]:
        of_it = [event for event in events if event.number == self._numbers[wanted["petition"]]]
        if len(of_it) != 1 or len(events) != 1:
            return [f"rated {len(of_it)} times, {len(events)} in all"]
        level, comment = of_it[0].detail["level"], of_it[0].reason
        missing = [] if level in _listed(wanted["level"]) else [f"rated {level}"]
        return missing + [
            f"comment {comment!r} without {part}"
            for part in wanted.get("comment", ())
            if part not in comment
        ]

    def _named(self, numbers: Iterable[str | None]) -> list[str]:
        ids = {number: id_ for id_, number in self._numbers.items()}
        return sorted(ids.get(str(number), str(number)) for number in numbers)


def _contact(wanted: Mapping[str, str] | str, filed: Sequence[Any]) -> list[str]:
    phones = {row.contact_phone for row in filed}
    expected = {None} if wanted == "none" else {dict(wanted)["phone"]}  # type: ignore[call-overload]
    return [] if phones == expected else [f"contact is {phones}, not {expected}"]


def _listed(one_or_several: Any) -> list[Any]:
    return one_or_several if isinstance(one_or_several, list) else [one_or_several]
