"""Reads intents in the environment it is started in; JSON in, JSON out.

`python -m benchmarks.intent_readings bot MODEL` in the bot's (Python 3.10), `… stock MODEL` in
stock Rasa's: texts in, per text its intent and milliseconds out. `… styles` in the bot's: [text,
intent, style] in; each style read by a classifier taught all others, the count and how many are
right out.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROUNDS, WARM_UP = 2, 30
"""Each text is timed so often, after so many others to warm up; the quickest counts."""
UNSURE = "nlu_fallback"
MIXED = "mixed"


def read(parse: Callable[[str], dict[str, Any]], texts: Sequence[str]) -> list[dict[str, Any]]:
    """Per text `intent` (the likeliest), `asked` (below the thresholds), `ms`."""
    for text in texts[:WARM_UP]:
        parse(text)
    found = []
    for text in texts:
        times = []
        for _ in range(ROUNDS):
            before = time.perf_counter()
            parsed = parse(text)
            times.append(time.perf_counter() - before)
        ranked = [one["name"] for one in parsed["intent_ranking"] if one["name"] != UNSURE]
        asked = parsed["intent"]["name"] == UNSURE
        found.append(
            {"intent": ranked[0] if ranked else None, "asked": asked, "ms": 1000 * min(times)}
        )
    return found


def bot_parser(model: str) -> Callable[[str], dict[str, Any]]:
    """The part of a turn that reads the intent, as the bot does it."""
    from bot.engine import Engine

    engine = Engine(Path(model))
    engine.warm_up()
    return engine._read_intent


def stock_parser(model: str) -> Callable[[str], dict[str, Any]]:
    """Stock Rasa's own way to parse a message."""
    from rasa.core.agent import Agent
    from rasa.core.channels.channel import UserMessage

    processor = Agent.load(model).processor
    assert processor is not None
    loop = asyncio.new_event_loop()
    return lambda text: dict(loop.run_until_complete(processor.parse_message(UserMessage(text))))


def by_style(examples: Sequence[tuple[str, str, str]]) -> dict[str, tuple[int, int]]:
    """Per style: how many examples it has, how many are read right by a classifier that was
    taught all the others. The mixed ones are always taught."""
    import jieba
    import yaml

    from bot.components.linear_scores import LinearScores
    from bot.components.text_features import count_features, read_syllables

    config = yaml.safe_load(Path("bot/config.yml").read_text(encoding="utf-8"))
    settings = next(one for one in config["pipeline"] if "CharNgram" in one["name"])
    syllables = read_syllables()
    features = [
        count_features(text, list(jieba.cut(text)), syllables, 3) for text, _, _ in examples
    ]
    results = {}
    for held_out in sorted({style for _, _, style in examples} - {MIXED}):
        taught = [i for i, (_, _, style) in enumerate(examples) if style != held_out]
        asked = [i for i, (_, _, style) in enumerate(examples) if style == held_out]
        scores = LinearScores()
        scores.fit(
            [features[i] for i in taught],
            [examples[i][1] for i in taught],
            regularisation=settings.get("regularisation", 1.0),
            importance=settings["importance"],
        )
        best = [scores.rank(features[i], 1) for i in asked]
        right = sum(
            bool(ranked) and ranked[0][0] == examples[i][1]
            for ranked, i in zip(best, asked, strict=True)
        )
        results[held_out] = (len(asked), right)
    return results


def main() -> None:
    # Rasa and jieba print; standard output is for the answer alone.
    answers, sys.stdout = sys.stdout, sys.stderr
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    given, what = json.load(sys.stdin), sys.argv[1]
    if what == "styles":
        answer: Any = by_style(given)
    else:
        parser = bot_parser if what == "bot" else stock_parser
        answer = read(parser(sys.argv[2]), given)
    json.dump(answer, answers)


if __name__ == "__main__":
    main()
