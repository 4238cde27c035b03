"""How well intents are read, on sentences the bot was not trained on."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import yaml

from bot.engine import Engine

ROOT = Path(__file__).resolve().parents[2]
HELD_OUT = yaml.safe_load(
    Path(__file__).with_name("heldout_intents.yml").read_text(encoding="utf-8")
)
UNSURE = "nlu_fallback"


def _training_sentences() -> set[str]:
    sentences = set()
    for file in sorted((ROOT / "data/nlu").glob("*.yml")):
        for one in yaml.safe_load(file.read_text(encoding="utf-8"))["nlu"]:
            sentences |= {line.removeprefix("- ") for line in one["examples"].splitlines()}
    return sentences


def _read(engine: Engine, text: str) -> str:
    return str(engine._read_intent(text)["intent"]["name"])


def test_no_held_out_sentence_is_trained_on() -> None:
    held_out = {text for part in HELD_OUT.values() for texts in part.values() for text in texts}
    assert len(held_out) >= 120
    assert not held_out & _training_sentences()


@pytest.mark.parametrize("part", sorted(HELD_OUT))
def test_held_out_sentences_are_read(engine: Engine, part: str) -> None:
    """At least 90 % right; being unsure counts as wrong, though it only costs a question."""
    sentences = [(text, intent) for intent, texts in HELD_OUT[part].items() for text in texts]
    wrong = [
        f"{text}: {intent}, read as {read}"
        for text, intent in sentences
        if (read := _read(engine, text)) != intent
    ]
    assert len(wrong) <= len(sentences) // 10, "\n".join(wrong)


def test_every_training_sentence_stands_once() -> None:
    seen: dict[str, str] = {}
    for file in sorted((ROOT / "data/nlu").glob("*.yml")):
        for one in yaml.safe_load(file.read_text(encoding="utf-8"))["nlu"]:
            for line in one["examples"].splitlines():
                assert line not in seen, f"{line} stands in {seen[line]} and {one['intent']}"
                seen[line] = one["intent"]


def _column(path: Path, column: str, every: int, most: int) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row[column] for row in csv.DictReader(file)]
    return [text for text in rows[::every] if text][:most]


def test_petitions_of_another_county_are_read_as_petitions(engine: Engine, shared: Path) -> None:
    texts = _column(shared / "data" / "petitions.csv", "body", every=13, most=400)
    readings = [_read(engine, text[:600]) for text in texts]
    assert readings.count("raise_petition") >= 0.9 * len(texts)
    assert readings.count("raise_petition") + readings.count(UNSURE) >= 0.97 * len(texts)


def test_everyday_messages_do_not_become_petitions(engine: Engine, shared: Path) -> None:
    texts = _column(shared / "data" / "sms_chat.csv", "text", every=8, most=400)
    readings = [_read(engine, text) for text in texts]
    assert readings.count("raise_petition") <= 0.1 * len(texts)
