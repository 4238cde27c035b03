"""However octets arrive, the same frames come out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.session.dialect import Meaning, ProtocolError
from channels.sms.session.framing import Framer
from tests.channels.sms.session.toy import HEAD, MOST, frame

some_frames = st.lists(
    st.builds(
        frame,
        st.sampled_from(list(Meaning)),
        st.integers(0, 2**32 - 1),
        st.binary(max_size=MOST - HEAD.size),
    ),
    max_size=8,
)


def framer() -> Framer:
    return Framer(HEAD.size, MOST)


@given(some_frames, st.lists(st.integers(1, 9), min_size=1, max_size=40))
def test_any_pieces_give_the_same_frames(sent: list[bytes], sizes: list[int]) -> None:
    stream, cut, found = b"".join(sent), framer(), []
    at = piece = 0
    while at < len(stream):
        size = sizes[piece % len(sizes)]
        found += cut.feed(stream[at : at + size])
        at, piece = at + size, piece + 1
    assert found == sent


@given(some_frames)
def test_one_octet_at_a_time(sent: list[bytes]) -> None:
    cut = framer()
    found = [each for octet in b"".join(sent) for each in cut.feed(bytes((octet,)))]
    assert found == sent


@pytest.mark.parametrize("length", [0, HEAD.size - 1, MOST + 1, 65535])
def test_a_hostile_length_is_refused_before_its_octets_come(length: int) -> None:
    with pytest.raises(ProtocolError):
        framer().feed(HEAD.pack(length, 0, 1))
