import string
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.petitions.number import check_digit, find_numbers, make_number, parse_number

numbers = st.builds(
    make_number,
    st.dates(min_value=date(2020, 1, 1), max_value=date(2099, 12, 31)),
    st.integers(min_value=1, max_value=9_999),
)


def grouped(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:-1]}-{digits[-1]}"


def test_the_example_of_the_documentation() -> None:
    assert make_number(date(2026, 11, 23), 7) == "20261123-0007-3"


def test_a_busy_day_gets_longer_counters() -> None:
    number = make_number(date(2026, 11, 23), 12_345)
    assert number.startswith("20261123-12345-")
    assert parse_number(number) == number


@pytest.mark.parametrize("counter", [0, -1, 1_000_000])
def test_impossible_counters_are_refused(counter: int) -> None:
    with pytest.raises(ValueError, match="counter"):
        make_number(date(2026, 11, 23), counter)


@given(numbers)
def test_every_number_reads_back(number: str) -> None:
    assert parse_number(number) == number


@given(numbers, st.integers(0, 12), st.sampled_from(string.digits))
def test_every_single_wrong_digit_is_found(number: str, place: int, digit: str) -> None:
    digits = number.replace("-", "")
    wrong = digits[:place] + digit + digits[place + 1 :]
    assert (parse_number(grouped(wrong)) is None) == (wrong != digits)


@given(numbers, st.integers(0, 11))
def test_every_swap_of_neighbours_is_found(number: str, place: int) -> None:
    digits = number.replace("-", "")
    swapped = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    assert (parse_number(grouped(swapped)) is None) == (swapped != digits)


def test_check_digit_properties_hold_over_all_states() -> None:
    """Damm's table itself: the property tests above could miss a wrong cell by chance."""
    for head in ("", "1", "2", "4", "9", "27", "53", "80", "66", "310"):
        for a in string.digits:
            for b in string.digits:
                if a != b:
                    assert check_digit(head + a) != check_digit(head + b)
                    assert check_digit(head + a + b) != check_digit(head + b + a)
                    assert check_digit(head + a) != b or check_digit(head + b) != a


@pytest.mark.parametrize(
    "text",
    [
        "20261123-0007-3",
        " 20261123-0007-3\n",
        "2026112300073",
        "20261123 0007 3",
        "20261123 - 0007 - 3",
        "20261123—0007—3",
        "20261123－0007－3",
        "２０２６１１２３－０００７－３",
        "20261123一0007一3",
        "20261123–0007-3",
        "20261123--0007--3",
        "20261123.0007.3",
    ],
)
def test_how_people_write_it(text: str) -> None:
    assert parse_number(text) == "20261123-0007-3"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3",
        "20261123-0007",
        "20261123-0007-4",
        "20261123-00007-3",
        "20261323-0007-3",
        "20261123-0000-0",
        "120261123-0007-3",
        "20261123-0007-33",
        "我的编号20261123-0007-3",
        "١٢٣٤٥٦٧٨٩٠١٢٣",
        "\ud800",
    ],
)
def test_what_is_no_number(text: str) -> None:
    assert parse_number(text) is None


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    parsed = parse_number(text)
    assert parsed is None or parse_number(parsed) == parsed


def test_numbers_inside_a_sentence() -> None:
    text = "请问20261123-0007-3和2026112300073办得怎样,电话13800138000,错的20261123-0007-4"
    assert list(find_numbers(text)) == [
        (2, 17, "20261123-0007-3"),
        (18, 31, "20261123-0007-3"),
    ]
