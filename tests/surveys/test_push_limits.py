"""Quiet hours are the citizen's night, whatever the server's clock calls it."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from backend.surveys.push_limits import QuietHours, day_began


@pytest.mark.parametrize(
    ("hour", "minute", "quiet"),
    [(12, 59, False), (13, 0, True), (23, 59, True), (0, 0, False), (1, 0, False)],
)
def test_from_nine_in_the_evening_to_eight_in_the_morning(
    hour: int, minute: int, quiet: bool
) -> None:
    at = datetime(2026, 11, 23, hour, minute, tzinfo=UTC)  # eight hours behind Shanghai
    assert QuietHours().hold(at) is quiet


def test_within_one_day_and_never() -> None:
    noon = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)
    assert QuietHours(time(12), time(14)).hold(noon)
    assert not QuietHours(time(14), time(16)).hold(noon)
    assert not QuietHours(time(0), time(0)).hold(noon)


def test_a_day_begins_in_shanghai() -> None:
    began = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
    assert day_began(datetime(2026, 11, 22, 16, 0, tzinfo=UTC)) == began
    assert day_began(datetime(2026, 11, 23, 15, 59, tzinfo=UTC)) == began
