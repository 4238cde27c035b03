"""The types and protocols between channels and the backend.

A channel imports this module and nothing else of the backend; the backend never imports a channel.
`xiangyin.wiring` joins the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from aiohttp import web


class MessageKind(StrEnum):
    """What a citizen sent; `internal` is what the system itself puts into a citizen's queue."""

    TEXT = "text"
    IMAGE = "image"
    VOICE = "voice"
    VIDEO = "video"
    LOCATION = "location"
    EVENT = "event"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class GeoPoint:
    """Degrees (as the provider gives them) and the provider's label, '' where none."""

    latitude: float
    longitude: float
    label: str = ""


@dataclass(frozen=True, slots=True)
class MediaRef:
    """A photo, voice or video still at the provider; `Channel.fetch_media` downloads it."""

    kind: MessageKind
    provider_ref: str


@dataclass(frozen=True, slots=True)
class MediaContent:
    """Bytes of a downloaded medium and the content type the provider claims ('' where none)."""

    data: bytes
    claimed_type: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """`name` is one of subscribe, unsubscribe, menu, scan, other; `key` the provider's own key."""

    name: str
    key: str = ""


# Not frozen, though never changed: freezing quadruples the time to make one, and every message
# waits for it.
@dataclass(slots=True)
class Inbound:
    """One thing a citizen sent, verified and decoded.

    `external_id` tells retries from new messages within the account: the same on every retry,
    never the same for two messages. `text` may hold anything; the inbox makes it safe for SQL.
    `raw` is the body as it came (after decryption where the provider encrypts). `extension` is
    what followed our own number in the one the citizen wrote to, '' where nothing did.
    """

    channel: str
    account: str
    address: str
    external_id: str
    kind: MessageKind
    text: str = ""
    media: Sequence[MediaRef] = ()
    place: GeoPoint | None = None
    event: Event | None = None
    sent_at: datetime | None = None
    raw: bytes = b""
    extension: str = ""


class InboxUnavailable(Exception):
    """Neither SQL nor the spool took the message: do not acknowledge, let the sender retry."""


# Not frozen for the same reason as `Inbound`.
@dataclass(slots=True)
class Accepted:
    """A message on durable storage. `message_id` is None while it lies in the spool. `tries`: how
    often it came with a webhook that waits, over all processes."""

    message_id: int | None
    duplicate: bool = False
    tries: int = 1


@dataclass(frozen=True, slots=True)
class PassiveReply:
    """An outbox row handed to a webhook that still waits. `text` is whole and not yet split.
    `take`: how many webhooks had it by then; of several tries only the last is still read."""

    outbox_id: int
    text: str
    take: int = field(default=1, compare=False)


class ReceiptState(StrEnum):
    """What a provider reports of a message or notice it took; only DELIVERED and FAILED are
    final."""

    BUFFERED = "buffered"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DeliveryReceipt:
    """`outbox_id` where our own id came back, else `provider_id` as `Sent` gave it."""

    account: str
    state: ReceiptState
    outbox_id: int | None = None
    provider_id: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """One time a citizen came; `event` is an `Event.name`, '' where they wrote."""

    at: datetime
    kind: MessageKind
    event: str = ""


@dataclass(frozen=True, slots=True)
class ContactHistory:
    """What passed between an account and one address, oldest first. `pushed`: when a provider's
    message was pushed, each by itself."""

    contacts: Sequence[Contact] = ()
    pushed: Sequence[datetime] = ()


@dataclass(frozen=True, slots=True)
class NoticePermission:
    """A citizen allowed one notice of a template, or (`allowed` False) wants no more of it.
    `external_id` is the same on every retry of the provider."""

    account: str
    address: str
    template_id: str
    external_id: str
    allowed: bool


class Gateway(Protocol):
    """What the backend offers to channels."""

    async def accept(self, inbound: Inbound, *, reply_within: float = 0.0) -> Accepted:
        """Store durably; return only then. `reply_within` > 0: the caller will wait that many
        seconds for the answer, so the outbox holds it back that long. Raises InboxUnavailable."""

    async def whereabouts(self, account: str, address: str, place: GeoPoint) -> None:
        """Where a citizen is just now, as the provider reports unasked: a hint, kept for minutes
        and never on storage; lost where the citizen is not known yet."""

    async def wait_reply(
        self, accepted: Accepted, timeout: float, *, in_part: bool = False
    ) -> PassiveReply | None:
        """Wait up to `timeout` seconds for the turn that reads this message, and claim its answer
        for the passive route. None: not ready (or nothing to say, or already pushed). A retry of
        a message whose answer already left by the passive route gets the same text again.
        `in_part`: there is no other route, so of what one reply cannot hold a part comes, and the
        rest with the citizen's next message."""

    async def reply_written(self, reply: PassiveReply, *, written: bool) -> None:
        """Tell the outbox whether the webhook's response left this process whole."""

    async def reply_declined(self, reply: PassiveReply) -> None:
        """Give an answer back of which nothing was written (too long for one response): the
        outbox sends it by the active route, now."""

    async def receipt(self, receipt: DeliveryReceipt) -> None:
        """Record a delivery receipt; one for an unknown message is kept and matched later. Raises
        InboxUnavailable."""

    async def permission(self, permission: NoticePermission) -> None:
        """Record what a citizen allows; a repeat changes nothing. Raises InboxUnavailable."""

    async def permitted(self, account: str, address: str, template_id: str) -> int:
        """How many notices of the template the citizen has allowed that were not sent yet; 0 also
        where SQL does not answer now."""

    async def contact_history(
        self, account: str, address: str, since: datetime
    ) -> ContactHistory | None:
        """What is in SQL since then. None: SQL does not answer now."""


