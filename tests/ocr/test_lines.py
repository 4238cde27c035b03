"""From lines to a text and its confidence."""

from __future__ import annotations

from backend.ocr.lines import MOST_CHARACTERS, Line, PhotoText, joined


def test_lines_in_their_order_and_the_mean_over_characters() -> None:
    found = joined([Line("停水通知", 1.0), Line(" 锦绣小区 ", 0.9), Line("八", 0.7)])
    assert found == PhotoText("停水通知\n锦绣小区\n八", round((4 + 4 * 0.9 + 0.7) / 9, 3))


def test_what_is_hardly_read_or_no_writing_is_left_out() -> None:
    assert joined([Line("囗丶亅", 0.4), Line("———", 0.99), Line("  ", 0.99)]) == PhotoText("", None)
    assert joined([]) == PhotoText("", None)


def test_a_wall_full_of_writing_is_cut() -> None:
    found = joined([Line("字" * 700, 0.9)] * 5)
    assert len(found.text) == MOST_CHARACTERS
    assert found.confidence == 0.9
