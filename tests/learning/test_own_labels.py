"""A model of any labels, from texts and labels alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from backend.learning.own_labels import TooFewLabels, learn_labels
from backend.triage.label_model import load_label_model, save_label_model
from tests.learning.schoolbook import FRAMES, WORDS
from tests.petitions.world import NOW

OFFICES = {"utilities": "水利局", "roads_traffic": "交通局", "compulsory_education": "教育局"}


def rows() -> tuple[list[str], list[str]]:
    pairs = [
        (frame.format(word), OFFICES[domain])
        for domain, words in WORDS.items()
        for word in words
        for frames in FRAMES.values()
        for frame in frames
    ]
    return [text for text, _ in pairs], [label for _, label in pairs]


def test_labels_are_learnt_saved_and_read_again(tmp_path: Path) -> None:
    texts, labels = rows()
    model, trial = learn_labels(texts, labels, now=NOW)
    assert trial.rows >= 12
    assert set(trial.per_label) == set(OFFICES.values())
    assert trial.figures["accuracy"] >= 0.8
    assert model.card["labels"] == dict.fromkeys(sorted(OFFICES.values()), 40)
    file = tmp_path / "offices.npz"
    save_label_model(model, file)
    again = load_label_model(file)
    said = [
        again.head.top(*again.vocabulary.vector(text))[0][0]
        for text in ("自来水停了", "马路上有坑")
    ]
    assert said == ["水利局", "交通局"]
    assert again.card["trial"]["rows"] == trial.rows


def test_the_same_rows_give_the_same_model() -> None:
    first, second = (learn_labels(*rows(), now=NOW)[0] for _ in range(2))
    assert (first.head.weights == second.head.weights).all()


def test_a_label_of_one_row_is_learnt_but_not_tried() -> None:
    texts, labels = rows()
    model, trial = learn_labels([*texts, "河里有死鱼"], [*labels, "环保局"], now=NOW)
    assert trial.untried == ["环保局"]
    assert "环保局" in model.head.classes


def test_a_text_under_two_labels_costs_none_of_them_its_only_rows() -> None:
    texts, labels = rows()
    twice = "河里有死鱼臭得很请来看看"
    _, trial = learn_labels([*texts, twice, twice], [*labels, "环保局", "农业局"], now=NOW)
    assert trial.untried == ["农业局", "环保局"]


@pytest.mark.parametrize(
    ("texts", "labels"),
    [
        (["停水", "没水"], ["水", "水"]),
        (["停水", "路坏"], ["水", "路"]),
        (["停水了", "停水了", "路坏"], ["水", "水", "路"]),
    ],
)
def test_too_little_is_refused(texts: Sequence[str], labels: Sequence[str]) -> None:
    with pytest.raises(TooFewLabels):
        learn_labels(texts, labels, now=NOW)
