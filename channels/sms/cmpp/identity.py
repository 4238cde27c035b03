"""Tells a message sent again from a new one. Pure.

Msg_Id is made to be unique, and a gateway sends a message again with the same one. Some gateways
give every message the same, though. Then only the connection and the Sequence_Id tell: the same
words twice may be two answers.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import NamedTuple

from channels.sms.cmpp.pdus import Deliver

REMEMBERED = 20_000


class _Seen(NamedTuple):
    connection: str
    digest: str


class Identities:
    """`of` gives a DELIVER its name: the same for one sent again, another for every other.

    `repeats`: the gateway is known to give several messages the same Msg_Id; becomes true when
    seen, and should be kept beyond the process.
    """

    def __init__(self, *, repeats: bool = False) -> None:
        self.repeats = repeats
        self._given: OrderedDict[tuple[str, int, int, str], str] = OrderedDict()
        self._last: OrderedDict[int, _Seen] = OrderedDict()

    def of(self, connection: str, sequence: int, deliver: Deliver) -> str:
        """`connection`: its name; no other has it, in this process or another."""
        digest = _digest(deliver)
        key = (connection, sequence, deliver.msg_id, digest)
        given = self._given.get(key)
        if given is None:
            given = self._given[key] = self._name(connection, sequence, deliver, digest)
            self._last[deliver.msg_id] = _Seen(connection, digest)
            _trim(self._given)
            _trim(self._last)
        return given

    def _name(self, connection: str, sequence: int, deliver: Deliver, digest: str) -> str:
        # With the digest, other words are another message even if we have forgotten the first.
        by_msg_id = f"{deliver.msg_id:016x}-{digest}"
        last = self._last.get(deliver.msg_id)
        anew = False
        # Parts of one message may share its id; messages may not.
        if last is not None and not deliver.tp_udhi:
            anew = last.digest == digest and last.connection == connection
            self.repeats = self.repeats or last.digest != digest
        if self.repeats or anew or deliver.msg_id == 0:
            return f"{by_msg_id}-{connection}-{sequence:08x}"
        return by_msg_id


def _digest(deliver: Deliver) -> str:
    told = "\0".join((deliver.src_terminal_id, deliver.dest_id, str(deliver.msg_fmt)))
    return hashlib.sha256(told.encode() + b"\0" + deliver.content).hexdigest()[:12]


def _trim[Key, Value](remembered: OrderedDict[Key, Value]) -> None:
    if len(remembered) > REMEMBERED:
        remembered.popitem(last=False)
