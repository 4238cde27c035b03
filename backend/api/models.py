"""What the API takes and gives. Times are UTC (ISO 8601), days Asia/Shanghai."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Kind = Literal["complaint", "request", "suggestion", "inquiry", "report", "praise"]
State = Literal[
    "received",
    "accepted",
    "dispatched",
    "in_progress",
    "resolved",
    "closed",
    "withdrawn",
    "joined",
]
CorrectedField = Literal["kind", "domain", "place", "urgency", "sentiment"]
Sentiment = Literal["calm", "grateful", "worried", "angry", "desperate"]


def _storable(text: str) -> str:
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("NUL and lone surrogates are not allowed")
    return text


Words = Annotated[str, AfterValidator(_storable)]
Number = Annotated[str, Field(max_length=24), AfterValidator(_storable)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1, description="the version the caller has seen")]
OrgId = Annotated[int, Field(ge=1, le=2**53)]


class Given(BaseModel):
    """A body; what it does not know it refuses."""

    model_config = ConfigDict(extra="forbid")


class ErrorDetail(BaseModel):
    field: str
    message: str


class ErrorAnswer(BaseModel):
    """Every error looks so. `field` is '' where it is about the whole request."""

    error: ErrorDetail


class Login(Given):
    login: Annotated[Words, Field(min_length=1, max_length=64)]
    password: Annotated[Words, Field(min_length=1, max_length=256)]
    code: Annotated[
        Words, Field(max_length=32, description="of the authenticator app, where one is set up")
    ] = ""


class Me(BaseModel):
    user_id: int
    name: str
    login: str
    role: str
    org_id: int
    org_name: str
    must_change_password: bool
    csrf_token: str = Field(description="to be sent as X-CSRF-Token with every change")


class OrgItem(BaseModel):
    id: int
    code: str
    name: str
    type: str
    parent_id: int | None


class Orgs(BaseModel):
    items: list[OrgItem]


class ServiceItem(BaseModel):
    code: str
    name: str
    level: str
    deadline_working_days: dict[str, int] = Field(description="by urgency")


class CatalogueAnswer(BaseModel):
    services: list[ServiceItem]
    kinds: dict[str, str]
    states: dict[str, str]
    urgencies: dict[str, str]
    sentiments: dict[str, str]


class HealthAnswer(BaseModel):
    """Anybody may ask, so nothing of accounts and gateways: that is the console's health page."""

    ok: bool


class PetitionItem(BaseModel):
    number: str
    title: str
    state: State
    kind: Kind
    domain: str
    urgency: str
    sentiment: Sentiment | None = Field(description="how the writer feels")
    place: str
    channel: str
    org_name: str
    lead_name: str | None
    confidential: bool
    received_at: datetime
    due_on: date | None
    overdue: bool
    reminders: int
    reopened: int
    rating: int | None
    version: int


class PetitionPage(BaseModel):
    items: list[PetitionItem]
    next: str | None = Field(description="give it back as `after` for the next page")


class MediumItem(BaseModel):
    id: int
    kind: str
    state: str
    url: str | None
    words: str = Field(description="what a machine read in the photo; not the citizen's words")
    words_confidence: float | None = Field(description="how sure the machine is, 0 to 1")


class SaidItem(BaseModel):
    """What the citizen sent, exactly as written."""

    at: datetime
    kind: str
    text: str
    original: bool = Field(description="part of the petition from the start, not added later")
    media: list[MediumItem]


class ToldItem(BaseModel):
    """What the citizen was told, and how far it got. `way`: sms where it went to a linked phone,
    page where it was read there, template or subscribe where a notice waits to be opened."""

    at: datetime
    text: str
    state: str
    sent_at: datetime | None
    way: str | None


class ReadingItem(BaseModel):
    field: str
    value: str | None
    confidence: float | None
    candidates: list[tuple[str, float]]
    corrected_to: str | None


class EventItem(BaseModel):
    at: datetime
    type: str
    actor: str
    user_name: str | None
    org_name: str | None
    reason: str
    detail: dict[str, Any]


class OfficeItem(BaseModel):
    org_id: int
    name: str
    role: Literal["lead", "assisting"]
    state: str


class SubjectItem(BaseModel):
    id: int
    org_name: str | None
    user_name: str | None
    words: str


class CompanionItem(BaseModel):
    """A petition of the same matter that the caller sees."""

    number: str
    title: str
    state: State
    place: str
    received_at: datetime


class TogetherItem(BaseModel):
    """What is handled together with it (合并)."""

    follows: bool = Field(description="it follows another, or followed it when it was answered")
    main: CompanionItem | None = Field(description="what it follows; null also where not visible")
    joined: list[CompanionItem] = Field(description="what follows it")
    unseen: int = Field(description="how many more follow it in other branches")
    citizens: int = Field(description="people all of these are from")


class PetitionAnswer(PetitionItem):
    text: str
    since: str | None
    sensitive: list[str]
    contact_name: str | None
    contact_phone: str | None = Field(description="masked: 138****1234")
    answer: str | None
    rating_comment: str | None
    said: list[SaidItem]
    told: list[ToldItem]
    events: list[EventItem]
    readings: list[ReadingItem]
    offices: list[OfficeItem]
    subjects: list[SubjectItem]
    together: TogetherItem
    actions: list[str] = Field(description="what the caller may do next")


class Change(Given):
    version: Version


class Correct(Change):
    field: CorrectedField
    value: Annotated[Words, Field(min_length=1, max_length=255)]
    place_code: Annotated[Words, Field(max_length=16)] | None = Field(
        default=None, description="division the place lies in; goes with field 'place'"
    )
    reason: Annotated[Words, Field(max_length=1000)] = ""


class Dispatch(Change):
    lead_org_id: OrgId
    assisting_org_ids: Annotated[list[OrgId], Field(max_length=20)] = []
    reason: Annotated[Words, Field(max_length=1000)] = ""


class Return(Change):
    reason: Annotated[Words, Field(min_length=2, max_length=1000)]


class AnswerGiven(Change):
    text: Annotated[Words, Field(min_length=2, max_length=2000)]


class Note(Change):
    text: Annotated[Words, Field(min_length=1, max_length=1000)]


class Merge(Change):
    other: Annotated[Number, Field(description="the petition of the same matter")]


class SetSubject(Change):
    """One of the two: what the petition speaks about."""

    org_id: OrgId | None = None
    user_id: OrgId | None = None
    reason: Annotated[Words, Field(max_length=1000)] = ""


class LiftSubject(Change):
    subject_id: OrgId
    reason: Annotated[Words, Field(min_length=1, max_length=1000)]


class HotIssueItem(BaseModel):
    """What several people brought up at one place."""

    id: int
    title: str = Field(description="of its first petition in the period")
    domain: str
    place: str
    place_code: str | None
    petitions: int = Field(description="in the period")
    citizens: int = Field(description="in the period")
    citizens_before: int = Field(description="in as many days before it")
    growth: float = Field(description="1.0 is as before, 2.0 twice as hot")
    waiting: int = Field(description="petitions of the period not answered yet")
    first_at: datetime
    last_at: datetime


class HotIssues(BaseModel):
    first_day: date
    last_day: date
    items: list[HotIssueItem]


class HotIssuePetitions(BaseModel):
    items: list[PetitionItem]
