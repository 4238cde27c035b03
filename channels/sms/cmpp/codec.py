"""Frames to values and back: CMPP without a socket.

codec = Codec(Version.V30)
frame = codec.encode(ActiveTest(), 7)
sequence_id, pdu = codec.decode(frame)
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from channels.sms.cmpp.errors import FieldError, FrameError
from channels.sms.cmpp.layouts import (
    COMMANDS,
    LAYOUTS_20,
    LAYOUTS_30,
    REPORT_20,
    REPORT_30,
    REPORTS,
)
from channels.sms.cmpp.pdus import ActiveTestResp, Command, Pdu, Report, Submit, Version

HEADER = struct.Struct(">III")  # Total_Length, Command_Id, Sequence_Id
LEAST_OCTETS = HEADER.size
MOST_OCTETS = 4096  # a SUBMIT to 99 numbers with 255 octets has 3,586
ASCII = 0
MOST_ASCII, MOST_CONTENT = 159, 140


class Header(NamedTuple):
    """A frame's first twelve octets; `command` is None for one nobody knows."""

    total_length: int
    command: Command | None
    sequence_id: int


class Framed(NamedTuple):
    """A decoded frame."""

    sequence_id: int
    pdu: Pdu


class Codec:
    """Encodes and decodes in one version."""

    def __init__(self, version: Version) -> None:
        self.version = version
        layouts = LAYOUTS_30 if version.is_3 else LAYOUTS_20
        self._layouts = {int(command): layout for command, layout in layouts.items()}
        self._coders = {kind: (int(c), layouts[c]) for kind, c in COMMANDS.items()}

    def encode(self, pdu: Pdu, sequence_id: int) -> bytes:
        """The whole frame. Raises FieldError."""
        if type(pdu) is Submit and len(pdu.content) > MOST_CONTENT:
            _check_content(pdu)
        command, layout = self._coders[type(pdu)]
        body = layout.encode(pdu)
        try:
            return HEADER.pack(LEAST_OCTETS + len(body), command, sequence_id) + body
        except struct.error as error:
            raise FieldError("sequence_id", "should be a number of 4 octets") from error

    def decode(self, frame: bytes) -> Framed:
        """One frame, neither more nor less. Raises FrameError, FieldError."""
        if len(frame) < LEAST_OCTETS:
            raise FrameError(f"{len(frame)} octets are no header")
        total_length, command, sequence_id = HEADER.unpack_from(frame)
        if total_length != len(frame):
            raise FrameError(f"Total_Length says {total_length}, the frame has {len(frame)}")
        layout = self._layouts.get(command)
        if layout is None:
            raise FrameError("Command_Id is none of CMPP's")
        # Some gateways leave the one reserved octet out.
        if total_length == LEAST_OCTETS and command == Command.ACTIVE_TEST_RESP:
            return Framed(sequence_id, ActiveTestResp())
        return Framed(sequence_id, layout.decode(frame, LEAST_OCTETS))

    def encode_report(self, report: Report) -> bytes:
        """The content of a DELIVER that reports. Raises FieldError."""
        return (REPORT_30 if self.version.is_3 else REPORT_20).encode(report)


def read_header(octets: bytes) -> Header:
    """Of a frame's beginning. Raises FrameError for fewer than twelve octets or a Total_Length
    that no frame has."""
    if len(octets) < LEAST_OCTETS:
        raise FrameError(f"{len(octets)} octets are no header")
    total_length, command_id, sequence_id = HEADER.unpack_from(octets)
    if not LEAST_OCTETS <= total_length <= MOST_OCTETS:
        raise FrameError(f"Total_Length {total_length} is out of bounds")
    return Header(total_length, _COMMAND.get(command_id), sequence_id)


_COMMAND = {int(command): command for command in Command}


def decode_report(content: bytes) -> Report:
    """The content of a DELIVER whose Registered_Delivery is 1; its length tells the version, for
    gateways do not always keep to the one they agreed to. Raises FieldError."""
    layout = REPORTS.get(len(content))
    if layout is None:
        raise FieldError("Report", f"{len(content)} octets, should be 60 or 71")
    return layout.decode(content)


def _check_content(submit: Submit) -> None:
    most = MOST_ASCII if submit.msg_fmt == ASCII else MOST_CONTENT
    if len(submit.content) > most:
        raise FieldError(
            "Submit.content",
            f"{len(submit.content)} octets, at most {most} in format {submit.msg_fmt}",
        )
