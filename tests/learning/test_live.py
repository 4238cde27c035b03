"""Running processes take up the model that is put in service."""

from __future__ import annotations

from backend.learning.live import ModelWatch, load_serving
from backend.learning.shelf import Shelf
from backend.triage.classifier import Classifier
from tests.learning.test_shelf import add
from tests.petitions.world import DATA, SetClock

RULES = DATA / "rules"


async def test_what_is_put_in_service_is_taken_up_and_left_again(shelf: Shelf) -> None:
    taken: list[Classifier] = []
    watch = ModelWatch(shelf, RULES, SetClock(), taken.append)
    await watch.refresh()
    assert taken == []
    shelf.put_in_service(add(shelf, 0))
    await watch.refresh()
    await watch.refresh()
    assert len(taken) == 1
    shelf.roll_back()
    await watch.refresh()
    assert len(taken) == 2


async def test_a_model_that_cannot_be_read_leaves_the_present_one(shelf: Shelf) -> None:
    taken: list[Classifier] = []
    watch = ModelWatch(shelf, RULES, SetClock(), taken.append)
    name = add(shelf, 0)
    shelf.put_in_service(name)
    shelf.file(name).write_bytes(b"damaged")
    await watch.refresh()
    assert taken == []
    shelf.roll_back()
    await watch.refresh()
    assert len(taken) == 1


def test_at_the_start_an_unreadable_model_gives_way_to_the_shipped_one(shelf: Shelf) -> None:
    name = add(shelf, 0)
    shelf.put_in_service(name)
    shelf.file(name).write_bytes(b"damaged")
    assert load_serving(shelf, RULES).card["examples"] == 132
