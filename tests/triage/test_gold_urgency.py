"""The rules of urgency and sensitivity against sentences judged by meaning."""

from pathlib import Path

import pytest

from backend.triage.examples import load_training_data
from backend.triage.rules import SENSITIVITIES, load_rules
from tests.triage.gold_urgency import judged, verdicts

DATA = Path(__file__).parents[2] / "data"
RULES = load_rules(DATA / "rules")
HALVES = ("development", "held_out")


def test_the_gold_is_large_sound_and_not_taught() -> None:
    sentences = [each for half in HALVES for each in judged(half)]
    texts = {each.text for each in sentences}
    assert len(texts) == len(sentences) >= 250
    assert {each.urgency for each in sentences} == {"emergency", "high", "normal", "low"}
    assert {key for each in sentences for key in each.sensitive} == set(SENSITIVITIES)
    assert not texts & {example.text for example in load_training_data(DATA).examples}


@pytest.mark.parametrize(("half", "least"), [("development", 0.97), ("held_out", 0.87)])
def test_urgency(half: str, least: float) -> None:
    found = verdicts(RULES, half)
    right = [each.urgency == each.judged.urgency for each in found]
    assert sum(right) / len(right) >= least


@pytest.mark.parametrize("half", HALVES)
def test_no_everyday_trouble_is_an_emergency(half: str) -> None:
    calm = [each for each in verdicts(RULES, half) if each.judged.urgency in ("normal", "low")]
    assert [each for each in calm if each.urgency in ("emergency", "high")] == []


@pytest.mark.parametrize("half", HALVES)
def test_danger_to_life_is_at_least_seen_as_such(half: str) -> None:
    grave = [each for each in verdicts(RULES, half) if each.judged.urgency == "emergency"]
    assert sum(each.urgency == "emergency" for each in grave) / len(grave) >= 0.85


@pytest.mark.parametrize("key", SENSITIVITIES)
def test_sensitivity(key: str) -> None:
    found = verdicts(RULES, "held_out")
    given = [key in each.sensitive for each in found]
    meant = [key in each.judged.sensitive for each in found]
    both = sum(g and m for g, m in zip(given, meant, strict=True))
    assert both / sum(given) >= 0.9
    assert both / sum(meant) >= 0.8
