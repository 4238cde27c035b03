"""Texts cut into parts of octets, and octets read as the words they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms import gsm7
from channels.sms.message_parts import (
    Coding,
    Concatenation,
    TooLong,
    decode_text,
    read_user_data,
    to_parts,
)

texts = st.text(
    st.sampled_from("路灯a@[😀👴\n") | st.characters(exclude_categories=["Cs"]), max_size=900
)


@given(texts, st.integers(0, 10**9))
def test_parts_put_together_are_the_text(text: str, reference: int) -> None:
    parts = to_parts(text, reference)
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    said = []
    for part in parts:
        assert part.total == len(parts)
        assert part.udhi == (len(parts) > 1)
        assert len(part.content) <= (159 if part.coding is Coding.ASCII else 140)
        payload = part.content
        if part.udhi:
            found, payload = read_user_data(part.content)
            assert found == Concatenation(reference & 0xFF, len(parts), part.number)
        said.append(decode_text(payload, part.coding))  # a pair cut in two would show
    assert "".join(said) == text


@pytest.mark.parametrize(
    ("text", "coding", "sizes"),
    [
        ("路" * 70, Coding.UCS2, [140]),
        ("路" * 71, Coding.UCS2, [140, 6 + 8]),
        ("路" * 66 + "😀" + "路", Coding.UCS2, [138]),
        ("路" * 66 + "😀" * 3, Coding.UCS2, [6 + 132, 6 + 12]),  # not 67 and half a pair
        ("OK 12345", Coding.ASCII, [8]),
        ("x" * 159, Coding.ASCII, [159]),
        ("x" * 160, Coding.ASCII, [6 + 153, 6 + 7]),
        ("a@b", Coding.UCS2, [6]),  # '@' is another octet on the phone
        ("x_" * 60, Coding.UCS2, [140, 6 + 106]),
    ],
)
def test_sizes(text: str, coding: Coding, sizes: list[int]) -> None:
    parts = to_parts(text, 7)
    assert {part.coding for part in parts} == {coding}
    assert [len(part.content) for part in parts] == sizes


def test_more_parts_than_can_be_counted_are_refused() -> None:
    assert len(to_parts("路" * 67 * 255, 1)) == 255
    with pytest.raises(TooLong, match="256"):
        to_parts("路" * (67 * 255 + 1), 1)


@pytest.mark.parametrize(
    ("content", "found", "payload"),
    [
        ("0500030a0201 4e00", Concatenation(0x0A, 2, 1), "4e00"),
        ("060804012c0302 4e00", Concatenation(0x012C, 3, 2, octets=2), "4e00"),
        ("080500030a0201 0100 4e00".replace(" ", ""), None, None),
        ("0b0504158200000003070201 4e00", Concatenation(7, 2, 1), "4e00"),  # after a port
        ("00 4e00", None, "4e00"),
        ("0500030a0203 4e00", None, "4e00"),  # part 3 of 2
        ("0500030a0100 4e00", None, "4e00"),
        ("0500030a0101 4e00", None, "4e00"),  # one part of one
        ("", None, ""),
    ],
)
def test_user_data_headers(content: str, found: Concatenation | None, payload: str | None) -> None:
    octets = bytes.fromhex(content)
    assert read_user_data(octets) == (
        found,
        octets if payload is None else bytes.fromhex(payload),
    )


@given(st.binary(max_size=160))
def test_any_octets_have_a_header_or_not(content: bytes) -> None:
    found, payload = read_user_data(content)
    assert content.endswith(payload)
    if found is not None:
        assert found.total >= 2
        assert 1 <= found.number <= found.total


@pytest.mark.parametrize(
    ("octets", "coding", "text"),
    [
        ("路灯坏了👴".encode("utf-16-be"), 8, "路灯坏了👴"),
        (b"\xfe\xff" + "路灯".encode("utf-16-be"), 8, "路灯"),
        (b"\xff\xfe" + "路灯".encode("utf-16-le"), 8, "路灯"),
        ("国标编码上行㐀😀".encode("gb18030"), 15, "国标编码上行㐀😀"),
        (b"TD 12\r\n", 0, "TD 12\r\n"),
        (b"a@b_c$", 0, "a@b_c$"),
        (b"\x00 \x02 \x1b\x65", 0, "@ $ €"),  # the phone's own alphabet
        ("路灯".encode("gbk"), 0, "路灯"),  # under a wrong label
        ("路灯".encode(), 4, "路灯"),
        (b"\x4e", 8, "\ufffd"),
        (b"", 8, ""),
    ],
)
def test_what_phones_and_gateways_send(octets: bytes, coding: int, text: str) -> None:
    assert decode_text(octets, coding) == text


@given(st.binary(max_size=160), st.integers(0, 255))
def test_any_octets_are_read_somehow(octets: bytes, coding: int) -> None:
    decode_text(octets, coding).encode("utf-8")


def test_the_phones_alphabet() -> None:
    assert len(gsm7.BASIC) == 128
    assert gsm7.decode(bytes(range(128)).replace(b"\x1b", b"")) == gsm7.BASIC.replace("\x1b", "")
    assert gsm7.decode(b"\x1b\x3c1\x1b\x3e") == "[1]"
    assert gsm7.decode(b"\x1bz\x80") == " \ufffd"
