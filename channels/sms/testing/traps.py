"""What the fake gateway does wrong, each by a switch. All seen on real gateways."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass
class Traps:
    """The defaults are a gateway that does everything right.

    `connect_status`: of the answers to CONNECT. `proof`: whether AuthenticatorISMG is right.
    `most_connections`: further ones get status 5. `deaf`: connections are taken, nothing is ever
    answered.
    `results`: of the next SUBMITs, in order, then `result`. `silent`: SUBMITs are taken and not
    answered; `hold_answers`: not before `FakeIsmg.release`.
    `terminate_after`, `abort_after`: the connection ends with the n-th SUBMIT on it, politely or
    not.
    `reports`: how many for each SUBMIT; `report_first`: before its SUBMIT_RESP; `only_part`: for
    this part of a long message alone; `stat`: the word in it.
    `one_msg_id`: the one every message of a citizen bears. `bytewise`: everything is written one
    octet at a time. `heartbeats`: answered as the protocol says, without the reserved octet, or
    not at all.
    """

    connect_status: int = 0
    proof: bool = True
    most_connections: int = 100
    results: list[int] = field(default_factory=list)
    result: int = 0
    silent: bool = False
    hold_answers: bool = False
    terminate_after: int | None = None
    abort_after: int | None = None
    reports: int = 1
    report_first: bool = False
    only_part: int | None = None
    stat: str = "DELIVRD"
    one_msg_id: int | None = None
    bytewise: bool = False
    heartbeats: Literal["whole", "short", "none"] = "whole"
    deaf: bool = False
