"""CMPP 2.0 and 3.0. A library of its own: `codec`, `pdus`, `authentication` and `msg_id` know
neither sockets nor Xiangyin; `channel` makes an account of it. Facts: ../README.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from channels.sms.cmpp.codec import Codec, Framed, decode_report
from channels.sms.cmpp.errors import CmppError, FieldError, FrameError
from channels.sms.cmpp.msg_id import MsgId
from channels.sms.cmpp.pdus import Version

if TYPE_CHECKING:
    from backend.ports import Account, Channel, ChannelDependencies


def create(account: Account, deps: ChannelDependencies) -> Channel:
    """The channel of one CMPP account. Raises ValueError naming the option that is wrong."""
    from channels.sms.cmpp.channel import CmppChannel  # not for those who want the codec alone

    return CmppChannel(account, deps)


__all__ = [
    "CmppError",
    "Codec",
    "FieldError",
    "FrameError",
    "Framed",
    "MsgId",
    "Version",
    "create",
    "decode_report",
]
