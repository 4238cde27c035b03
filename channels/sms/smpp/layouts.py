"""The tables of SMPP 3.4: every PDU's fields in the order they stand on the wire."""

from __future__ import annotations

from typing import Any

from channels.sms.smpp.fields import CString, Layout, Row, ShortMessage, Tlvs, Uint
from channels.sms.smpp.pdus import (
    AlertNotification,
    BindReceiver,
    BindReceiverResp,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    BindTransmitterResp,
    Command,
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Outbind,
    QuerySm,
    QuerySmResp,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)

U8 = Uint()
# The specification says 16 and 9; many gateways give out longer ones and want them whole.
SYSTEM_ID = PASSWORD = CString(65)
ADDRESS, LONG_ADDRESS, TIME, MESSAGE_ID = CString(21), CString(65), CString(17), CString(65)
# Of answers: some gateways leave the body out where they refuse, some also where they do not.
ANSWERS_ID: tuple[Row, ...] = (
    ("message_id", CString(65, lenient=True)),
    ("tlvs", Tlvs(lenient=True)),
)
BIND: tuple[Row, ...] = (
    ("system_id", SYSTEM_ID),
    ("password", PASSWORD),
    ("system_type", CString(13)),
    ("interface_version", U8),
    ("addr_ton", U8),
    ("addr_npi", U8),
    ("address_range", CString(41)),
)
BIND_RESP: tuple[Row, ...] = (
    ("system_id", CString(65, lenient=True)),
    ("tlvs", Tlvs(lenient=True)),
)


def _address(name: str, prefix: str, kind: CString) -> tuple[Row, ...]:
    return ((f"{prefix}_ton", U8), (f"{prefix}_npi", U8), (name, kind))


MESSAGE: tuple[Row, ...] = (
    ("service_type", CString(6)),
    *_address("source_addr", "source_addr", ADDRESS),
    *_address("destination_addr", "dest_addr", ADDRESS),
    ("esm_class", U8),
    ("protocol_id", U8),
    ("priority_flag", U8),
    ("schedule_delivery_time", TIME),
    ("validity_period", TIME),
    ("registered_delivery", U8),
    ("replace_if_present_flag", U8),
    ("data_coding", U8),
    ("sm_default_msg_id", U8),
    ("short_message", ShortMessage()),
    ("tlvs", Tlvs()),
)

LAYOUTS: dict[Command, tuple[type[Any], Layout[Any]]] = {
    command: (pdu, Layout(pdu, *rows))
    for command, pdu, rows in (
        (Command.GENERIC_NACK, GenericNack, ()),
        (Command.BIND_RECEIVER, BindReceiver, BIND),
        (Command.BIND_RECEIVER_RESP, BindReceiverResp, BIND_RESP),
        (Command.BIND_TRANSMITTER, BindTransmitter, BIND),
        (Command.BIND_TRANSMITTER_RESP, BindTransmitterResp, BIND_RESP),
        (Command.BIND_TRANSCEIVER, BindTransceiver, BIND),
        (Command.BIND_TRANSCEIVER_RESP, BindTransceiverResp, BIND_RESP),
        (Command.OUTBIND, Outbind, (("system_id", SYSTEM_ID), ("password", PASSWORD))),
        (Command.SUBMIT_SM, SubmitSm, MESSAGE),
        (Command.SUBMIT_SM_RESP, SubmitSmResp, ANSWERS_ID),
        (Command.DELIVER_SM, DeliverSm, MESSAGE),
        (Command.DELIVER_SM_RESP, DeliverSmResp, ANSWERS_ID),
        (
            Command.DATA_SM,
            DataSm,
            (
                ("service_type", CString(6)),
                *_address("source_addr", "source_addr", LONG_ADDRESS),
                *_address("destination_addr", "dest_addr", LONG_ADDRESS),
                ("esm_class", U8),
                ("registered_delivery", U8),
                ("data_coding", U8),
                ("tlvs", Tlvs()),
            ),
        ),
        (Command.DATA_SM_RESP, DataSmResp, ANSWERS_ID),
        (
            Command.QUERY_SM,
            QuerySm,
            (("message_id", MESSAGE_ID), *_address("source_addr", "source_addr", ADDRESS)),
        ),
        (
            Command.QUERY_SM_RESP,
            QuerySmResp,
            (
                ("message_id", MESSAGE_ID),
                ("final_date", TIME),
                ("message_state", U8),
                ("error_code", U8),
            ),
        ),
        (
            Command.ALERT_NOTIFICATION,
            AlertNotification,
            (
                *_address("source_addr", "source_addr", LONG_ADDRESS),
                *_address("esme_addr", "esme_addr", LONG_ADDRESS),
                ("tlvs", Tlvs()),
            ),
        ),
        (Command.ENQUIRE_LINK, EnquireLink, ()),
        (Command.ENQUIRE_LINK_RESP, EnquireLinkResp, ()),
        (Command.UNBIND, Unbind, ()),
        (Command.UNBIND_RESP, UnbindResp, ()),
    )
}
COMMANDS: dict[type[Any], Command] = {pdu: command for command, (pdu, _) in LAYOUTS.items()}
