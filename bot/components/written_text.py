"""Examples as people write them, made what the app hands the bot: NFKC, Simplified.

Pure, without Rasa. `tests/data/test_examples_as_handed_over.py` holds it to the app's own cleaning
(backend/triage/cleaning.py).
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any


def as_handed_over(text: str) -> str:
    """`text` in Simplified characters, Taiwan's words in the mainland's, half-width."""
    normal = unicodedata.normalize("NFKC", text)
    if normal.isascii() or _converter("t2s").convert(normal) == normal:
        return normal
    # Taiwan's words are swapped only where Traditional characters are (程序 would become 进程).
    return str(_converter("tw2sp").convert(normal))


@lru_cache(maxsize=2)
def _converter(name: str) -> Any:
    # Only training needs it; a bot that answers turns gets cleaned text.
    import opencc

    return opencc.OpenCC(name)
