"""The account kept of each citizen's quota, so that WeChat is asked for nothing it would refuse.

Kept in the shared store, where only the sender writes it; what it does not know (a new message, a
flushed store) it reads from SQL, before a message takes a lesser way. A quota that is larger than
we think does no harm that way, one that is smaller WeChat tells us.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from backend.ports import Clock, Contact, ContactHistory, Gateway, MessageKind
from channels.wechat.quota import LONGEST, MOST_AT_ONCE, Moment, Trigger, quota, still_counting
from channels.wechat.shared_state import SharedState

log = structlog.get_logger(__name__)

# A push takes a moment to arrive; WeChat's clock is not quite ours.
MARGIN = timedelta(seconds=2)

_EVENTS = {
    "subscribe": Trigger.ACTED,
    "scan": Trigger.ACTED,
    "menu": Trigger.ACTED,
    "unsubscribe": Trigger.SHUT,
}


class ReplyQuota:
    """Of one account. Pushes to one address must not overlap (the outbox sees to that)."""

    def __init__(self, account: str, gateway: Gateway, shared: SharedState, clock: Clock) -> None:
        self._account = account
        self._gateway = gateway
        self._shared = shared
        self._clock = clock

    async def left(self, address: str, wanted: int) -> int:
        """How many messages may be pushed now, counted no further than `wanted` needs."""
        wanted = min(wanted, MOST_AT_ONCE)
        known = await self._recall(address)
        if known is not None and (left := self._left(*known)) >= wanted:
            return left
        history = await self._gateway.contact_history(
            self._account, address, self._clock.now() - LONGEST
        )
        if history is None:
            # Nobody knows; WeChat's errcode will say.
            return MOST_AT_ONCE
        moments, pushed = _merged(history, known)
        await self._keep(address, moments, pushed)
        return self._left(moments, pushed)

    async def pushed(self, address: str, count: int) -> None:
        """So many messages left just now."""
        if count > 0 and (known := await self._recall(address)) is not None:
            moments, pushed = known
            await self._keep(address, moments, [*pushed, *[self._clock.now()] * count])

    async def refused(self, address: str) -> None:
        """WeChat says there is nothing left, whatever we thought."""
        moments, pushed = await self._recall(address) or ([], [])
        # In whole seconds, as WeChat gives the times of contacts.
        shut = Moment(self._clock.now().replace(microsecond=0), Trigger.SHUT)
        await self._keep(address, [*moments, shut], pushed)

    async def forget(self, address: str) -> None:
        """Something has changed that only SQL knows."""
        await self._shared.set(self._key(address), "", seconds=LONGEST.total_seconds())

    def _left(self, moments: Sequence[Moment], pushed: Sequence[datetime]) -> int:
        return quota(moments, pushed, self._clock.now() + MARGIN).left

    async def _recall(self, address: str) -> tuple[list[Moment], list[datetime]] | None:
        text = await self._shared.get(self._key(address))
        return _load(text) if text else None

    async def _keep(
        self, address: str, moments: Sequence[Moment], pushed: Sequence[datetime]
    ) -> None:
        counting = still_counting(moments, pushed, self._clock.now())
        await self._shared.set(
            self._key(address), _dump(*counting), seconds=LONGEST.total_seconds()
        )

    def _key(self, address: str) -> str:
        return f"wechat:{self._account}:quota:{address}"


def _merged(
    history: ContactHistory, known: tuple[list[Moment], list[datetime]] | None
) -> tuple[list[Moment], list[datetime]]:
    """What SQL knows, and what WeChat told us beside it."""
    moments = [moment for contact in history.contacts if (moment := _moment(contact)) is not None]
    said = [one for one in known[0] if one.trigger is Trigger.SHUT] if known is not None else []
    # Who came within the second of the refusal came after it: else it would never be asked again.
    return [*said, *moments], list(history.pushed)


def _moment(contact: Contact) -> Moment | None:
    if contact.kind is not MessageKind.EVENT:
        return Moment(contact.at, Trigger.WROTE)
    trigger = _EVENTS.get(contact.event)
    return Moment(contact.at, trigger) if trigger is not None else None


def _dump(moments: Sequence[Moment], pushed: Sequence[datetime]) -> str:
    return json.dumps(
        {
            "moments": [[one.at.isoformat(), one.trigger.value] for one in moments],
            "pushed": [at.isoformat() for at in pushed],
        }
    )


def _load(text: str) -> tuple[list[Moment], list[datetime]] | None:
    try:
        stored = json.loads(text)
        moments = [
            Moment(datetime.fromisoformat(at), Trigger(trigger))
            for at, trigger in stored["moments"]
        ]
        return moments, [datetime.fromisoformat(at) for at in stored["pushed"]]
    except (ValueError, KeyError, TypeError):
        log.warning("wechat.shared_quota_not_understood")
        return None
