"""Every key that anything says to citizens has its words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
REPLIES: dict[str, dict[str, str]] = yaml.safe_load(
    (ROOT / "data/texts/replies.yml").read_text(encoding="utf-8")
)
SAYING = {"say", "_say", "_reply", "_ask_confirmation"}
SAYING_BY_NAME = "closer"
USUAL: dict[str, str] = {
    name: entry["usual"]
    for name, entry in yaml.safe_load(
        (ROOT / "data/texts/reply_parameters.yml").read_text(encoding="utf-8")
    ).items()
}


def _strings_said(tree: ast.AST) -> Iterator[str]:
    """First arguments of the calls that say something; for a choice of two, both."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = node.func.id if isinstance(node.func, ast.Name) else name
        said = [node.args[0]] if name in SAYING else []
        said += [one.value for one in node.keywords if one.arg == SAYING_BY_NAME]
        for argument in said:
            for part in ast.walk(argument):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value


def _keys_of_actions() -> set[str]:
    keys: set[str] = set()
    for file in sorted((ROOT / "actions").glob("*.py")):
        keys |= set(_strings_said(ast.parse(file.read_text(encoding="utf-8"))))
    made = {key for key in keys if key.startswith("_") or key.endswith("_")}
    assert made == {"_none", "which_to_"}, "keys put together at run time are listed here"
    for intent in ("remind", "withdraw"):
        keys |= {f"{intent}_none", f"which_to_{intent}"}
    return keys - made


def _keys_of_domain() -> set[str]:
    domain = yaml.safe_load((ROOT / "bot/domain.yml").read_text(encoding="utf-8"))
    return {said["text"] for response in domain["responses"].values() for said in response}


def _emergency_keys() -> set[str]:
    rules = yaml.safe_load((ROOT / "data/rules/emergency.yml").read_text(encoding="utf-8"))["rules"]
    return {f"emergency_{name}" for name in rules}


@pytest.mark.parametrize("keys", [_keys_of_actions, _keys_of_domain, _emergency_keys])
def test_every_key_said_has_its_words(keys: Any) -> None:
    used = keys()
    assert used
    assert not used - set(REPLIES)


def test_entries_have_a_text_and_at_most_a_short_form() -> None:
    for key, entry in REPLIES.items():
        assert "text" in entry, key
        assert set(entry) <= {"text", "sms"}, key
        assert all(isinstance(text, str) and text.strip() for text in entry.values()), key


@pytest.mark.parametrize("key", sorted(REPLIES))
def test_words_are_filled_in_by_the_known_parameters(key: str) -> None:
    assert not [words for words in REPLIES[key].values() if "{" in words.format(**USUAL)]


@pytest.mark.parametrize("key", sorted(REPLIES))
def test_a_short_form_says_the_same(key: str) -> None:
    """No parameter may appear only in the short form, nor a number to call get lost in it."""
    entry = REPLIES[key]
    short = entry.get("sms", entry["text"])
    parameters = re.compile(r"\{(\w+)\}")
    assert set(parameters.findall(short)) <= set(parameters.findall(entry["text"]))
    numbers = re.compile(r"(?<!\d)1\d{2,4}(?!\d)")
    if key.startswith("emergency_"):
        assert set(numbers.findall(entry["text"])) == set(numbers.findall(short))


def test_chinese_is_punctuated_as_chinese() -> None:
    for key, entry in REPLIES.items():
        for text in entry.values():
            assert not re.search(r"[\u4e00-\u9fff][,;:?!]", text), key
