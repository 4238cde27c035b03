"""The authored survey: every answer is read as it is meant, nobody writes what another wrote."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from actions.survey_reading import Answer, says
from backend.catalogue import load_catalogue
from backend.surveys.authoring import draft_flaws
from backend.surveys.questions import QuestionType
from xiangyin.demo.stories import DemoDataError
from xiangyin.demo.survey_stories import Amount, Choice, Mood, Written, load_surveys
from xiangyin.demo.surveys import read_words
from xiangyin.settings import PROJECT

FOLDER = PROJECT / "data" / "demo" / "surveys"
CATALOGUE = load_catalogue(PROJECT / "data" / "catalogue")
SURVEYS = load_surveys(FOLDER, CATALOGUE)
QUESTIONS = SURVEYS.asked.questions
CHOICES = [one for one in QUESTIONS if isinstance(one, Choice)]
AMOUNTS = [one for one in QUESTIONS if isinstance(one, Amount)]
WRITTEN = [one for one in QUESTIONS if isinstance(one, Written)]
AT = datetime(2026, 11, 5, 3, tzinfo=UTC)
# As in test_material.py; of few words most are common.
MOST_ALIKE, LONG_ENOUGH = 0.5, 8


def test_both_surveys_could_be_opened() -> None:
    assert draft_flaws(SURVEYS.asked.draft) == []
    assert draft_flaws(SURVEYS.draft.draft) == []
    assert {one.type for one in QUESTIONS} == set(QuestionType)


@pytest.mark.parametrize("choice", CHOICES, ids=lambda one: one.text)
def test_an_option_is_chosen_by_its_words(choice: Choice) -> None:
    for option, words in enumerate(choice.words):
        for said in words:
            assert read_words(choice.question, said, AT) == Answer(option=option), said
    assert all(sum(shares) == 100 for shares in choice.shares.values())


@pytest.mark.parametrize("amount", AMOUNTS, ids=lambda one: one.text)
def test_a_number_is_read_from_its_words(amount: Amount) -> None:
    for number in {value for values in amount.values.values() for value in values}:
        spoken = [words.format(n=number) for words in amount.words]
        for said in [*spoken, *amount.said.get(number, ())]:
            assert read_words(amount.question, said, AT) == Answer(number=number), said


@pytest.mark.parametrize("written", WRITTEN, ids=lambda one: one.text)
def test_a_wish_is_a_wish_and_what_passes_is_none(written: Written) -> None:
    for wish in SURVEYS.wishes:
        assert read_words(written.question, wish.text, AT) == Answer(in_words=True), wish.text
    for said in [*written.passing, *SURVEYS.asked.skipping]:
        assert read_words(written.question, said, AT) == Answer(skipped=True), said


def test_a_refusal_refuses() -> None:
    assert [said for said in SURVEYS.asked.declining if not says("decline", said)] == []


def test_wishes_come_from_everywhere_in_every_mood_and_none_twice() -> None:
    wishes = SURVEYS.wishes
    assert len(wishes) >= 160
    townships = {one.code for one in CATALOGUE.divisions.values() if one.level == "township"}
    assert {(one.township, one.mood) for one in wishes} == {
        (township, mood) for township in townships for mood in Mood
    }
    assert sum(one.village is not None for one in wishes) >= 50
    texts = [one.text for one in wishes]
    assert len(set(texts)) == len(texts)
    long = [text for text in texts if len(text) >= LONG_ENOUGH]
    pairs = [Counter(pairwise(text)) for text in long]
    for at, one in enumerate(pairs):
        for other_at in range(at):
            other = pairs[other_at]
            alike = 2 * sum((one & other).values()) / (sum(one.values()) + sum(other.values()))
            assert alike < MOST_ALIKE, (long[at], long[other_at])
    assert not any(re.search(r"\d{7,}", text) for text in texts)


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        ("wishes/liuhe.yml", "马家渡村: ", "无名村: ", "无名村"),
        ("wishes/liuhe.yml", "township: 柳河镇", "township: 无名镇", "无名镇"),
        ("market_day.yml", "[大坪镇]", "[无名镇]", "无名镇"),
        ("clinics.yml", "青山乡: [34, 22, 5, 11, 28]", "青山乡: [34, 22, 5, 39]", "each option"),
        ("clinics.yml", "青山乡: [34, 22, 5, 11, 28]", "", "every township"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, file: str, old: str, new: str, named: str) -> None:
    (tmp_path / "wishes").mkdir()
    for one in FOLDER.rglob("*.yml"):
        text = one.read_text(encoding="utf-8")
        place = one.relative_to(FOLDER)
        if str(place) == file:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / place).write_text(text, encoding="utf-8")
    with pytest.raises(DemoDataError, match=named):
        load_surveys(tmp_path, CATALOGUE)
