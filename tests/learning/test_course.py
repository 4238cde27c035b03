"""A model learns from corrections, is tried against the old one, and kept apart until it may."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from backend.learning.course import Candidate, make_candidate
from backend.learning.freshness import has_outgrown, made_of
from backend.learning.lessons import CORRECTION, Lesson, Lessons
from backend.learning.shelf import SHIPPED, Shelf
from backend.triage import classifier
from backend.triage.model import load_card
from tests.learning.schoolbook import NAMES, schoolbook
from tests.petitions.world import DATA, NOW

RULES = DATA / "rules"
# What the authored examples never heard of: officials say it is the school's.
NEW_WORDS = ("午托", "接送", "家长会", "军训", "校服", "补课", "分班", "春游", "早读", "夏令营")
SAYINGS = ("{}收费太乱了", "{}没有通知到人", "{}的时间一改再改", "{}安排得不合理", "{}谁来管一管",
           "孩子{}受了委屈")  # fmt: skip


def taught(domain: str = "compulsory_education") -> Lessons:
    lessons = [
        Lesson(saying.format(word), "complaint", domain, CORRECTION, f"petition:{word}{saying}")
        for word in NEW_WORDS
        for saying in SAYINGS
    ]
    return Lessons(lessons, last_correction=len(lessons))


def candidate(shelf: Shelf, lessons: Lessons, minutes: int = 0) -> Candidate:
    now = NOW + timedelta(minutes=minutes)
    return make_candidate(shelf, schoolbook(), lessons, NAMES, RULES, now=now)


def said(shelf: Shelf, name: str, texts: Sequence[str]) -> list[str]:
    read = classifier.load(shelf.file(name), RULES)
    return [read.classify(text).domains[0][0] for text in texts]


def test_it_learns_what_the_old_one_did_not_know(shelf: Shelf) -> None:
    made = candidate(shelf, taught())
    unseen = ["午托班收费没有标准", "军训把孩子晒伤了", "校服质量差得很"]
    assert said(shelf, made.name, unseen) == ["compulsory_education"] * 3
    assert made.against == SHIPPED
    # Of the authored examples so few are tried here that one row is more than may be lost.
    assert [fault for fault in made.comparison.faults if not fault.authored] == []
    assert made.corrected is not None
    old, new = made.corrected
    assert new > old
    assert new >= 0.9
    assert shelf.in_service() == SHIPPED
    card = load_card(shelf.file(made.name))
    assert card["name"] == made.name
    assert (card["lessons"], card["last_correction"]) == ({"correction": 60, "history": 0}, 60)
    assert card["trial"]["answers"]["domain"]["rows"] > 20
    assert card["trial"]["rows"]["correction"] > 0


def test_mistaken_lessons_make_a_model_that_may_not_serve(shelf: Shelf) -> None:
    """Somebody set everything about water to school: what is held back of the authored examples
    shows it."""
    wrong = [
        Lesson(example.text + "啊", "complaint", "compulsory_education", CORRECTION, f"{n}:{again}")
        for n, example in enumerate(schoolbook().examples)
        if example.domain == "utilities"
        for again in range(4)
    ]
    made = candidate(shelf, Lessons(wrong, 1))
    # Its own mistakes are tried too; on them it is right. The authored ones must not suffer.
    assert not made.comparison.not_worse
    assert all(fault.authored for fault in made.comparison.faults)
    assert made.corrected is not None
    assert made.corrected[1] > made.corrected[0]


def test_the_next_one_is_tried_against_the_one_in_service(shelf: Shelf) -> None:
    first = candidate(shelf, Lessons(taught().taught[:30], 30))
    shelf.put_in_service(first.name)
    second = candidate(shelf, taught(), minutes=1)
    assert second.against == first.name
    shelf.tried_file(first.name).unlink()
    assert candidate(shelf, taught(), minutes=2).against == SHIPPED


def test_a_domain_of_the_deployment_s_own_is_learnt(shelf: Shelf) -> None:
    names = {**NAMES, "care": "课后看护"}
    made = make_candidate(shelf, schoolbook(), taught("care"), names, RULES, now=NOW)
    assert said(shelf, made.name, ["午托班收费没有标准"]) == ["care"]
    assert made.card["domains"]["care"] == "课后看护"


def test_the_same_lessons_are_not_learnt_twice(shelf: Shelf) -> None:
    lessons = taught()
    assert made_of(shelf, "authored-1", lessons) is None
    made = candidate(shelf, lessons)
    found = made_of(shelf, "authored-1", lessons)
    assert found is not None
    assert found.name == made.name
    assert made_of(shelf, "authored-1", Lessons(lessons.taught[1:], 60)) is None
    assert made_of(shelf, "authored-2", lessons) is None


def test_newer_examples_of_the_program_outgrow_an_own_model(shelf: Shelf) -> None:
    assert not has_outgrown(shelf, "authored-2")  # the shipped one is kept current elsewhere
    made = candidate(shelf, taught())
    shelf.put_in_service(made.name)
    assert not has_outgrown(shelf, "authored-1")
    assert has_outgrown(shelf, "authored-2")
    shelf.roll_back()
    assert not has_outgrown(shelf, "authored-2")


@pytest.mark.parametrize("taken", [True, False])
def test_the_outcome_is_on_the_card(shelf: Shelf, taken: bool) -> None:
    made = candidate(shelf, taught())
    shelf.note_outcome(made.name, taken=taken, reason="试试")
    card = shelf.models()[0].card
    assert (card["taken"], card["reason"]) == (taken, "试试")
    classifier.load(shelf.file(made.name), RULES)
