"""`rasa data validate` on the dialogue's files."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
import yaml
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.validator import Validator

from bot.engine import Engine

ROOT = Path(__file__).resolve().parents[2]
# Never read from a text: the app gives them, as a choice, a kind of message or its own question.
GIVEN_INTENTS = {
    "choose", "send_media", "send_location", "greet_new", "internal_ask_rating", "nlu_fallback",
    "survey_aside",
}  # fmt: skip


STYLES = sorted((ROOT / "data/nlu").glob("style_*.yml"))
EXAMPLES, OF_A_STYLE = 60, 6
"""At least so many of every intent; so many of every intent in each style."""


@pytest.fixture(scope="module")
def validator(engine: Engine) -> Validator:
    del engine  # loading it has made Rasa importable without TensorFlow
    files = [str(ROOT / "data/nlu"), str(ROOT / "bot/rules.yml")]
    importer = TrainingDataImporter.load_from_config(
        str(ROOT / "bot/config.yml"), str(ROOT / "bot/domain.yml"), files
    )
    return Validator.from_importer(importer)


def test_rasa_finds_nothing_wrong(validator: Validator) -> None:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", UserWarning)
        assert validator.verify_domain_validity()
        assert validator.verify_nlu(ignore_warnings=True)
        assert validator.verify_forms_in_stories_rules()
        assert validator.verify_actions_in_stories_rules()
        assert validator.verify_story_structure(ignore_warnings=False)
    complaints = [str(one.message) for one in warned if issubclass(one.category, UserWarning)]
    unread = [line for line in complaints if "not found in the NLU training data" in line]
    assert {line.split("'")[1] for line in unread} <= GIVEN_INTENTS
    assert [line for line in complaints if line not in unread] == []


def test_every_intent_is_learnt_or_given_and_answered(validator: Validator) -> None:
    intents = set(validator.domain.intents)
    learnt = validator.intents.intents
    assert learnt | GIVEN_INTENTS == intents - _rasas_own()
    answered = {
        event.intent_name
        for rule in validator.story_graph.story_steps
        for event in rule.events
        if getattr(event, "intent_name", None)
    }
    assert intents - _rasas_own() <= answered


def _rasas_own() -> set[str]:
    from rasa.shared.core.constants import DEFAULT_INTENTS

    return set(DEFAULT_INTENTS) - {"nlu_fallback", "out_of_scope"}


def test_every_intent_has_many_examples(validator: Validator) -> None:
    examples = validator.intents.number_of_examples_per_intent
    assert {name: count for name, count in examples.items() if count < EXAMPLES} == {}
    assert examples["raise_petition"] >= 10 * EXAMPLES


@pytest.mark.parametrize("file", STYLES, ids=lambda file: file.stem)
def test_every_style_has_examples_of_every_intent(validator: Validator, file: Path) -> None:
    blocks = yaml.safe_load(file.read_text(encoding="utf-8"))["nlu"]
    counts = {one["intent"]: len(one["examples"].splitlines()) for one in blocks}
    assert set(counts) == set(validator.intents.number_of_examples_per_intent)
    assert min(counts.values()) >= OF_A_STYLE
