"""How well and how fast the bot reads intents: whole writing styles that its examples lack."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.report import PROJECT, Target
from xiangyin.settings import BOT_PYTHON

SECONDS = 300


def measure(_data: Path, _model: Path) -> Iterator[Target]:
    """By the trained bot, in its own Python (`intents_in_bot.py`). Raises FileNotFoundError where
    the bot is not installed, CalledProcessError where it is not trained."""
    done = subprocess.run(
        [BOT_PYTHON, "-m", "benchmarks.intents_in_bot"],
        cwd=PROJECT, capture_output=True, text=True, timeout=SECONDS, check=True,
    )  # fmt: skip
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    yield Target("intents in styles held out, %", 100 * figures["accuracy"], at_least=93.0)
    for style, accuracy in figures["styles"].items():
        yield Target(f"  of these {style}, %", 100 * accuracy)
    yield Target("one turn's intent in the bot, p50, ms", figures["p50_ms"], at_most=3.0)
