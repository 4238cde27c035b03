"""The engine on the model of the present files, loaded once per worker process."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.engine import Engine
from bot.training import train


def pytest_configure(config: pytest.Config) -> None:
    """Rasa's dependencies warn about each other at import; ours to read are the others."""
    for line in ("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning"):
        config.addinivalue_line("filterwarnings", line)


@pytest.fixture(scope="session")
def model() -> Path:
    """Trained when the files changed."""
    return train(say=lambda line: None)


@pytest.fixture(scope="session")
def engine(model: Path) -> Engine:
    return Engine(model)
