"""What is promised of places and masking holds on the half of the gold that nobody tuned on."""

import pytest

from backend.triage.masking import load_masker
from tests.triage.gold_scores import (
    HALVES,
    entity_reader,
    lac_scores,
    masking_scores,
    place_scores,
)

READER = entity_reader()
MASKER = load_masker()


@pytest.mark.parametrize("half", HALVES)
def test_places_are_read_far_better_than_by_lac_alone(half: str) -> None:
    places = place_scores(half, READER)
    assert places.f1 >= 0.9
    assert places.f1 >= lac_scores(half).f1 + 0.3


@pytest.mark.parametrize("half", HALVES)
def test_places_found_get_their_division(half: str) -> None:
    places = place_scores(half, READER)
    assert places.coded >= 0.95 * places.right


@pytest.mark.parametrize("half", HALVES)
def test_personal_data_is_masked_and_little_else(half: str) -> None:
    names, numbers = masking_scores(half, MASKER)
    assert names.recall >= 0.9
    assert names.precision >= 0.9
    assert numbers.recall >= 0.99
    assert numbers.precision >= 0.98
    assert numbers.kept >= 0.98 * numbers.others
