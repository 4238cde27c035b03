"""What the second look knows: how the authored letters begin and end. Needs what training needs."""

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression

from backend.triage.linear import lines_of
from backend.triage.model import Head
from backend.triage.second_look import LONG, meanings
from backend.triage.sentence_vectors import SentenceReader

_MOST = 200
"""Letters of one kind: more of them teach little more, and each takes its time."""
_LEAST = 5
_REGULARISATION = 30.0
_ROUNDS = 3_000


def learn(
    texts: Sequence[str],
    kinds: Sequence[str],
    classes: Sequence[str],
    shares: Mapping[str, float],
    reader: SentenceReader,
) -> Head | None:
    """A head over sentence vectors of the letters among the cleaned `texts`; None where some of
    `classes` has too few of them. `shares`: how frequent a kind is in life, relative."""
    letters = [_of(kind, texts, kinds) for kind in classes]
    if min(map(len, letters)) < _LEAST:
        return None
    vectors = np.vstack([meanings(of_kind, reader) for of_kind in letters])
    labels = np.repeat(np.array(classes), [len(of_kind) for of_kind in letters])
    # All vectors of one model point one way; what tells them apart is the rest.
    middle = vectors.mean(axis=0)
    machine = LogisticRegression(C=_REGULARISATION, max_iter=_ROUNDS).fit(vectors - middle, labels)
    whole = sum(shares.values())
    leanings = [
        np.log(shares[kind] / whole * len(labels) / len(of_kind))
        for kind, of_kind in zip(classes, letters, strict=True)
    ]
    _, weights, bias = lines_of(machine, both=0.5)
    bias = bias - middle @ weights + np.array(leanings)
    return Head(
        tuple(classes),
        np.ascontiguousarray(weights, dtype=np.float32),
        bias.astype(np.float32),
        1.0,
    )


def _of(kind: str, texts: Sequence[str], kinds: Sequence[str]) -> list[str]:
    """Letters of a kind, evenly taken from all there are."""
    found = [
        text for text, each in zip(texts, kinds, strict=True) if each == kind and len(text) >= LONG
    ]
    step = max(1.0, len(found) / _MOST)
    return [found[int(i * step)] for i in range(min(len(found), _MOST))]
