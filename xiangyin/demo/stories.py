"""The authored material of the demo county: what people wrote, what became of it, who answered.

`data/demo/petitions/*.yml` belong to one township each, `data/demo/officials.yml` the staff. All is
checked when it is loaded; a DemoDataError names the file and the entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from backend.catalogue import Catalogue
from backend.data_file import read_yaml
from backend.organisation.roles import Role

SEASON_DAYS = 90
LONGEST_TEXT = 400
Text = Annotated[str, Field(min_length=2, max_length=LONGEST_TEXT)]
Kind = Literal["complaint", "request", "suggestion", "inquiry", "report", "praise"]
Motif = Literal["pothole", "rubbish", "lamp", "water", "dog", "smoke", "crack", "pipe", "field"]


class DemoDataError(ValueError):
    """The authored material is wrong; the message names the file and the entry."""


class Entry(BaseModel):
    """Of authored YAML: exact types, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Returned(Entry):
    """The first office (`office`: its code) sends it back: not theirs. `decision`: what the front
    desk rules on that, in the words it dispatches again with."""

    office: str
    reason: Text
    decision: Text | None = None


class Again(Entry):
    """What followed a poor rating. Without `answer` the case is still open."""

    answer: Text | None = None
    rating: Annotated[int, Field(ge=1, le=5)] | None = None
    comment: Text | None = None


class Story(Entry):
    """One petition. `days`: how long ago; `hour`: of the day, where the words tell it; `wechat` or
    `sms`: the citizen's messages; `place`: its village or community (none: somewhere in the
    township); `kind`, `domain`: what an official makes of it. `takes`: working days to the answer
    where the story needs it so; `until`: the state in which an unanswered one stays; `supervised`:
    what the county's supervisor writes when it drags on. `who` joins stories of one person."""

    days: Annotated[int, Field(ge=0, le=SEASON_DAYS)]
    hour: Annotated[int, Field(ge=0, le=23)] | None = None
    wechat: Sequence[Text] = ()
    sms: Sequence[Text] = ()
    place: str | None = None
    kind: Kind
    domain: str
    who: str | None = None
    photo: Motif | None = None
    adds: Text | None = None
    asks: Text | None = None
    remind: Text | None = None
    human: Text | None = None
    withdraw: Text | None = None
    returned: Returned | None = None
    note: Text | None = None
    supervised: Text | None = None
    takes: Annotated[int, Field(ge=0, le=60)] | None = None
    until: Literal["received", "accepted", "dispatched", "in_progress"] | None = None
    answer: Text | None = None
    rating: Annotated[int, Field(ge=1, le=5)] | None = None
    comment: Text | None = None
    again: Again | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_message(cls, values: object) -> object:
        """A single message may be written without a list."""
        if not isinstance(values, dict):
            return values
        return {
            name: (value,) if name in ("wechat", "sms") and isinstance(value, str) else value
            for name, value in values.items()
        }

    @model_validator(mode="after")
    def _consistent(self) -> Story:
        if bool(self.wechat) == bool(self.sms):
            raise ValueError("exactly one of wechat and sms is needed")
        if self.photo and self.sms:
            raise ValueError("a text message carries no photo")
        if self.rating is not None and self.answer is None:
            raise ValueError("a rating needs an answer")
        if self.comment is not None and self.rating is None:
            raise ValueError("a comment needs a rating")
        if self.again is not None and (self.rating is None or self.rating > 2):
            raise ValueError("again needs a rating of 2 or less")
        if self.until is not None and self.answer is not None:
            raise ValueError("until is for what is not answered")
        return self

    @property
    def channel(self) -> str:
        return "wechat" if self.wechat else "sms"

    @property
    def messages(self) -> Sequence[str]:
        return self.wechat or self.sms


class Official(Entry):
    """One of the staff one can log in as; `org` is a unit's code."""

    login: str
    name: str
    org: str
    role: Role = Field(strict=False)


@dataclass(frozen=True, slots=True)
class Placed:
    """A story where it belongs; `division` is the code of its village, or of the township."""

    story: Story
    township: str
    division: str
    where: str


@dataclass(frozen=True, slots=True)
class Material:
    """All there is to play. `names` are given to the staff of offices, in order."""

    stories: Sequence[Placed]
    officials: Sequence[Official]
    names: Sequence[str]


class _Township(Entry):
    township: str
    petitions: Sequence[Story]


class _Staff(Entry):
    officials: Sequence[Official]
    names: Sequence[str]


def load_material(folder: Path, catalogue: Catalogue) -> Material:
    """Read `folder`. Raises DemoDataError."""
    staff = read_entry(folder / "officials.yml", _Staff)
    for official in staff.officials:
        if official.org not in catalogue.organisation:
            raise DemoDataError(f"officials.yml: {official.login}: no unit {official.org}")
    stories = [
        placed
        for file in sorted((folder / "petitions").glob("*.yml"))
        for placed in _placed(file, catalogue)
    ]
    return Material(stories, staff.officials, staff.names)


def _placed(file: Path, catalogue: Catalogue) -> Iterator[Placed]:
    read = read_entry(file, _Township)
    town = next(
        (
            one
            for one in catalogue.divisions.values()
            if one.level == "township" and one.name == read.township
        ),
        None,
    )
    if town is None:
        raise DemoDataError(f"{file.name}: no township {read.township}")
    villages: Mapping[str, str] = {
        one.name: one.code for one in catalogue.divisions.values() if one.parent == town.code
    }
    for number, story in enumerate(read.petitions, 1):
        where = f"{file.name}: petition {number} ({story.messages[0][:12]})"
        if story.domain not in catalogue.services:
            raise DemoDataError(f"{where}: no domain {story.domain}")
        if story.place is not None and story.place not in villages:
            raise DemoDataError(f"{where}: {read.township} has no {story.place}")
        if story.returned is not None and story.returned.office not in catalogue.organisation:
            raise DemoDataError(f"{where}: no unit {story.returned.office}")
        code = villages[story.place] if story.place else town.code
        yield Placed(story, town.code, code, f"{read.township}{story.place or ''}")


def read_entry[Model: BaseModel](file: Path, model: type[Model]) -> Model:
    """A whole file as one entry. Raises DemoDataError."""
    try:
        return model.model_validate(read_yaml(file))
    except (OSError, yaml.YAMLError) as error:
        raise DemoDataError(f"{file.name}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(map(str, first["loc"]))
        raise DemoDataError(f"{file.name}: {at}: {first['msg']}") from error
