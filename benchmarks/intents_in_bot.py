"""Runs in the bot's Python: reads the gold messages and prints figures as a line of JSON."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path

import yaml

from bot.engine import Engine
from bot.training import current_model

GOLD = Path(__file__).resolve().parents[1] / "tests" / "bot" / "gold" / "styles.yml"


def main() -> int:
    """`accuracy` and `styles` (by style) as shares of one, `p50_ms` of reading one message."""
    model = current_model()
    if model is None:
        print("the bot is not trained on the present files: run `xiangyin train`", file=sys.stderr)
        return 1
    engine = Engine(model)
    engine.warm_up()
    hits = defaultdict(list)
    seconds = []
    for intent, styles in yaml.safe_load(GOLD.read_text(encoding="utf-8")).items():
        for style, messages in styles.items():
            for message in messages:
                before = time.perf_counter()
                found = engine._read_intent(message)
                seconds.append(time.perf_counter() - before)
                hits[style].append(found["intent"]["name"] == intent)
    every = [hit for of_style in hits.values() for hit in of_style]
    figures = {
        "accuracy": sum(every) / len(every),
        "styles": {style: sum(of_style) / len(of_style) for style, of_style in hits.items()},
        "p50_ms": statistics.median(seconds) * 1000,
    }
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
