"""CMPP's PDUs as values. One class serves 2.0 and 3.0; fields of one version only say so.

Names are the specification's. Strings hold at most the octets of the tables in `layouts.py`.
Nobody writes to one. The four that travel in great numbers are not told so at run time: a frozen
SUBMIT takes 7 µs to make, `object.__setattr__` for each field, a plain one takes 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Version(IntEnum):
    """As in the field Version of CONNECT: main version in the upper four bits."""

    V20 = 0x20
    V21 = 0x21
    V30 = 0x30

    @property
    def is_3(self) -> bool:
        return self >= Version.V30


class Command(IntEnum):
    CONNECT = 0x00000001
    CONNECT_RESP = 0x80000001
    TERMINATE = 0x00000002
    TERMINATE_RESP = 0x80000002
    SUBMIT = 0x00000004
    SUBMIT_RESP = 0x80000004
    DELIVER = 0x00000005
    DELIVER_RESP = 0x80000005
    QUERY = 0x00000006
    QUERY_RESP = 0x80000006
    CANCEL = 0x00000007
    CANCEL_RESP = 0x80000007
    ACTIVE_TEST = 0x00000008
    ACTIVE_TEST_RESP = 0x80000008


@dataclass(frozen=True, slots=True)
class Connect:
    """`timestamp` is MMDDHHMMSS as a number, Asia/Shanghai; `version` a `Version`'s value."""

    source_addr: str
    authenticator_source: bytes
    version: int
    timestamp: int


@dataclass(frozen=True, slots=True)
class ConnectResp:
    """`status` 0: welcome."""

    status: int
    authenticator_ismg: bytes
    version: int


@dataclass(frozen=True, slots=True)
class Terminate:
    pass


@dataclass(frozen=True, slots=True)
class TerminateResp:
    pass


@dataclass(slots=True, unsafe_hash=True)
class Submit:
    """One part of a message for `dest`. `link_id` is called Reserve in 2.0. Times are
    'YYMMDDhhmmss032+', '' for none."""

    msg_id: int = 0
    pk_total: int = 1
    pk_number: int = 1
    registered_delivery: int = 0
    msg_level: int = 0
    service_id: str = ""
    fee_user_type: int = 0
    fee_terminal_id: str = ""
    fee_terminal_type: int = 0  # 3.0
    tp_pid: int = 0
    tp_udhi: int = 0
    msg_fmt: int = 0
    msg_src: str = ""
    fee_type: str = ""
    fee_code: str = ""
    valid_time: str = ""
    at_time: str = ""
    src_id: str = ""
    dest_terminal_id: tuple[str, ...] = ()
    dest_terminal_type: int = 0  # 3.0
    content: bytes = b""
    link_id: str = ""


@dataclass(slots=True, unsafe_hash=True)
class SubmitResp:
    """`msg_id` is the gateway's; for n destinations `msg_id` … `msg_id` + n - 1."""

    msg_id: int
    result: int


@dataclass(slots=True, unsafe_hash=True)
class Deliver:
    """What a citizen sent, or where `registered_delivery` is 1 a report: see
    `codec.decode_report`."""

    msg_id: int = 0
    dest_id: str = ""
    service_id: str = ""
    tp_pid: int = 0
    tp_udhi: int = 0
    msg_fmt: int = 0
    src_terminal_id: str = ""
    src_terminal_type: int = 0  # 3.0
    registered_delivery: int = 0
    content: bytes = b""
    link_id: str = ""


@dataclass(slots=True, unsafe_hash=True)
class DeliverResp:
    msg_id: int
    result: int


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the message that SUBMIT_RESP called `msg_id`. Times are 'YYMMDDhhmm'."""

    msg_id: int
    stat: str
    submit_time: str = ""
    done_time: str = ""
    dest_terminal_id: str = ""
    smsc_sequence: int = 0


@dataclass(frozen=True, slots=True)
class Query:
    """Figures of the day `time` ('YYYYMMDD'), of all (`query_type` 0) or of one service."""

    time: str
    query_type: int = 0
    query_code: str = ""
    reserve: str = ""


@dataclass(frozen=True, slots=True)
class QueryResp:
    time: str
    query_type: int
    query_code: str
    mt_messages: int
    mt_users: int
    mt_succeeded: int
    mt_waiting: int
    mt_failed: int
    mo_succeeded: int
    mo_waiting: int
    mo_failed: int


@dataclass(frozen=True, slots=True)
class Cancel:
    msg_id: int


@dataclass(frozen=True, slots=True)
class CancelResp:
    """`success_id` 0: cancelled."""

    success_id: int


@dataclass(frozen=True, slots=True)
class ActiveTest:
    pass


@dataclass(frozen=True, slots=True)
class ActiveTestResp:
    reserved: int = 0


Pdu = (
    Connect
    | ConnectResp
    | Terminate
    | TerminateResp
    | Submit
    | SubmitResp
    | Deliver
    | DeliverResp
    | Query
    | QueryResp
    | Cancel
    | CancelResp
    | ActiveTest
    | ActiveTestResp
)
