"""That no golden vector is left out: each is of a kind that some test replays whole."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# A vector more or less is for somebody to look at: is what it shows replayed?
KINDS = {
    "decrypt": 12,
    "echostr": 2,
    "encrypt": 12,
    "negative": 5,
    "negative_xml": 2,
    "plain_push": 1,
    "url_verify": 2,
    "wxa": 1,
}


def test_every_golden_vector_is_replayed(vectors: Callable[[str], Any]) -> None:
    given = Counter(vector["kind"] for vector in vectors("wechat_vectors")["vectors"])
    assert given == KINDS
    assert set(_replayed()) == set(KINDS)


def _replayed() -> Iterator[str]:
    """The kinds that the tests beside this one ask the `golden` fixture for."""
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "golden":
                yield from (ast.literal_eval(kind) for kind in node.args)
