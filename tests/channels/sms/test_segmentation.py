"""Counts from 3GPP TS 23.038/23.040; texts of any shape."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.kannel.sendsms import whole_characters
from channels.sms.segmentation import Alphabet, alphabet_of, count_parts, part_limit, split, units


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("路" * 70, 1),
        ("路" * 71, 2),
        ("路" * 134, 2),
        ("路" * 135, 3),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "b" * 10, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 67, 3),  # 33 pairs a part, not 33.5
        ("a" * 69 + "路", 1),
    ],
)
def test_how_many_are_billed(text: str, parts: int) -> None:
    assert count_parts(text) == parts


@pytest.mark.parametrize(
    ("alphabet", "header", "limit"),
    [
        (Alphabet.GSM7, 0, 160), (Alphabet.GSM7, 6, 153), (Alphabet.GSM7, 7, 152),
        (Alphabet.UCS2, 0, 70), (Alphabet.UCS2, 6, 67), (Alphabet.UCS2, 7, 66),
    ],
)  # fmt: skip
def test_limits(alphabet: Alphabet, header: int, limit: int) -> None:
    assert part_limit(alphabet, header_octets=header) == limit


texts = st.text(
    st.sampled_from("路灯a€[😀👨‍👩‍👧\n") | st.characters(exclude_categories=["Cs"]), max_size=400
)


@given(texts, st.sampled_from([6, 7]))
def test_parts_are_the_text_and_fit(text: str, header: int) -> None:
    segments = split(text, header_octets=header)
    assert "".join(segments.parts) == text
    assert segments.alphabet is alphabet_of(text)
    limit = part_limit(segments.alphabet, header_octets=header if len(segments.parts) > 1 else 0)
    for part in segments.parts:
        assert units(part, segments.alphabet) <= limit
        part.encode("utf-16-be")  # a lone surrogate would raise


@given(texts)
def test_a_gateway_that_cuts_every_67_units_cuts_no_pair(text: str) -> None:
    segments = split(text)
    sent = whole_characters(segments)
    assert sent.replace(" ", "") == text.replace(" ", "")
    if segments.alphabet is Alphabet.UCS2 and len(segments.parts) > 1:
        octets = sent.encode("utf-16-be")
        parts = [octets[at : at + 134].decode("utf-16-be") for at in range(0, len(octets), 134)]
        assert len(parts) == len(segments.parts)
