"""The bot trains on examples as the app would hand them over (bot/components/written_text.py)."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from backend.triage.cleaning import clean

ROOT = Path(__file__).resolve().parents[2]
_NO_LETTERS = re.compile(r"[\W_]+")


def _as_handed_over() -> Callable[[str], str]:
    """The bot's function; its package cannot be imported here, where Rasa is missing."""
    file = ROOT / "bot" / "components" / "written_text.py"
    spec = importlib.util.spec_from_file_location("written_text", file)
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    convert: Callable[[str], str] = module.as_handed_over
    return convert


def _examples(file: Path) -> list[str]:
    blocks = yaml.safe_load(file.read_text(encoding="utf-8"))["nlu"]
    return [line.removeprefix("- ") for one in blocks for line in one["examples"].splitlines()]


@pytest.mark.parametrize("name", sorted(file.name for file in (ROOT / "data/nlu").glob("*.yml")))
def test_examples_are_trained_on_as_the_app_would_clean_them(name: str) -> None:
    convert = _as_handed_over()
    for text in _examples(ROOT / "data" / "nlu" / name):
        # The classifier looks at letters and figures only.
        handed_over, cleaned = convert(text), clean(text).text
        assert _NO_LETTERS.sub(" ", handed_over).strip() == _NO_LETTERS.sub(" ", cleaned).strip()
        assert _NO_LETTERS.sub("", cleaned), f"{text}: nothing of it reaches the classifier"


def test_traditional_and_full_width_are_among_them() -> None:
    convert = _as_handed_over()
    assert convert("請問電話號碼是１２３") == "请问电话号码是123"
    assert convert("程序") == "程序"
    assert any(convert(text) != text for text in _examples(ROOT / "data/nlu/style_traditional.yml"))
