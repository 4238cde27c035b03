"""data_coding both ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms import gsm7
from channels.sms.message_parts import TooLong
from channels.sms.smpp.data_coding import DefaultAlphabet, read, write

AUTO, GSM7, LATIN1 = DefaultAlphabet.AUTO, DefaultAlphabet.GSM7, DefaultAlphabet.LATIN1


@pytest.mark.parametrize(
    ("octets", "data_coding", "alphabet", "text"),
    [
        (b"TD", 0, AUTO, "TD"),
        (b"a\x00b.cn \x1b\x65", 0, AUTO, "a@b.cn €"),  # the phone's alphabet
        (b"a@b_c", 0, AUTO, "a@b_c"),  # ASCII
        (b"\x5b\x40", 0, GSM7, "Ä¡"),
        (b"caf\xe9", 0, LATIN1, "café"),
        ("路灯坏了".encode("gb18030"), 0, AUTO, "路灯坏了"),  # under a wrong label
        ("路灯坏了".encode("gb18030"), 0, GSM7, "路灯坏了"),
        (b"TD", 1, AUTO, "TD"),
        (b"caf\xe9", 3, AUTO, "café"),
        ("路灯坏了".encode("gb18030"), 4, AUTO, "路灯坏了"),
        ("Привет".encode("iso8859_5"), 6, AUTO, "Привет"),
        ("路灯坏了👴".encode("utf-16-be"), 8, AUTO, "路灯坏了👴"),
        ("路灯坏了".encode("utf-16-be"), 0x18, AUTO, "路灯坏了"),  # with a message class
        ("路灯坏了".encode("utf-16-be"), 0xE0, AUTO, "路灯坏了"),  # with a waiting indication
        (b"TD", 0xF1, AUTO, "TD"),
        (b"TD", 0x10, GSM7, "TD"),
        ("国标编码".encode("gb18030"), 15, AUTO, "国标编码"),
        (b"", 8, AUTO, ""),
    ],
)
def test_read(octets: bytes, data_coding: int, alphabet: DefaultAlphabet, text: str) -> None:
    assert read(octets, data_coding, alphabet) == text


@given(st.binary(max_size=140), st.integers(0, 255), st.sampled_from(DefaultAlphabet))
def test_any_octets_are_read(octets: bytes, data_coding: int, alphabet: DefaultAlphabet) -> None:
    assert isinstance(read(octets, data_coding, alphabet), str)


@pytest.mark.parametrize(
    ("text", "alphabet", "data_coding", "parts"),
    [
        ("a" * 160, AUTO, 0, 1),
        ("a" * 161, AUTO, 0, 2),
        ("a" * 306, AUTO, 0, 2),
        ("a" * 307, AUTO, 0, 3),
        ("@" * 70, AUTO, 8, 1),  # differs between alphabets
        ("@" * 160, GSM7, 0, 1),
        ("€" * 80, GSM7, 0, 1),  # two octets each
        ("字" * 70, GSM7, 8, 1),
        ("字" * 71, AUTO, 8, 2),
        ("字" * 134, AUTO, 8, 2),
        ("字" * 135, AUTO, 8, 3),
        ("字" * 66 + "👴" + "字" * 66, AUTO, 8, 3),  # a pair is not cut
    ],
)
def test_write(text: str, alphabet: DefaultAlphabet, data_coding: int, parts: int) -> None:
    written = write(text, alphabet)
    assert (written.data_coding, len(written.pieces)) == (data_coding, parts)
    assert "".join(read(piece, data_coding, alphabet) for piece in written.pieces) == text
    assert all(len(piece) <= (160 if data_coding == 0 else 140) for piece in written.pieces)


@given(st.text(max_size=400), st.sampled_from([AUTO, GSM7]))
def test_what_is_written_is_read(text: str, alphabet: DefaultAlphabet) -> None:
    written = write(text, alphabet)
    joined = b"".join(written.pieces)
    expected = text.encode("utf-16-be", "replace").decode("utf-16-be")
    if written.data_coding == 8 and joined[:2] in (b"\xfe\xff", b"\xff\xfe"):
        return  # a byte-order mark is none of the text
    assert read(joined, written.data_coding, alphabet) == expected


def test_more_parts_than_can_be_counted() -> None:
    with pytest.raises(TooLong):
        write("字" * 67 * 256, AUTO)


def test_the_alphabet_is_whole() -> None:
    for character in set(gsm7.BASIC) - {"\x1b"} | set(gsm7.EXTENSION.values()):
        assert gsm7.decode(gsm7.encode(character)) == character
