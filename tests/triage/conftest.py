"""One model of the shipped data for all tests of this room: it takes a while to train."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from backend.triage.classifier import Classifier, load
from backend.triage.training import train

DATA = Path(__file__).parents[2] / "data"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("models") / "triage.npz"
    train(DATA, file, now=NOW)
    return file


@pytest.fixture(scope="session")
def classifier(model: Path) -> Classifier:
    return load(model, DATA / "rules")
