"""A second look at what a long text wants, where its words and cues leave that open.

People say at the end what they want, in words that nobody foresaw: what the end means, as a
sentence vector, is set against what the ends of the authored letters mean. It takes some thirty
milliseconds, so only what is open is looked at again. A short message says all in its words.
"""

import numpy as np

from backend.triage.features import Floats
from backend.triage.model import Head
from backend.triage.sentence_vectors import DIMENSIONS, SentenceReader

LONG = 80
"""Characters from which a text is a letter rather than a message."""
_UNSURE = 0.6
_SHARE = 0.35
"""Of the answer; the rest is that of words and cues."""


def is_open(text: str, kinds: Floats) -> bool:
    """Whether a cleaned text is worth a second look; `kinds`: how likely words and cues find each
    kind, (kinds,)."""
    return len(text) >= LONG and float(kinds.max()) < _UNSURE


def end_of(text: str) -> str:
    """What is read of a letter: its last characters."""
    return text[-60:]


def look(text: str, kinds: Floats, head: Head, reader: SentenceReader) -> Floats:
    """How likely each kind is after a look at the end of a cleaned text, (kinds,), in the order of
    `head`, which is that of `kinds`."""
    end = reader.read([end_of(text)])[0]
    meant = head.probabilities(np.arange(DIMENSIONS), end)
    odds = np.power(kinds, 1 - _SHARE) * np.power(meant, _SHARE)
    return np.asarray(odds / odds.sum())
