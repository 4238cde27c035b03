"""What a gateway delivers, once its protocol is read: citizens' messages to the inbox, parts of
long ones to the journal first, reports to the outbox. Whoever calls answers the gateway when it
returns, and not where it raises: then the gateway delivers it again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files

import yaml

from backend.ports import (
    Account,
    Clock,
    DeliveryReceipt,
    Gateway,
    Inbound,
    InboxUnavailable,
    MessageKind,
    ReceiptState,
)
from channels.sms import state_lines
from channels.sms.journal import Journal
from channels.sms.long_messages import LongMessage, LongMessages, ReceivedPart
from channels.sms.message_parts import decode_text
from channels.sms.sent_parts import PartId, SentParts, Verdict
from channels.sms.session_health import SessionHealth


@cache
def gap() -> str:
    """What stands where a part of a long message did not come."""
    text = files("channels.sms").joinpath("texts.yml").read_text(encoding="utf-8")
    return str(yaml.safe_load(text)["gap"])


class Incoming:
    """Every method raises InboxUnavailable, JournalUnavailable."""

    def __init__(
        self,
        account: Account,
        sender: str,
        gateway: Gateway,
        clock: Clock,
        journal: Journal,
        long: LongMessages,
        sent: SentParts,
        health: SessionHealth,
        decode: Callable[[bytes, int], str] = decode_text,
    ) -> None:
        """`sender`: our service number; `decode`: octets and the protocol's number for how they
        are to be read."""
        self._account = account
        self._sender = sender
        self._gateway = gateway
        self._clock = clock
        self._journal = journal
        self._long = long
        self._sent = sent
        self._health = health
        self._decode = decode

    async def message(
        self, *, known_as: str, sender: str, receiver: str, coding: int, payload: bytes, raw: bytes
    ) -> None:
        """One that is whole; `known_as` as `Inbound.external_id`."""
        self._health.received()
        await self._accept(known_as, sender, receiver, self._decode(payload, coding), raw)

    async def part(self, part: ReceivedPart) -> None:
        """One of a long message."""
        self._health.received()
        if self._long.seen(part.known_as):
            return
        message, _ = self._long.add(part)
        # One that is there already may not have reached the disk.
        await self._journal.append(state_lines.part_line(part))
        if message.whole:
            await self._hand_on(message)

    async def hand_on_due(self) -> None:
        """Messages whose missing parts did not come, and those the inbox did not take before."""
        for message in self._long.due(self._clock.now()):
            if not message.whole:
                self._long.give_up(message)
            await self._hand_on(message)

    async def _hand_on(self, message: LongMessage) -> None:
        text = message.text(gap(), self._decode)
        await self._accept(
            f"{message.id}-long", message.sender, message.receiver, text, message.raw
        )
        known = [part.known_as for part in message.parts.values()]
        now = self._clock.now()
        self._long.stored(message, now)
        await self._journal.append(state_lines.stored_line(known, now))

    async def _accept(
        self, known_as: str, sender: str, receiver: str, text: str, raw: bytes
    ) -> None:
        ours = self._sender
        await self._gateway.accept(
            Inbound(
                channel=self._account.channel,
                account=self._account.name,
                address=sender,
                external_id=known_as,
                kind=MessageKind.TEXT,
                text=text,
                raw=raw,
                extension=receiver.removeprefix(ours) if receiver.startswith(ours) else "",
            )
        )

    async def reported(
        self, part_id: PartId, provider_id: str, state: ReceiptState, word: str
    ) -> None:
        """What became of the part the gateway calls `part_id`, the outbox `provider_id`."""
        self._health.reported(state)
        if self._sent.knows(part_id):
            await self._part_reported(part_id, state, word)
            return
        # Of a message in one part, or of one the gateway has not answered yet.
        self._sent.reported(part_id, state, word)
        await self._gateway.receipt(
            DeliveryReceipt(
                account=self._account.name, state=state, provider_id=provider_id, detail=word
            )
        )

    async def _part_reported(self, part_id: PartId, state: ReceiptState, word: str) -> None:
        verdict = self._sent.reported(part_id, state, word)
        if verdict is not None:
            try:
                await self.tell(verdict)
            except InboxUnavailable:
                self._sent.untell(verdict.outbox_id)  # the gateway will report again
                raise
        await self._journal.append(state_lines.report_line(part_id, state, word))

    async def tell(self, verdict: Verdict) -> None:
        """What a message of several parts has come to."""
        await self._gateway.receipt(
            DeliveryReceipt(
                account=self._account.name,
                state=verdict.state,
                outbox_id=verdict.outbox_id,
                detail=verdict.detail,
            )
        )
