"""Which part of which message of ours the gateway calls what, and what it reported. Pure.

A message that fits one part needs none of this: its id stands in the outbox. Of a longer one
each part is reported by itself; it is delivered when all are, and failed when one is.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from backend.ports import ReceiptState

REMEMBER = timedelta(days=4)  # a report comes within the validity of a message: three days
EARLY_REPORTS = 4096
type PartId = int | str  # what the gateway calls a part; 0 or '' where it did not say
_FINAL = (ReceiptState.DELIVERED, ReceiptState.FAILED)


class Verdict(NamedTuple):
    """What a whole message has come to."""

    outbox_id: int
    state: ReceiptState
    detail: str


@dataclass(slots=True)
class SentMessage:
    """`msg_ids` and `states` (with the gateway's word) by part number."""

    outbox_id: int
    total: int
    at: datetime
    msg_ids: dict[int, PartId] = field(default_factory=dict)
    states: dict[int, tuple[ReceiptState, str]] = field(default_factory=dict)
    told: bool = False

    def verdict(self) -> Verdict | None:
        """Once, when it is decided."""
        if self.told:
            return None
        for state, detail in self.states.values():
            if state is ReceiptState.FAILED:
                self.told = True
                return Verdict(self.outbox_id, state, detail)
        if len(self.states) < self.total:
            return None
        self.told = True
        return Verdict(self.outbox_id, ReceiptState.DELIVERED, "")


class SentParts:
    """Messages under way, by our id and by the gateway's."""

    def __init__(self) -> None:
        self._messages: dict[int, SentMessage] = {}
        self._by_msg_id: dict[PartId, tuple[SentMessage, int]] = {}
        self._early: OrderedDict[PartId, tuple[ReceiptState, str]] = OrderedDict()

    def message(self, outbox_id: int) -> SentMessage | None:
        return self._messages.get(outbox_id)

    def accepted(
        self, outbox_id: int, total: int, number: int, msg_id: PartId, at: datetime
    ) -> Verdict | None:
        """The gateway took a part. Its report may have come before."""
        message = self._messages.get(outbox_id)
        if message is None:
            message = self._messages[outbox_id] = SentMessage(outbox_id, total, at)
        message.msg_ids[number] = msg_id
        if not msg_id:
            return None
        self._by_msg_id[msg_id] = message, number
        early = self._early.pop(msg_id, None)
        return self.reported(msg_id, *early) if early else None

    def knows(self, msg_id: PartId) -> bool:
        return msg_id in self._by_msg_id

    def reported(self, msg_id: PartId, state: ReceiptState, detail: str) -> Verdict | None:
        """A report. One that says less than an earlier one changes nothing; one for a part nobody
        knows yet is kept until it is known."""
        if state not in _FINAL:
            return None
        found = self._by_msg_id.get(msg_id)
        if found is None:
            self._early[msg_id] = state, detail
            if len(self._early) > EARLY_REPORTS:
                self._early.popitem(last=False)
            return None
        message, number = found
        message.states.setdefault(number, (state, detail))
        return message.verdict()

    def untell(self, outbox_id: int) -> None:
        """The verdict did not reach the outbox."""
        if outbox_id in self._messages:
            self._messages[outbox_id].told = False

    def forget(self, now: datetime) -> None:
        """Messages whose reports are all there, or will not come any more."""
        for message in list(self._messages.values()):
            complete = len(message.states) == message.total
            if complete or message.at + REMEMBER <= now:
                del self._messages[message.outbox_id]
                for msg_id in message.msg_ids.values():
                    self._by_msg_id.pop(msg_id, None)

    def messages(self) -> Iterator[SentMessage]:
        yield from self._messages.values()
