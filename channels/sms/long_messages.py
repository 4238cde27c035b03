"""Parts of long messages that came in, until they are whole or overdue. Pure.

Parts come in any order, twice, on several connections, or never. What tells two messages of one
sender with the same reference apart: a part that is there already with other words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from channels.sms.message_parts import Concatenation, decode_text

WAIT = timedelta(minutes=10)
# How long a delivered message's parts are known, should one be sent again.
REMEMBER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class ReceivedPart:
    """`known_as` is the same whenever the gateway sends this part again. `payload` is without the
    header; `raw` the frame."""

    known_as: str
    sender: str
    receiver: str
    concatenation: Concatenation
    coding: int
    payload: bytes
    raw: bytes
    at: datetime


@dataclass(slots=True)
class LongMessage:
    """Parts by number. `id` is the first one's and stays the same through a restart."""

    id: str
    sender: str
    receiver: str
    total: int
    since: datetime
    parts: dict[int, ReceivedPart] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        return len(self.parts) == self.total

    @property
    def raw(self) -> bytes:
        """The frames, in the order of the text."""
        return b"".join(part.raw for _, part in sorted(self.parts.items()))

    def text(self, gap: str, decode: Callable[[bytes, int], str] = decode_text) -> str:
        """The words, read by `decode`; `gap` ('{number}' in it) stands where a part is missing."""
        pieces: list[str] = []
        run: list[ReceivedPart] = []
        for number in range(1, self.total + 1):
            part = self.parts.get(number)
            if run and (part is None or part.coding != run[0].coding):
                pieces.append(_read(run, decode))
                run = []
            if part is None:
                pieces.append(gap.format(number=number))
            else:
                run.append(part)
        return "".join(pieces) + (_read(run, decode) if run else "")


def _read(parts: Sequence[ReceivedPart], decode: Callable[[bytes, int], str]) -> str:
    # Together, for phones cut characters in two.
    return decode(b"".join(part.payload for part in parts), parts[0].coding)


Key = tuple[str, str, int, int, int]


class LongMessages:
    """`add` parts, take what is whole or overdue, and say when it is `stored`."""

    def __init__(self) -> None:
        self._open: dict[Key, LongMessage] = {}
        self._given_up: list[LongMessage] = []
        self._stored: dict[str, datetime] = {}  # known_as of parts of stored messages

    def seen(self, known_as: str) -> bool:
        """Whether the part belongs to a message that is stored, or takes no further parts."""
        given_up = (part for message in self._given_up for part in message.parts.values())
        return known_as in self._stored or any(part.known_as == known_as for part in given_up)

    def add(self, part: ReceivedPart) -> tuple[LongMessage, bool]:
        """The message the part belongs to, and whether the part is new to it."""
        key = _key(part)
        found = self._open.get(key)
        if found is not None:
            same = found.parts.get(part.concatenation.number)
            if same is not None and same.payload == part.payload:
                return found, False
            if same is not None:
                # Another message with the same reference: of the first nothing more will come.
                self._given_up.append(found)
                found = None
        if found is None:
            found = LongMessage(
                part.known_as, part.sender, part.receiver, part.concatenation.total, part.at
            )
            self._open[key] = found
        found.parts[part.concatenation.number] = part
        return found, True

    def due(self, now: datetime) -> list[LongMessage]:
        """What should be handed on: whole, given up, or waiting for longer than `WAIT`."""
        waited = [each for each in self._open.values() if each.whole or each.since + WAIT <= now]
        return [*self._given_up, *waited]

    def give_up(self, message: LongMessage) -> None:
        """Nothing more goes into it: what comes while it is handed on must not be lost with it."""
        self._open = {key: each for key, each in self._open.items() if each is not message}
        if message not in self._given_up:
            self._given_up.append(message)

    def stored(self, message: LongMessage, now: datetime) -> None:
        """It is on durable storage: forget its words."""
        for part in message.parts.values():
            self._stored[part.known_as] = now
        self._given_up = [each for each in self._given_up if each is not message]
        self._open = {key: each for key, each in self._open.items() if each is not message}

    def remember(self, known_as: str, at: datetime) -> None:
        """As `stored`, of one part, from an earlier process."""
        self._stored[known_as] = at

    def forget(self, now: datetime) -> None:
        """Parts stored longer ago than `REMEMBER`."""
        self._stored = {id_: at for id_, at in self._stored.items() if at + REMEMBER > now}

    def messages(self) -> list[LongMessage]:
        """All that wait."""
        return [*self._given_up, *self._open.values()]

    def parts(self) -> Iterator[ReceivedPart]:
        """Of all that wait; of one message in the order they came."""
        for message in self.messages():
            yield from message.parts.values()

    def known(self) -> dict[str, datetime]:
        """`known_as` of the parts of stored messages, and when."""
        return dict(self._stored)


def _key(part: ReceivedPart) -> Key:
    it = part.concatenation
    return part.sender, part.receiver, it.octets, it.reference, it.total
