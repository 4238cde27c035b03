"""Frames to values and back: SMPP 3.4 without a socket.

frame = encode(EnquireLink(), 7)
sequence_number, pdu = decode(frame)
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from channels.sms.smpp.errors import FieldError, FrameError
from channels.sms.smpp.layouts import LAYOUTS
from channels.sms.smpp.pdus import Command, Pdu, Status

HEADER = struct.Struct(">IIII")  # command_length, command_id, command_status, sequence_number
LEAST_OCTETS = HEADER.size
MOST_OCTETS = 1 << 17  # a message_payload has at most 65,535

_LAYOUTS = {int(command): layout for command, (_, layout) in LAYOUTS.items()}
_CODERS = {pdu: (int(command), layout) for command, (pdu, layout) in LAYOUTS.items()}
_COMMAND = {int(command): command for command in Command}


class Header(NamedTuple):
    """A frame's first sixteen octets; `command` is None for one nobody knows."""

    command_length: int
    command: Command | None
    command_id: int
    command_status: int
    sequence_number: int


class Framed(NamedTuple):
    """A decoded frame."""

    sequence_number: int
    pdu: Pdu


def encode(pdu: Pdu, sequence_number: int) -> bytes:
    """The whole frame. Raises FieldError."""
    command, layout = _CODERS[type(pdu)]
    body = layout.encode(pdu)
    status = pdu.status if layout.has_status else 0  # type: ignore[union-attr]
    try:
        return HEADER.pack(LEAST_OCTETS + len(body), command, status, sequence_number) + body
    except struct.error as error:
        raise FieldError("header", "status and sequence are numbers of 4 octets") from error


def decode(frame: bytes) -> Framed:
    """One frame, neither more nor less. Raises FrameError, FieldError."""
    if len(frame) < LEAST_OCTETS:
        raise FrameError(f"{len(frame)} octets are no header")
    length, command, status, sequence = HEADER.unpack_from(frame)
    if length != len(frame):
        raise FrameError(f"command_length says {length}, the frame has {len(frame)}")
    layout = _LAYOUTS.get(command)
    if layout is None:
        raise FrameError("command_id is none of SMPP's")
    return Framed(sequence, layout.decode(frame, LEAST_OCTETS, status))


def read_header(octets: bytes) -> Header:
    """Of a frame's beginning. Raises FrameError for fewer than sixteen octets or a command_length
    that no frame has."""
    if len(octets) < LEAST_OCTETS:
        raise FrameError(f"{len(octets)} octets are no header")
    length, command, status, sequence = HEADER.unpack_from(octets)
    if not LEAST_OCTETS <= length <= MOST_OCTETS:
        raise FrameError(f"command_length {length} is out of bounds")
    return Header(length, _COMMAND.get(command), command, status, sequence)


def status_for(error: FieldError | FrameError) -> Status:
    """The command_status that answers a request which could not be decoded."""
    if isinstance(error, FrameError):
        return Status.INVALID_COMMAND_ID
    if error.field.endswith(".tlvs"):
        return Status.INVALID_OPTIONAL_PARAMETERS
    return Status.INVALID_MESSAGE_LENGTH
