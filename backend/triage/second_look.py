"""A second look at what a long text wants, where its words and cues leave that open.

People begin with who they are and say at the end what they want, in words that nobody foresaw:
what both mean, as sentence vectors, is set against what beginnings and ends of the authored letters
mean. It takes a tenth of a second, so only what is open is looked at again. A short message says
all in its words.
"""

from collections.abc import Sequence

import numpy as np

from backend.triage.features import Floats
from backend.triage.model import Head
from backend.triage.sentence_vectors import DIMENSIONS, SentenceReader, Vectors

LONG = 80
"""Characters from which a text is a letter rather than a message."""
_PART = 60
"""Characters that are read of a letter's beginning, and of its end."""
_UNSURE = 0.75
_SHARE = 0.5
"""Of the answer; the rest is that of words and cues."""


def is_open(text: str, kinds: Floats) -> bool:
    """Whether a cleaned text is worth a second look; `kinds`: how likely words and cues find each
    kind, (kinds,)."""
    return len(text) >= LONG and float(kinds.max()) < _UNSURE


def meanings(texts: Sequence[str], reader: SentenceReader) -> Vectors:
    """What each cleaned letter begins and ends with: (texts, 2 * DIMENSIONS)."""
    parts = [part for text in texts for part in (text[:_PART], text[-_PART:])]
    return reader.read(parts).reshape(len(texts), 2 * DIMENSIONS)


def look(text: str, kinds: Floats, head: Head, reader: SentenceReader) -> Floats:
    """How likely each kind is after a look at beginning and end of a cleaned letter, (kinds,), in
    the order of `head`, which is that of `kinds`."""
    meant = head.probabilities(np.arange(2 * DIMENSIONS), meanings([text], reader)[0])
    odds = np.power(kinds, 1 - _SHARE) * np.power(meant, _SHARE)
    return np.asarray(odds / odds.sum())
