"""A petition being raised: what has been said so far and what is being asked."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any

from actions.answers import is_anonymous
from actions.turn import Turn
from actions.words import words

TEXT_LIMIT = 3000
"""Characters of a petition's text; the messages beyond it are kept by their ids."""
IDS_LIMIT = 200

_UNIT = re.compile(r"(\d+|[一二三四五六七八九十]+)(号楼|栋|幢|座|号院|单元|组|队|社|村|室|号)")
_TOWNSHIP = re.compile(".{1,12}?(?:镇|乡|街道)")
_DIVISION = re.compile("省|市|县|区|镇|乡|街道|村|屯|寨|庄")
_UNIT_ALONE = re.compile(
    f"(?:不对|错了)?[,，]?(?:应该|其实)?是?(?P<unit>{_UNIT.pattern})(?:吧|的|啊|哦|呢)*"
)


@dataclass
class Draft:
    """`stage` is the question last asked: what, place, confirm, correct, correct_place,
    correct_what, another (a new matter came while confirming), two (one message seems to hold
    several matters), addition (does this belong to what was just filed?) or same (join what others
    wait for?). `offered` is the place named when 'where?' was asked, `other` the new matter while
    that is asked, `same` what others wait for, `following` those whose turn comes when this one is
    filed; `past` what the draft was before each of the last answers (petition_form/undo.py)."""

    stage: str = "what"
    words: list[str] = field(default_factory=list)
    messages: list[int] = field(default_factory=list)
    place: str | None = None
    place_code: str | None = None
    since: str | None = None
    phone: str | None = None
    person: str | None = None
    kind: str | None = None
    media: int = 0
    asked: int = 0
    offered: str | None = None
    other: dict[str, Any] | None = None
    same: dict[str, Any] | None = None
    anonymous: bool = False
    following: list[dict[str, Any]] = field(default_factory=list)
    past: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def from_slot(cls, value: dict[str, Any] | None) -> Draft | None:
        return cls(**value) if value else None

    def to_slot(self) -> dict[str, Any]:
        return {
            name: value for name, value in asdict(self).items() if value not in (None, [], 0, False)
        }

    @property
    def text(self) -> str:
        """The citizen's own words, as written."""
        return "\n".join(self.words)

    def collect(self, turn: Turn) -> None:
        """Keep what comes beside the words: message ids, photos, time, phone and name. A chosen
        option is an answer to us, and a pressed button a wish: no part of the petition."""
        if turn.chosen is not None or turn.kind == "event":
            return
        self.messages = [*self.messages, *turn.ids][-IDS_LIMIT:]
        self.media += turn.media
        self.since = self.since or turn.entities.get("time")
        self.phone = turn.entities.get("phone") or self.phone
        self.person = turn.entities.get("person") or self.person
        self.anonymous = self.anonymous or is_anonymous(turn.text)

    def add_words(self, text: str) -> bool:
        """Add a message's words; past the limit only the message's id is kept: False."""
        if len(self.text) + len(text) >= TEXT_LIMIT:
            return False
        if text:
            self.words.append(text)
        return True

    def has_unit_like(self, unit: str) -> bool:
        """Whether the place names another unit of the same kind."""
        named = _UNIT.match(unit)
        return named is not None and any(
            one[2] == named[2] for one in _UNIT.finditer(self.place or "")
        )

    def put_place(self, place: str, code: str | None) -> None:
        """Set the place; '5号楼' on '锦绣小区3号楼' becomes '锦绣小区5号楼', and a part of what is
        known already leaves it as it is."""
        if self.place and place in self.place and _UNIT.match(place) is None:
            self.place_code = self.place_code or code
            return
        whole = _with_new_unit(self.place, place) if self.place else place
        if whole == place or code:
            self.place_code = code
        if self.place and whole == place and not code:
            whole = _in_same_township(self.place, place)
        self.place = whole


def is_vague(place: str) -> bool:
    """'学校门口': a place, but any of many."""
    return any(
        place.startswith(vague) and place[len(vague) :] in ("", *words()["around_places"])
        for vague in words()["vague_places"]
    )


def unit_alone(text: str) -> str | None:
    """'5组' of '是5组', '应该是5组吧'; None where the text says more, or less."""
    found = _UNIT_ALONE.fullmatch(text.strip(" ,，。.!！"))
    return found["unit"] if found else None


def _in_same_township(old: str, new: str) -> str:
    """'南街12号' put in place of '城关镇北街12号' lies in the same township; what names a division
    of its own may lie elsewhere."""
    township = _TOWNSHIP.match(old)
    return township[0] + new if township and not _DIVISION.search(new) else new


def _with_new_unit(old: str, new: str) -> str:
    """`old` up to the unit that `new` names again, then `new`; `new` where they share none."""
    unit = _UNIT.match(new)
    if not unit:
        return new
    for same in _UNIT.finditer(old):
        if same[2] == unit[2] and same.start() > 0:
            return old[: same.start()] + new
    return new
