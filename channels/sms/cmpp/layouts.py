"""The tables of CMPP 2.0 and 3.0: every PDU's fields in the order they stand on the wire."""

from __future__ import annotations

from typing import Any

from channels.sms.cmpp.compiling import Layout
from channels.sms.cmpp.fields import Content, Numbers, Octets, Row, Text, Uint
from channels.sms.cmpp.pdus import (
    ActiveTest,
    ActiveTestResp,
    Cancel,
    CancelResp,
    Command,
    Connect,
    ConnectResp,
    Deliver,
    DeliverResp,
    Query,
    QueryResp,
    Report,
    Submit,
    SubmitResp,
    Terminate,
    TerminateResp,
)

U8, U32, U64 = Uint(1), Uint(4), Uint(8)
MOST_DESTINATIONS = 99


def _layouts(*, is_3: bool) -> dict[Command, Layout[Any]]:
    # What 3.0 widened or added.
    code = U32 if is_3 else U8
    number = Text(32) if is_3 else Text(21)
    destinations = Numbers(number.octets, MOST_DESTINATIONS)
    tail = Text(20) if is_3 else Text(8)

    def new(name: str) -> tuple[Row, ...]:
        return ((name, U8),) if is_3 else ()

    return {
        Command.CONNECT: Layout(
            Connect,
            ("source_addr", Text(6)),
            ("authenticator_source", Octets(16)),
            ("version", U8),
            ("timestamp", U32),
        ),
        Command.CONNECT_RESP: Layout(
            ConnectResp,
            ("status", code),
            ("authenticator_ismg", Octets(16)),
            ("version", U8),
        ),
        Command.TERMINATE: Layout(Terminate),
        Command.TERMINATE_RESP: Layout(TerminateResp),
        Command.SUBMIT: Layout(
            Submit,
            ("msg_id", U64),
            ("pk_total", U8),
            ("pk_number", U8),
            ("registered_delivery", U8),
            ("msg_level", U8),
            ("service_id", Text(10)),
            ("fee_user_type", U8),
            ("fee_terminal_id", number),
            *new("fee_terminal_type"),
            ("tp_pid", U8),
            ("tp_udhi", U8),
            ("msg_fmt", U8),
            ("msg_src", Text(6)),
            ("fee_type", Text(2)),
            ("fee_code", Text(6)),
            ("valid_time", Text(17)),
            ("at_time", Text(17)),
            ("src_id", Text(21)),
            ("dest_terminal_id", destinations),
            *new("dest_terminal_type"),
            ("content", Content()),
            ("link_id", tail),
        ),
        Command.SUBMIT_RESP: Layout(SubmitResp, ("msg_id", U64), ("result", code)),
        Command.DELIVER: Layout(
            Deliver,
            ("msg_id", U64),
            ("dest_id", Text(21)),
            ("service_id", Text(10)),
            ("tp_pid", U8),
            ("tp_udhi", U8),
            ("msg_fmt", U8),
            ("src_terminal_id", number),
            *new("src_terminal_type"),
            ("registered_delivery", U8),
            ("content", Content()),
            ("link_id", tail),
        ),
        Command.DELIVER_RESP: Layout(DeliverResp, ("msg_id", U64), ("result", code)),
        Command.QUERY: Layout(
            Query,
            ("time", Text(8)),
            ("query_type", U8),
            ("query_code", Text(10)),
            ("reserve", Text(8)),
        ),
        Command.QUERY_RESP: Layout(
            QueryResp,
            ("time", Text(8)),
            ("query_type", U8),
            ("query_code", Text(10)),
            ("mt_messages", U32),
            ("mt_users", U32),
            ("mt_succeeded", U32),
            ("mt_waiting", U32),
            ("mt_failed", U32),
            ("mo_succeeded", U32),
            ("mo_waiting", U32),
            ("mo_failed", U32),
        ),
        Command.CANCEL: Layout(Cancel, ("msg_id", U64)),
        Command.CANCEL_RESP: Layout(CancelResp, ("success_id", code)),
        Command.ACTIVE_TEST: Layout(ActiveTest),
        Command.ACTIVE_TEST_RESP: Layout(ActiveTestResp, ("reserved", U8)),
    }


def _report(number: Text) -> Layout[Report]:
    return Layout(
        Report,
        ("msg_id", U64),
        ("stat", Text(7)),
        ("submit_time", Text(10)),
        ("done_time", Text(10)),
        ("dest_terminal_id", number),
        ("smsc_sequence", U32),
    )


LAYOUTS_20 = _layouts(is_3=False)
LAYOUTS_30 = _layouts(is_3=True)
REPORT_20, REPORT_30 = _report(Text(21)), _report(Text(32))
REPORTS = {60: REPORT_20, 71: REPORT_30}  # by their length in octets

COMMANDS: dict[type[Any], Command] = {
    Connect: Command.CONNECT,
    ConnectResp: Command.CONNECT_RESP,
    Terminate: Command.TERMINATE,
    TerminateResp: Command.TERMINATE_RESP,
    Submit: Command.SUBMIT,
    SubmitResp: Command.SUBMIT_RESP,
    Deliver: Command.DELIVER,
    DeliverResp: Command.DELIVER_RESP,
    Query: Command.QUERY,
    QueryResp: Command.QUERY_RESP,
    Cancel: Command.CANCEL,
    CancelResp: Command.CANCEL_RESP,
    ActiveTest: Command.ACTIVE_TEST,
    ActiveTestResp: Command.ACTIVE_TEST_RESP,
}
