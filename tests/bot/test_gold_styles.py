"""The gold messages are held out whole: eight styles of each intent, none in the examples."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

from bot.components.written_text import as_handed_over
from bot.engine import Engine

ROOT = Path(__file__).resolve().parents[2]
STYLES = ["formal", "colloquial", "elderly", "angry", "dialect", "sms", "typos", "traditional"]
EACH = 3
LEAST_RIGHT, LEAST_RIGHT_OF_A_STYLE = 0.93, 0.88
"""Of all messages, and of each style's; `make bench-intents` tells the figures."""
# Words everybody says (对, 取消, 转人工) stand on both sides; a longer one would be a copy.
COMMON_LENGTH = 6


def test_each_intent_is_one_of_the_bots_in_every_style() -> None:
    gold = _gold()
    domain = yaml.safe_load((ROOT / "bot/domain.yml").read_text(encoding="utf-8"))
    assert gold
    assert set(gold) <= set(domain["intents"])
    for intent, styles in gold.items():
        assert list(styles) == STYLES, intent
        assert all(len(messages) >= EACH for messages in styles.values()), intent


def test_no_message_stands_twice() -> None:
    messages = _messages()
    assert len(set(messages)) == len(messages)


def test_no_message_is_copied_into_the_examples() -> None:
    examples = set()
    for file in (ROOT / "data/nlu").glob("*.yml"):
        for one in yaml.safe_load(file.read_text(encoding="utf-8"))["nlu"]:
            examples |= {_bare(line.lstrip("- ")) for line in one["examples"].splitlines()}
    copied = [text for text in _messages() if _bare(text) in examples]
    assert [text for text in copied if len(text) > COMMON_LENGTH] == []


@pytest.mark.parametrize("style", [*STYLES, None])
def test_messages_are_read_right(engine: Engine, style: str | None) -> None:
    """Prints pairs of intents only: whoever writes examples must not look at the messages."""
    wrong, count = Counter[tuple[str, str]](), 0
    for intent, styles in _gold().items():
        for text in [text for name in styles if style in (name, None) for text in styles[name]]:
            ranking = engine._read_intent(as_handed_over(text))["intent_ranking"]
            read = next((one["name"] for one in ranking if one["name"] != "nlu_fallback"), "none")
            count += 1
            wrong[(intent, read)] += read != intent
    least = LEAST_RIGHT_OF_A_STYLE if style else LEAST_RIGHT
    assert 1 - sum(wrong.values()) / count >= least, [
        pair for pair in wrong.most_common() if pair[1]
    ]


def _gold() -> dict[str, dict[str, list[str]]]:
    text = Path(__file__).with_name("gold").joinpath("styles.yml").read_text(encoding="utf-8")
    gold: dict[str, dict[str, list[str]]] = yaml.safe_load(text)
    return gold


def _messages() -> list[str]:
    return [text for styles in _gold().values() for texts in styles.values() for text in texts]


def _bare(text: str) -> str:
    return re.sub(r"[\s，。！？!?,.、…]", "", text)