@dataclass(frozen=True, slots=True)
class About:
    """The petition a message speaks of. `title` is '' where a notice must not show it."""

    number: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message to send: of its text, what has not left yet. `outbox_id` is ours and stable over
    retries. `about`: None where it speaks of no petition. `noticed_by`:
    the ways (`Noticed.by`) on which a notice of it went before. `extension` follows our number
    where the channel has such a thing: an answer comes back with it. `link`: the page where its
    citizen reads it, '' where there is none. `code`: what proves a phone number, where it tells
    one; the rest of it may then be said in other words."""

    outbox_id: int
    address: str
    text: str
    about: About | None = None
    noticed_by: Sequence[str] = ()
    extension: str = ""
    link: str = ""
    code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took it, in `pushes` messages of its own that count against a quota (0: there
    is none). `provider_id` ties later receipts to it, '' where there is none."""

    provider_id: str = ""
    pushes: int = 0


@dataclass(frozen=True, slots=True)
class Noticed:
    """The citizen was told that there is something to read, not what: the message itself is kept
    for the next contact. `by` names the way; `provider_id` as in `Sent`; `spent`: the template
    whose permission this took, '' where it takes none."""

    by: str
    provider_id: str = ""
    spent: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """Surely not delivered; worth trying again after `after` seconds (None: usual back-off).
    `begun`: the provider has parts of it, so no other account may send it instead. `fault`: it
    tells against the provider; False where only this number or process must wait."""

    reason: str
    after: float | None = None
    begun: bool = False
    fault: bool = True


@dataclass(frozen=True, slots=True)
class Rejected:
    """Surely not delivered and never will be (bad address, refused)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No route to this citizen now (window over, no permission): keep it for the next contact.
    `reason` is '' where nothing is wrong, for a notice of it went before."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Sent, but the outcome is not known (time-out, connection lost): never blindly repeated."""

    reason: str


Rest = Noticed | Retry | Rejected | Unreachable | Unknown


@dataclass(frozen=True, slots=True)
class Partly:
    """The first `told` characters left, in `pushes` messages; `rest` became of what follows. An
    outcome that is not known counts as a push."""

    told: int
    pushes: int
    rest: Rest


SendResult = Sent | Partly | Rest


class MediaUnavailable(Exception):
    """The provider no longer has the medium, or will not give it; `permanent` says if for good."""

    def __init__(self, reason: str, *, permanent: bool) -> None:
        super().__init__(reason)
        self.permanent = permanent


class LoginRefused(Exception):
    """The provider does not vouch for whoever opened the page; they may begin anew."""


class LoginUnavailable(Exception):
    """The provider cannot be asked now."""


class PageLogin(Protocol):
    """How an account tells who opens one of our pages inside the provider's app."""

    def authorize_url(self, return_to: str, state: str) -> str:
        """Where to send the browser; it comes back to `return_to` with a `code` and `state`."""

    async def identify(self, code: str) -> str:
        """The citizen's address on this account. Raises LoginRefused, LoginUnavailable."""


@runtime_checkable
class OffersPageLogin(Protocol):
    """A channel whose citizens can open our pages."""

    @property
    def page_login(self) -> PageLogin | None:
        """None where the account may not."""


class Channel(Protocol):
    """One account on one channel. `channels/<name>/__init__.py` exports
    `create(account: Account, deps: ChannelDependencies) -> Channel`."""

    @property
    def idempotent(self) -> bool:
        """True where the provider refuses a repeat of the same outbox id."""

    def routes(self) -> Sequence[web.RouteDef]:
        """HTTP routes of this account, under /channels/<channel>/<account>/…"""

    async def start(self) -> None:
        """Open connections; must not fail because a provider is down."""

    async def close(self) -> None:
        """Close what `start` opened."""

    async def send(self, message: Outbound) -> SendResult:
        """Send one message; never raises for a provider's failure."""

    async def fetch_media(self, ref: MediaRef) -> MediaContent:
        """Download a medium. Raises MediaUnavailable."""

    async def health(self) -> dict[str, Any]:
        """Facts for the operator: {'ok': bool, 'detail': plain Chinese, …}; nothing secret."""


@dataclass(frozen=True, slots=True)
class Account:
    """One configured account. `options` is the channel's own part of the settings, secrets
    included; the channel checks it in `create` and raises ValueError naming the option."""

    name: str
    channel: str
    options: dict[str, Any] = field(default_factory=dict)


class SharedStore(Protocol):
    """Small values shared by all processes (Valkey; in-process without it). Losing it loses
    nothing but time."""

    @property
    def reaches_others(self) -> bool:
        """Whether other processes set values here, and not this one alone."""

    async def get(self, key: str) -> str | None: ...

    async def set(self, key: str, value: str, *, seconds: float) -> None: ...

    async def add(self, key: str, value: str, *, seconds: float) -> str:
        """Set `key` unless it has a value; returns the value that it has now. Gives up in time by
        itself: a timer for each message would cost more than the call."""

    async def delete(self, key: str) -> None: ...

    def lock(self, name: str, *, seconds: float) -> AbstractAsyncContextManager[bool]:
        """Yields True when the lock was got, within `seconds`; it expires after `seconds`."""


class Clock(Protocol):
    """Injected everywhere, so that tests never wait for time to pass."""

    def now(self) -> datetime:
        """The present, timezone-aware, UTC."""

    async def sleep(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class ChannelDependencies:
    """What a channel may use besides its own account. `public_url`: our address as citizens reach
    it, without a slash at the end; '' where there is none. `folder`: where it may keep, below its
    account's name, what must outlive the process; None: nowhere."""

    gateway: Gateway
    shared: SharedStore
    clock: Clock
    trusted_proxies: Sequence[str] = ()
    public_url: str = ""
    folder: Path | None = None
