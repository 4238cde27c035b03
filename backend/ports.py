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
from typing import Any, Protocol

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


@dataclass(frozen=True, slots=True)
class Inbound:
    """One thing a citizen sent, verified and decoded.

    `external_id` tells retries from new messages within the account: the same on every retry,
    never the same for two messages. `text` may hold anything; the inbox makes it safe for SQL.
    `raw` is the body as it came (after decryption where the provider encrypts).
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


class InboxUnavailable(Exception):
    """Neither SQL nor the spool took the message: do not acknowledge, let the sender retry."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message on durable storage. `message_id` is None while it lies in the spool."""

    message_id: int | None
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class PassiveReply:
    """An outbox row handed to a webhook that still waits. `text` is whole and not yet split."""

    outbox_id: int
    text: str


class ReceiptState(StrEnum):
    """What a provider reports of a message it took; only DELIVERED and FAILED are final."""

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


class Gateway(Protocol):
    """What the backend offers to channels."""

    async def accept(self, inbound: Inbound, *, reply_within: float = 0.0) -> Accepted:
        """Store durably; return only then. `reply_within` > 0: the caller will wait that many
        seconds for the answer, so the outbox holds it back that long. Raises InboxUnavailable."""

    async def whereabouts(self, account: str, address: str, place: GeoPoint) -> None:
        """Where a citizen is just now, as the provider reports unasked: a hint, kept for minutes
        and never on storage; lost where the citizen is not known yet."""

    async def wait_reply(self, accepted: Accepted, timeout: float) -> PassiveReply | None:
        """Wait up to `timeout` seconds for the turn that reads this message, and claim its answer
        for the passive route. None: not ready (or nothing to say, or already pushed). A retry of
        a message whose answer already left by the passive route gets the same text again."""

    async def reply_written(self, reply: PassiveReply, *, written: bool) -> None:
        """Tell the outbox whether the webhook's response left this process whole."""

    async def reply_declined(self, reply: PassiveReply) -> None:
        """Give an answer back of which nothing was written (too long for one response): the
        outbox sends it by the active route, now."""

    async def receipt(self, receipt: DeliveryReceipt) -> None:
        """Record a delivery receipt; one for an unknown message is kept and matched later. Raises
        InboxUnavailable."""


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message to send. `outbox_id` is ours and stable over retries."""

    outbox_id: int
    address: str
    text: str


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took it. `provider_id` ties later receipts to it, '' where there is none."""

    provider_id: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """Surely not delivered; worth trying again after `after` seconds (None: usual back-off)."""

    reason: str
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """Surely not delivered and never will be (bad address, refused)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No route to this citizen now (window over, no permission): keep it for the next contact."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Sent, but the outcome is not known (time-out, connection lost): never blindly repeated."""

    reason: str


SendResult = Sent | Retry | Rejected | Unreachable | Unknown


class MediaUnavailable(Exception):
    """The provider no longer has the medium, or will not give it; `permanent` says if for good."""

    def __init__(self, reason: str, *, permanent: bool) -> None:
        super().__init__(reason)
        self.permanent = permanent


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

    async def get(self, key: str) -> str | None: ...

    async def set(self, key: str, value: str, *, seconds: float) -> None: ...

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
    """What a channel may use besides its own account."""

    gateway: Gateway
    shared: SharedStore
    clock: Clock
    trusted_proxies: Sequence[str] = ()
