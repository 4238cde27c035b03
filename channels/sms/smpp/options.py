"""The options of one SMPP account, checked when the channel is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from channels.sms import option_values
from channels.sms.session_options import SessionOptions, read_session_options, refuse_unknown
from channels.sms.smpp.data_coding import DefaultAlphabet
from channels.sms.smpp.message_ids import ReceiptIds


class BindMode(StrEnum):
    """One connection for both directions, or one for each: some gateways know only these."""

    TRANSCEIVER = "transceiver"
    SEPARATE = "separate"


class LongForm(StrEnum):
    """How the parts of a long message are tied together."""

    UDH = "udh"  # a header before each part's text
    SAR = "sar"  # optional parameters of each part
    PAYLOAD = "payload"  # one message_payload, which the gateway cuts


class NumberForm(StrEnum):
    """How a Chinese mobile number is written: 138… or 86138…."""

    NATIONAL = "national"
    INTERNATIONAL = "international"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmppOptions(SessionOptions):
    """`system_id`, `password`, `system_type`: as the gateway's owner gave them. `tls`: the
    connection is encrypted, and the gateway's certificate checked. TON and NPI are numbers of
    the specification (5.2.5, 5.2.6)."""

    system_id: str
    password: str = field(repr=False)
    system_type: str
    tls: bool
    bind: BindMode
    service_type: str
    number_form: NumberForm
    source_ton: int
    source_npi: int
    dest_ton: int
    dest_npi: int
    long_messages: LongForm
    default_alphabet: DefaultAlphabet
    receipt_ids: ReceiptIds


def read_options(options: Mapping[str, Any]) -> SmppOptions:
    """Raises ValueError that names the option and says what it should be."""
    refuse_unknown(options, SmppOptions)

    def code(name: str, default: int, most: int) -> int:
        return int(option_values.number(options, name, default, 0, most))

    def one_of[Choice: StrEnum](name: str, choices: type[Choice]) -> Choice:
        return choices(option_values.choice(options, name, [each.value for each in choices]))

    return SmppOptions(
        **read_session_options(options, port=2775, window=10, heartbeat_seconds=30),
        system_id=option_values.text(options, "system_id", "the account's name", most=64),
        password=option_values.text(options, "password", "the account's password", most=64),
        system_type=option_values.optional_text(options, "system_type", most=12),
        tls=option_values.switch(options, "tls"),
        bind=one_of("bind", BindMode),
        service_type=option_values.optional_text(options, "service_type", most=5),
        number_form=one_of("number_form", NumberForm),
        source_ton=code("source_ton", 0, 6),
        source_npi=code("source_npi", 0, 18),
        dest_ton=code("dest_ton", 0, 6),
        dest_npi=code("dest_npi", 1, 18),
        long_messages=one_of("long_messages", LongForm),
        default_alphabet=one_of("default_alphabet", DefaultAlphabet),
        receipt_ids=one_of("receipt_ids", ReceiptIds),
    )
