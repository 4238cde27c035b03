"""What the reading of intents is trained and measured on, as the app hands it to the bot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from backend.triage.cleaning import clean
from benchmarks.report import PROJECT

STYLE = "style_"
"""Files of data/nlu that hold one writing style each begin so; the others hold all."""
GOLD = PROJECT / "tests" / "bot" / "gold" / "styles.yml"


@dataclass(frozen=True)
class Written:
    """A message as the bot gets it (cleaned), its intent, and the style it is written in: a file's
    of data/nlu, 'mixed' for files that hold all styles."""

    text: str
    intent: str
    style: str


def examples() -> Iterator[Written]:
    """The training examples, file by file."""
    for file in sorted((PROJECT / "data" / "nlu").glob("*.yml")):
        style = file.stem.removeprefix(STYLE) if file.stem.startswith(STYLE) else "mixed"
        for block in yaml.safe_load(file.read_text(encoding="utf-8"))["nlu"]:
            for line in block["examples"].splitlines():
                yield Written(clean(line.removeprefix("- ")).text, block["intent"], style)


def gold() -> Iterator[Written]:
    """The gold messages; whoever wrote them had not seen the examples."""
    for intent, styles in yaml.safe_load(GOLD.read_text(encoding="utf-8")).items():
        for style, messages in styles.items():
            for message in messages:
                yield Written(clean(message).text, intent, style)
