"""How well and how fast the bot reads intents: whole writing styles that its examples lack."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import intent_data, report, stock_rasa
from benchmarks.intent_data import Written
from benchmarks.report import PROJECT, Target
from xiangyin.settings import BOT_PYTHON

SECONDS = 300
LEAST_RIGHT, MOST_MS = 93, 3
FIND_MODEL = """
from bot.training import current_model
model = current_model()
print(model or exit("the bot is not trained on the present files: run `xiangyin train`"))
"""
Readings = Sequence[Mapping[str, Any]]


def measure(_data: Path, _model: Path) -> Iterator[Target]:
    """By the trained bot, in its own Python. Raises FileNotFoundError where the bot is not
    installed, CalledProcessError where it is not trained."""
    gold = list(intent_data.gold())
    found = read(gold)
    yield Target("intents in styles held out, %", share_right(gold, found), at_least=LEAST_RIGHT)
    for style in dict.fromkeys(one.style for one in gold):
        of_it = [i for i, one in enumerate(gold) if one.style == style]
        right = share_right([gold[i] for i in of_it], [found[i] for i in of_it])
        yield Target(f"  of these {style}, %", right)
    asked = sum(one["asked"] for one in found)
    yield Target("  asked instead of guessed, %", 100 * asked / len(found))
    yield Target("one turn's intent in the bot, p50, ms", median_ms(found), at_most=MOST_MS)


def read(messages: Sequence[Written]) -> Readings:
    """Of each its likeliest `intent`, whether the bot would ask (`asked`), and `ms`."""
    done = subprocess.run(
        [BOT_PYTHON, "-c", FIND_MODEL], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    texts = [one.text for one in messages]
    readings: Readings = ask(BOT_PYTHON, texts, "bot", done.stdout.strip())
    return readings


def ask(python: Path, given: Any, *arguments: str) -> Any:
    """What `benchmarks.intent_readings` makes of `given` in the environment of `python`."""
    done = subprocess.run(
        [python, "-m", "benchmarks.intent_readings", *arguments],
        cwd=PROJECT,
        env={**os.environ, **stock_rasa.ENVIRONMENT},
        input=json.dumps(given),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
        timeout=SECONDS,
    )
    return json.loads(done.stdout)


def share_right(gold: Sequence[Written], readings: Readings) -> float:
    """Per cent whose likeliest intent is the one meant."""
    pairs = zip(gold, readings, strict=True)
    return 100 * sum(bool(one.intent == found["intent"]) for one, found in pairs) / len(gold)


def median_ms(readings: Readings) -> float:
    return float(report.percentile([one["ms"] for one in readings], 50))
