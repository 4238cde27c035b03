"""How well intents are read, and how fast, beside stock Rasa's DIET on the same examples.

Read are the gold messages of tests/bot/gold/styles.yml: eight writing styles, by someone who had
not seen the examples. DIET is an optional peer: it is measured where its environment is
(`make bench-dialogue` makes it, 2.5 GB), and trained anew when an example changed, which takes
half an hour. Confusions are printed as pairs of intents, never as sentences: who improves the
examples must not look at the gold messages.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import bot_readings, intent_data, report, stock_rasa
from benchmarks.bot_readings import Readings, ask, median_ms, share_right
from benchmarks.intent_data import Written
from benchmarks.report import Target
from tests.suites import BOT_PYTHON

PAIRS = 12
"""Confusions printed."""


def main() -> int:
    """Exit code: 1 where a target was missed."""
    examples, gold = list(intent_data.examples()), list(intent_data.gold())
    ours = bot_readings.read(gold)
    diet = None
    if stock_rasa.PYTHON.exists():
        texts = [one.text for one in gold]
        model = str(_diet_model(examples))
        diet = ask(stock_rasa.PYTHON, texts, "stock", model)
    else:
        print("DIET is left out: `make bench-dialogue` makes its environment", file=sys.stderr)
    _print_confusions(gold, ours)
    accuracy = share_right(gold, ours)
    targets = [
        Target("gold messages read right, %", accuracy, at_least=bot_readings.LEAST_RIGHT),
        Target(
            "reading one message in the bot, p50 ms", median_ms(ours), at_most=bot_readings.MOST_MS
        ),
    ]
    if diet is not None:
        targets.append(
            Target("better than DIET by, points", accuracy - share_right(gold, diet), at_least=0)
        )
        targets.append(
            Target("faster than DIET, times", median_ms(diet) / median_ms(ours), at_least=1)
        )
    answered = [i for i, one in enumerate(ours) if not one["asked"]]
    figures = {
        **{target.name: round(target.measured, 2) for target in targets},
        "asked instead of guessed, %": round(100 - 100 * len(answered) / len(gold), 2),
        "right of what is answered, %": round(
            share_right([gold[i] for i in answered], [ours[i] for i in answered]), 2
        ),
    }
    settings = {
        "examples": len(examples),
        "gold": len(gold),
        "diet_epochs": stock_rasa.DIET_EPOCHS_READING if diet is not None else None,
    }
    rows = _rows(gold, ours, diet, _styles_held_out(examples))
    return report.finish("intents", rows, targets, figures=figures, settings=settings)


def _diet_model(examples: Sequence[Written]) -> Path:
    by_intent: dict[str, list[str]] = defaultdict(list)
    for one in examples:
        if one.text not in by_intent[one.intent]:
            by_intent[one.intent].append(one.text)
    return stock_rasa.diet_intent_model(by_intent)


def _styles_held_out(examples: Sequence[Written]) -> Mapping[str, float]:
    given = [(one.text, one.intent, one.style) for one in examples]
    counted = ask(BOT_PYTHON, given, "styles")
    return {style: 100 * right / count for style, (count, right) in counted.items()}


def _rows(
    gold: Sequence[Written],
    ours: Readings,
    diet: Readings | None,
    held_out: Mapping[str, float],
) -> list[dict[str, report.Cell]]:
    """A row per style; the last column is of our own examples, the style not taught at all."""
    rows: list[dict[str, report.Cell]] = []
    for style in [*dict.fromkeys(one.style for one in gold), *sorted(held_out), "all"]:
        if any(row["style"] == style for row in rows):
            continue
        of_it = [i for i, one in enumerate(gold) if style in (one.style, "all")]
        asked = [gold[i] for i in of_it]
        rows.append(
            {
                "style": style,
                "gold": len(of_it),
                "right %": share_right(asked, [ours[i] for i in of_it]) if of_it else None,
                "DIET right %": share_right(asked, [diet[i] for i in of_it])
                if diet and of_it
                else None,
                "own examples, style not taught, right %": _rounded(held_out.get(style)),
            }
        )
    rows.append(
        {"style": "p50 ms", "right %": median_ms(ours), "DIET right %": diet and median_ms(diet)}
    )
    return rows


def _print_confusions(gold: Sequence[Written], readings: Readings) -> None:
    pairs = Counter(
        (one.intent, read["intent"])
        for one, read in zip(gold, readings, strict=True)
        if one.intent != read["intent"]
    )
    for (meant, read), count in pairs.most_common(PAIRS):
        print(f"{count} × {meant} read as {read}")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


if __name__ == "__main__":
    sys.exit(main())
