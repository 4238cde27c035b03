"""What the engine asks of a protocol (CMPP, SMPP, SGIP, SMGP). Pure: no socket, no clock."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from enum import Enum, auto
from typing import NamedTuple, Protocol


class ProtocolError(ValueError):
    """Octets that are no frame, or a frame that is none of the protocol's. Repeats no content."""


class Meaning(Enum):
    """What a PDU is to the engine."""

    LOGIN = auto()  # the peer wants to be let in
    LOGIN_ANSWER = auto()
    HEARTBEAT = auto()
    HEARTBEAT_ANSWER = auto()
    TERMINATE = auto()
    TERMINATE_ANSWER = auto()
    REQUEST = auto()  # for whoever uses the engine
    ANSWER = auto()


class Admission(NamedTuple):
    """What a login came to. `refusal` is '' for a welcome, else `status` the protocol's number
    for it, not 0; `warning` is worth a line in the log; `answer` goes to the peer (a LOGIN of its
    own), else None."""

    refusal: str = ""
    status: int = 0
    warning: str = ""
    answer: object | None = None


class Dialect[Pdu](Protocol):
    """One protocol as one side speaks it on one connection."""

    @property
    def least_octets(self) -> int:
        """Of a whole frame. All of these protocols begin a frame with its length, in 4 octets."""

    @property
    def most_octets(self) -> int:
        """Of a whole frame."""

    def decode(self, frame: bytes) -> tuple[Hashable, Pdu]:
        """Sequence and PDU. Raises ProtocolError; the connection goes on."""

    def refuse(self, frame: bytes) -> bytes | None:
        """The answer to a request that cannot be decoded, where the protocol has one."""

    def encode(self, pdu: Pdu, sequence: Hashable) -> bytes:
        """The frame. Raises ValueError naming the field that is wrong."""

    def sequences(self) -> Iterator[Hashable]:
        """Endless; a number comes again only long after."""

    def meaning(self, pdu: Pdu) -> Meaning: ...

    def login(self) -> Pdu | None:
        """What we say first; None where the peer logs in to us."""

    def admit(self, pdu: Pdu) -> Admission:
        """Judge a LOGIN or LOGIN_ANSWER."""

    def heartbeat(self) -> Pdu: ...

    def terminate(self) -> Pdu: ...

    def answer(self, pdu: Pdu) -> Pdu:
        """The answer to a HEARTBEAT or TERMINATE."""
