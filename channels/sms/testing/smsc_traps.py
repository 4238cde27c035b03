"""What the fake SMPP gateway does wrong, each by a switch. All seen on real gateways."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass
class SmscTraps:
    """The defaults are a gateway that does everything right.

    `bind_status`: of the answers to binds; `no_transceiver`: it knows only TX and RX; `bind_nack`:
    a bind is answered by generic_nack. `most_connections`: further ones get 'already bound'.
    `deaf`: connections are taken, nothing is ever answered.
    `statuses`: of the next submit_sm, in order, then `status`; `nack`: refused by generic_nack;
    `bare_answers`: answers of 16 octets, without a body. `silent`: taken and not answered;
    `hold_answers`: not before `FakeSmsc.release`.
    `unbind_after`, `abort_after`: the connection ends with the n-th submit_sm on it, politely or
    not.
    `reports`: how many for each submit_sm; `report_first`: before its answer; `only_part`: for
    this part of a long message alone; `stat`: the word in it. `receipts`: in a text, in parameters,
    in parameters without esm_class saying so, or by data_sm. `answer_ids`, `receipt_ids`: how the
    same number is written, or that there is none. `bytewise`: everything is written one octet at a
    time. `heartbeats`: whether enquire_link is answered.
    """

    bind_status: int = 0
    bind_nack: bool = False
    no_transceiver: bool = False
    most_connections: int = 100
    statuses: list[int] = field(default_factory=list)
    status: int = 0
    nack: bool = False
    bare_answers: bool = False
    silent: bool = False
    hold_answers: bool = False
    unbind_after: int | None = None
    abort_after: int | None = None
    reports: int = 1
    report_first: bool = False
    only_part: int | None = None
    stat: str = "DELIVRD"
    receipts: Literal["text", "parameters", "unmarked", "data_sm"] = "text"
    answer_ids: Literal["hex", "decimal", "padded", "none"] = "hex"
    receipt_ids: Literal["hex", "decimal", "padded"] = "hex"
    bytewise: bool = False
    heartbeats: bool = True
    deaf: bool = False
