"""SMPP 3.4's PDUs as values. Names are the specification's, also those of optional parameters.

`status` is the header's command_status, which only answers have. Strings hold at most the octets of
the tables in `layouts.py`, less the NUL that ends them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

INTERFACE_VERSION = 0x34


class Command(IntEnum):
    GENERIC_NACK = 0x80000000
    BIND_RECEIVER = 0x00000001
    BIND_RECEIVER_RESP = 0x80000001
    BIND_TRANSMITTER = 0x00000002
    BIND_TRANSMITTER_RESP = 0x80000002
    QUERY_SM = 0x00000003
    QUERY_SM_RESP = 0x80000003
    SUBMIT_SM = 0x00000004
    SUBMIT_SM_RESP = 0x80000004
    DELIVER_SM = 0x00000005
    DELIVER_SM_RESP = 0x80000005
    UNBIND = 0x00000006
    UNBIND_RESP = 0x80000006
    BIND_TRANSCEIVER = 0x00000009
    BIND_TRANSCEIVER_RESP = 0x80000009
    OUTBIND = 0x0000000B
    ENQUIRE_LINK = 0x00000015
    ENQUIRE_LINK_RESP = 0x80000015
    ALERT_NOTIFICATION = 0x00000102
    DATA_SM = 0x00000103
    DATA_SM_RESP = 0x80000103


class Status(IntEnum):
    """The command_status values we give ourselves; codes.yml says what others' mean."""

    OK = 0x00
    INVALID_MESSAGE_LENGTH = 0x01
    INVALID_COMMAND_ID = 0x03
    INVALID_SOURCE = 0x0A
    RECEIVER_TEMPORARY = 0x64  # the gateway should deliver it again later
    INVALID_OPTIONAL_PARAMETERS = 0xC0


class Tag(IntEnum):
    """Optional parameters that mean something to us; every other is kept as it is."""

    RECEIPTED_MESSAGE_ID = 0x001E
    USER_MESSAGE_REFERENCE = 0x0204
    SAR_MSG_REF_NUM = 0x020C
    SAR_TOTAL_SEGMENTS = 0x020E
    SAR_SEGMENT_SEQNUM = 0x020F
    SC_INTERFACE_VERSION = 0x0210
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


class MessageState(IntEnum):
    """Of query_sm_resp and of the parameter message_state."""

    ENROUTE = 1
    DELIVERED = 2
    EXPIRED = 3
    DELETED = 4
    UNDELIVERABLE = 5
    ACCEPTED = 6
    UNKNOWN = 7
    REJECTED = 8


class Tlv(NamedTuple):
    """One optional parameter."""

    tag: int
    value: bytes


def parameter(tlvs: Sequence[Tlv], tag: Tag) -> bytes | None:
    """The value of the first parameter with this tag."""
    return next((tlv.value for tlv in tlvs if tlv.tag == tag), None)


@dataclass(frozen=True, slots=True)
class Bind:
    """How a client logs in; it sends one of the three below."""

    system_id: str = ""
    password: str = ""
    system_type: str = ""
    interface_version: int = INTERFACE_VERSION
    addr_ton: int = 0
    addr_npi: int = 0
    address_range: str = ""


@dataclass(frozen=True, slots=True)
class BindReceiver(Bind):
    pass


@dataclass(frozen=True, slots=True)
class BindTransmitter(Bind):
    pass


@dataclass(frozen=True, slots=True)
class BindTransceiver(Bind):
    pass


@dataclass(frozen=True, slots=True)
class BindResp:
    """`system_id` is the gateway's."""

    system_id: str = ""
    tlvs: tuple[Tlv, ...] = ()
    status: int = 0


@dataclass(frozen=True, slots=True)
class BindReceiverResp(BindResp):
    pass


@dataclass(frozen=True, slots=True)
class BindTransmitterResp(BindResp):
    pass


