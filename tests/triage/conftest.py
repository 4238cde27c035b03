"""One model of the shipped data for all tests of this room: it takes minutes to train, so test
processes that run side by side share it."""

import fcntl
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backend.triage.classifier import Classifier, load
from backend.triage.training import train

DATA = Path(__file__).parents[2] / "data"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    file = shared / "triage.npz"
    with (shared / "triage.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            train(DATA, file, now=NOW)
    return file


@pytest.fixture(scope="session")
def classifier(model: Path) -> Classifier:
    return load(model, DATA / "rules")
