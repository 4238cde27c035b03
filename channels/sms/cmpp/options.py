"""The options of one CMPP account, checked when the channel is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from channels.sms import option_values
from channels.sms.cmpp.pdus import Version
from channels.sms.session_options import SessionOptions, read_session_options, refuse_unknown

VERSIONS = {"3.0": Version.V30, "2.0": Version.V20, "2.1": Version.V21}


@dataclass(frozen=True, slots=True, kw_only=True)
class CmppOptions(SessionOptions):
    """`source_addr`, `secret`: the SP's code and the password shared with the gateway.
    `repeats_msg_id`: the gateway gives several messages of citizens the same Msg_Id (noticed by
    itself, but only when it has happened)."""

    source_addr: str
    secret: str = field(repr=False)
    version: Version
    service_id: str
    fee_user_type: int
    fee_type: str
    fee_code: str
    repeats_msg_id: bool


def read_options(options: Mapping[str, Any]) -> CmppOptions:
    """Raises ValueError that names the option and says what it should be."""
    refuse_unknown(options, CmppOptions)
    return CmppOptions(
        **read_session_options(options, port=7890, window=16, heartbeat_seconds=180),
        source_addr=option_values.text(
            options, "source_addr", "the SP's code, such as 900001", most=6
        ),
        secret=option_values.text(
            options, "secret", "the password shared with the gateway", most=255
        ),
        version=VERSIONS[option_values.choice(options, "version", VERSIONS)],
        service_id=option_values.optional_text(options, "service_id", most=10),
        fee_user_type=int(option_values.number(options, "fee_user_type", 2, 0, 3)),
        fee_type=option_values.optional_text(options, "fee_type", most=2, default="01"),
        fee_code=option_values.optional_text(options, "fee_code", most=6, default="0"),
        repeats_msg_id=option_values.switch(options, "repeats_msg_id"),
    )
