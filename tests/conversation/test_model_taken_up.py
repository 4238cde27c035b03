"""What reads petitions takes up another model while it runs."""

from __future__ import annotations

import shutil
from pathlib import Path

from backend.conversation.reading import Readings
from backend.guide.entries import load_guide
from backend.petitions.number import find_numbers
from backend.triage import classifier
from backend.triage.entities import EntityReader, load_patterns
from backend.triage.gazetteer import Gazetteer
from backend.triage.model import card_of
from backend.triage.rules import load_rules
from backend.triage.tagger import Tagger
from backend.triage.training import train_on
from tests.conversation.room import DATA, MODEL, petition_rules, readings
from tests.learning.schoolbook import schoolbook
from tests.petitions.world import NOW

RULES = DATA / "rules"
TEXT = "水管爆了很久没人管，太不负责"


async def test_readings_are_marked_with_the_model_that_made_them(tmp_path: Path) -> None:
    readings()  # makes the model where there is none
    shipped, own = tmp_path / "shipped.npz", tmp_path / "own.npz"
    shutil.copy(MODEL, shipped)
    shutil.copy(card_of(MODEL), card_of(shipped))
    train_on(schoolbook(), own, now=NOW)
    reader = Readings(
        load_rules(RULES),
        EntityReader(
            load_patterns(RULES), Gazetteer(petition_rules().catalogue.divisions), Tagger(),
            find_numbers,
        ),
        classifier.load(shipped, RULES),
        load_guide(DATA / "guide"),
    )  # fmt: skip
    before = await reader.petition(TEXT, None, emergency=None)
    own_classifier = classifier.load(own, RULES)
    reader.take(own_classifier)
    after = await reader.petition(TEXT, None, emergency=None)
    assert before.machine.model == classifier.load(shipped, RULES).card["sha256"][:16]
    assert after.machine.model == reader.model == own_classifier.card["sha256"][:16]
    assert before.machine.model != after.machine.model
    assert {domain for domain, _ in after.machine.domain.candidates} <= {
        example.domain for example in schoolbook().examples
    }
