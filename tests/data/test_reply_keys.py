"""The backend says nothing that data/texts/replies.yml has no words for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from backend.conversation.texts import Texts

ROOT = Path(__file__).resolve().parents[2]
# Calls whose argument at that position is a key.
KEY_POSITION = {"Reply": 0, "tell": 2, "tell_all": 2}
STATES = ("received", "accepted", "dispatched", "in_progress", "resolved", "closed", "withdrawn")


def _keys_said(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        position = KEY_POSITION.get(name)
        if position is None or len(node.args) <= position:
            continue
        key = node.args[position]
        for part in (key.body, key.orelse) if isinstance(key, ast.IfExp) else (key,):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.value


def test_every_key_of_the_backend_has_its_words() -> None:
    texts = Texts.load(ROOT / "data" / "texts" / "replies.yml")
    keys = {f"progress_{state}" for state in STATES}
    for file in sorted((ROOT / "backend").rglob("*.py")):
        keys |= set(_keys_said(ast.parse(file.read_text(encoding="utf-8"))))
    assert {"petition_filed", "answer_to_petition", "petition_dispatched"} <= keys
    assert not {key for key in keys if key not in texts}