@dataclass(frozen=True, slots=True)
class BindTransceiverResp(BindResp):
    pass


@dataclass(frozen=True, slots=True)
class Outbind:
    system_id: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What submit_sm and deliver_sm have in common, which is all. `short_message` has at most 254
    octets; a longer text stands in the parameter message_payload. Times are
    'YYMMDDhhmmsstnnp', '' for none."""

    service_type: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""
    esm_class: int = 0
    protocol_id: int = 0
    priority_flag: int = 0
    schedule_delivery_time: str = ""
    validity_period: str = ""
    registered_delivery: int = 0
    replace_if_present_flag: int = 0
    data_coding: int = 0
    sm_default_msg_id: int = 0
    short_message: bytes = b""
    tlvs: tuple[Tlv, ...] = ()

    @property
    def content(self) -> bytes:
        """The octets of the message, wherever they stand."""
        return self.short_message or parameter(self.tlvs, Tag.MESSAGE_PAYLOAD) or b""


@dataclass(frozen=True, slots=True)
class SubmitSm(Message):
    """From us to a citizen."""


@dataclass(frozen=True, slots=True)
class SubmitSmResp:
    """`message_id` is the gateway's, '' where it refused."""

    message_id: str = ""
    tlvs: tuple[Tlv, ...] = ()
    status: int = 0


@dataclass(frozen=True, slots=True)
class DeliverSm(Message):
    """From a citizen to us, or a receipt: see `receipts.py`."""


@dataclass(frozen=True, slots=True)
class DeliverSmResp:
    """`message_id` is not used."""

    message_id: str = ""
    tlvs: tuple[Tlv, ...] = ()
    status: int = 0


@dataclass(frozen=True, slots=True)
class DataSm:
    """Another form of both, whose text is always in message_payload."""

    service_type: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""
    esm_class: int = 0
    registered_delivery: int = 0
    data_coding: int = 0
    tlvs: tuple[Tlv, ...] = ()

    @property
    def content(self) -> bytes:
        """The octets of the message."""
        return parameter(self.tlvs, Tag.MESSAGE_PAYLOAD) or b""


@dataclass(frozen=True, slots=True)
class DataSmResp:
    message_id: str = ""
    tlvs: tuple[Tlv, ...] = ()
    status: int = 0


@dataclass(frozen=True, slots=True)
class QuerySm:
    """What became of a message; the source address is the one it was sent with."""

    message_id: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""


@dataclass(frozen=True, slots=True)
class QuerySmResp:
    """`message_state` as MessageState, `error_code` the network's."""

    message_id: str = ""
    final_date: str = ""
    message_state: int = 0
    error_code: int = 0
    status: int = 0


@dataclass(frozen=True, slots=True)
class AlertNotification:
    """A phone can be reached again; has no answer."""

    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    esme_addr_ton: int = 0
    esme_addr_npi: int = 0
    esme_addr: str = ""
    tlvs: tuple[Tlv, ...] = ()


@dataclass(frozen=True, slots=True)
class EnquireLink:
    pass


@dataclass(frozen=True, slots=True)
class EnquireLinkResp:
    status: int = 0


@dataclass(frozen=True, slots=True)
class Unbind:
    pass


@dataclass(frozen=True, slots=True)
class UnbindResp:
    status: int = 0


@dataclass(frozen=True, slots=True)
class GenericNack:
    """The answer to a frame that was not understood."""

    status: int = 0


Pdu = (
    BindReceiver
    | BindReceiverResp
    | BindTransmitter
    | BindTransmitterResp
    | BindTransceiver
    | BindTransceiverResp
    | Outbind
    | SubmitSm
    | SubmitSmResp
    | DeliverSm
    | DeliverSmResp
    | DataSm
    | DataSmResp
    | QuerySm
    | QuerySmResp
    | AlertNotification
    | EnquireLink
    | EnquireLinkResp
    | Unbind
    | UnbindResp
    | GenericNack
)
