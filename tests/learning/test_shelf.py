"""Models as files: which one serves, back to the one before, what is kept."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest

from backend.learning.lessons import HISTORY, Lesson
from backend.learning.shelf import KEPT, SHIPPED, Shelf, ShelfError
from backend.triage.model import card_of
from tests.petitions.world import NOW


def add(shelf: Shelf, minutes: int) -> str:
    """A model trained so many minutes later: the shipped one's bytes."""
    name = shelf.new_name(NOW + timedelta(minutes=minutes))
    for file in (shelf.file(name), shelf.tried_file(name)):
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(shelf.shipped, file)
        shutil.copy(card_of(shelf.shipped), card_of(file))
    return name


def names(shelf: Shelf) -> list[str]:
    return [model.name for model in shelf.models()]


def test_at_first_the_shipped_model_serves(shelf: Shelf) -> None:
    assert shelf.in_service() == SHIPPED
    assert shelf.serving_file() == shelf.shipped
    assert names(shelf) == [SHIPPED]
    with pytest.raises(ShelfError) as refused:
        shelf.roll_back()
    assert refused.value.problem == "nothing_before"


def test_back_step_by_step_to_the_shipped_one(shelf: Shelf) -> None:
    first, second = add(shelf, 0), add(shelf, 1)
    assert first == "triage-20261123-120000"
    assert shelf.put_in_service(first) == SHIPPED
    assert shelf.put_in_service(second) == first
    assert shelf.put_in_service(second) == second
    assert names(shelf) == [second, first, SHIPPED]
    assert [model.in_service for model in shelf.models()] == [True, False, False]
    assert Shelf(shelf.folder, shelf.shipped).serving_file() == shelf.file(second)
    assert shelf.roll_back() == (second, first)
    assert shelf.roll_back() == (first, SHIPPED)
    assert shelf.in_service() == SHIPPED


def test_the_shipped_one_can_serve_again_and_be_left_again(shelf: Shelf) -> None:
    first = add(shelf, 0)
    shelf.put_in_service(first)
    assert shelf.put_in_service(SHIPPED) == first
    assert shelf.in_service() == SHIPPED
    assert shelf.roll_back() == (SHIPPED, first)


def test_two_models_of_one_second_have_two_names(shelf: Shelf) -> None:
    assert add(shelf, 0) != add(shelf, 0)


def test_no_unknown_or_damaged_model_is_put_in_service(shelf: Shelf) -> None:
    first = add(shelf, 0)
    with pytest.raises(ShelfError) as refused:
        shelf.put_in_service("triage-20200101-000000")
    assert refused.value.problem == "unknown"
    shelf.file(first).write_bytes(b"damaged")
    with pytest.raises(ShelfError) as refused:
        shelf.put_in_service(first)
    assert refused.value.problem == "unusable"
    assert shelf.in_service() == SHIPPED


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", ""])
def test_a_name_leads_nowhere_else(shelf: Shelf, name: str) -> None:
    with pytest.raises(ShelfError):
        shelf.put_in_service(name)


def test_a_model_that_is_gone_is_not_gone_back_to(shelf: Shelf) -> None:
    first, second = add(shelf, 0), add(shelf, 1)
    shelf.put_in_service(first)
    shelf.put_in_service(second)
    shelf.file(first).unlink()
    assert shelf.roll_back() == (second, SHIPPED)


def test_old_models_are_removed_but_none_that_may_be_needed(shelf: Shelf) -> None:
    first = add(shelf, 0)
    shelf.put_in_service(first)
    later = [add(shelf, minutes) for minutes in range(1, KEPT + 3)]
    assert shelf.tidy() == [later[1], later[0]]
    assert names(shelf) == [*reversed(later[2:]), first, SHIPPED]
    assert not shelf.tried_file(later[0]).exists()
    assert shelf.roll_back() == (first, SHIPPED)


def test_history_is_kept_for_later_trainings_and_forgotten(shelf: Shelf) -> None:
    assert shelf.history() == []
    told = [Lesson("路灯\n不亮", "request", "roads", HISTORY, "history:1")]
    shelf.keep_history(told)
    assert Shelf(shelf.folder, shelf.shipped).history() == told
    assert (shelf.folder / "history.jsonl").stat().st_mode & 0o077 == 0
    shelf.keep_history([])
    assert shelf.history() == []
