"""SMPP on the session engine's machine, without a socket."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.session.machine import Answered, Arrived, Ended, Limits, Machine, Opened, State
from channels.sms.smpp import decode, encode
from channels.sms.smpp.dialect import SmppDialect
from channels.sms.smpp.pdus import (
    BindTransceiver,
    BindTransceiverResp,
    DeliverSm,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Outbind,
    Pdu,
    SubmitSm,
    SubmitSmResp,
    Tlv,
    Unbind,
    UnbindResp,
)

BIND = BindTransceiver("county", "smpp-pw")


def connected() -> Machine[Pdu]:
    """Has said who it is."""
    machine: Machine[Pdu] = Machine(SmppDialect(BIND), Limits())
    machine.connected(0.0)
    assert decode(machine.take_output()) == (1, BIND)
    return machine


def opened() -> Machine[Pdu]:
    machine = connected()
    machine.received(encode(BindTransceiverResp("SMSC"), 1), 0.0)
    assert machine.take_events() == [Opened("")]
    return machine


def test_a_message_right_behind_the_welcome_is_not_lost() -> None:
    machine = connected()
    deliver = DeliverSm(source_addr="138", short_message=b"1")
    machine.received(encode(BindTransceiverResp("SMSC"), 1) + encode(deliver, 1), 0.0)
    assert machine.take_events() == [
        Opened(""),
        Arrived(1, deliver, encode(deliver, 1)),
    ]


@pytest.mark.parametrize("before", [Outbind("SMSC", "x"), EnquireLink(), Unbind()])
def test_what_comes_before_the_welcome_is_no_welcome(before: Pdu) -> None:
    machine = connected()
    machine.received(encode(before, 9), 0.0)
    assert (machine.state, machine.take_output()) == (State.LOGGING_IN, b"")


@pytest.mark.parametrize(
    ("answer", "status"),
    [(BindTransceiverResp(status=0x0E), 0x0E), (GenericNack(3), 3), (GenericNack(0), 0x0D)],
)
def test_refusals(answer: Pdu, status: int) -> None:
    machine = connected()
    machine.received(encode(answer, 1), 0.0)
    (ended,) = machine.take_events()
    assert isinstance(ended, Ended)
    assert ended.status == status
    assert ended.reason


def test_a_gateway_that_logs_in_to_us_is_left() -> None:
    machine = connected()
    machine.received(encode(BIND, 1), 0.0)
    (ended,) = machine.take_events()
    assert isinstance(ended, Ended)
    assert ended.status == -1


def test_a_nack_answers_what_it_names() -> None:
    machine = opened()
    machine.request(SubmitSm(destination_addr="138"), "ticket", 0.0)
    sequence, _ = decode(machine.take_output())
    machine.received(encode(GenericNack(0x58), sequence), 1.0)
    assert machine.take_events() == [Answered("ticket", GenericNack(0x58), tries=1)]
    machine.received(encode(GenericNack(3), 0), 1.0)  # to nothing
    assert machine.take_events() == []


def test_heartbeat_and_goodbye_are_answered_in_kind() -> None:
    machine = opened()
    machine.received(encode(EnquireLink(), 77), 0.0)
    assert decode(machine.take_output()) == (77, EnquireLinkResp())
    machine.received(encode(Unbind(), 78), 0.0)
    assert decode(machine.take_output()) == (78, UnbindResp())
    assert machine.state is State.CLOSED


def test_sequences_begin_at_one_and_stay_positive() -> None:
    sequences = SmppDialect(BIND).sequences()
    assert [next(sequences) for _ in range(3)] == [1, 2, 3]


frames = st.one_of(
    st.binary(max_size=80),
    st.builds(
        lambda pdu, sequence: encode(pdu, sequence),
        st.sampled_from(
            [
                BindTransceiverResp("SMSC", (Tlv(0x0210, b"4"),)),
                DeliverSm(short_message=b"1"),
                SubmitSmResp("1"),
                EnquireLink(),
                EnquireLinkResp(),
                GenericNack(3),
                Unbind(),
                UnbindResp(),
                Outbind(),
            ]
        ),
        st.integers(0, 3),
    ),
)


@given(st.lists(frames, max_size=12), st.integers(1, 7))
def test_whatever_comes_however_cut_the_machine_goes_on_or_ends(
    told: list[bytes], step: int
) -> None:
    machine, octets = connected(), b"".join(told)
    for at in range(0, len(octets), step):
        machine.received(octets[at : at + step], float(at))
        machine.tick(float(at))
    for frame in _frames(machine.take_output()):
        decode(frame)
    assert machine.state in (State.LOGGING_IN, State.OPEN, State.LEAVING, State.CLOSED)


def _frames(octets: bytes) -> list[bytes]:
    found = []
    while octets:
        size = int.from_bytes(octets[:4], "big")
        found.append(octets[:size])
        octets = octets[size:]
    return found
