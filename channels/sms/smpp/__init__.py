"""SMPP 3.4. A library of its own: `codec`, `pdus`, `receipts` and `data_coding` know neither
sockets nor Xiangyin; `channel` makes an account of it. Facts: ../README.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from channels.sms.smpp.codec import Framed, decode, encode, read_header
from channels.sms.smpp.errors import FieldError, FrameError, SmppError
from channels.sms.smpp.receipts import Receipt, is_receipt, read_receipt

if TYPE_CHECKING:
    from backend.ports import Account, Channel, ChannelDependencies


def create(account: Account, deps: ChannelDependencies) -> Channel:
    """The channel of one SMPP account. Raises ValueError naming the option that is wrong."""
    from channels.sms.smpp.channel import SmppChannel  # not for those who want the codec alone

    return SmppChannel(account, deps)


__all__ = [
    "FieldError",
    "FrameError",
    "Framed",
    "Receipt",
    "SmppError",
    "create",
    "decode",
    "encode",
    "is_receipt",
    "read_header",
    "read_receipt",
]
