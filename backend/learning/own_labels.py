"""Any texts with any labels: a model of an office's own subjects or departments. Blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

import numpy as np

from backend.learning.kinship import families, mark_of
from backend.triage.features import build_vocabulary
from backend.triage.label_model import LabelModel
from backend.triage.linear import HeldOut, Question, fit, matrix, question_of

_HELD_OUT = 0.2


class TooFewLabels(ValueError):
    """There must be two labels at least, one of them with two texts that are not alike."""


@dataclass(frozen=True)
class LabelTrial:
    """What a model of four fifths of the texts says of the rest: figures as shares of one, see
    `HeldOut.figures`; `rows` in all, `per_label` of each label; `untried` labels have one text, or
    texts all alike, and were only learnt."""

    rows: int
    per_label: Mapping[str, int]
    untried: Sequence[str]
    figures: Mapping[str, Any]


def learn_labels(
    texts: Sequence[str], labels: Sequence[str], *, now: datetime
) -> tuple[LabelModel, LabelTrial]:
    """Learn them all; the trial is on a fifth of each label's texts that were held back, with all
    that is nearly the same. Raises TooFewLabels."""
    question = question_of(texts, labels)
    back = _held_back(texts, labels)
    if len(set(labels)) < 2 or not back:
        raise TooFewLabels
    # One after the other: the library's chance is one for the whole process, and beside each other
    # the same rows would not give the same model.
    held_out = _hold_out(question, back)
    vocabulary = build_vocabulary(question.documents, least=question.least)
    head = fit(question, vocabulary, held_out.temperature)
    tried = Counter(labels[at] for at in back)
    trial = LabelTrial(
        len(back),
        dict(tried),
        sorted(set(labels) - set(tried)),
        held_out.figures(),
    )
    digest = sha256("\0".join([*texts, *labels]).encode("utf-8", "replace")).hexdigest()
    card = {
        "trained_at": now.isoformat(timespec="seconds"),
        "data_digest": digest,
        "examples": len(texts),
        "terms": len(vocabulary.index),
        "labels": dict(sorted(Counter(labels).items())),
        "trial": {
            "rows": trial.rows,
            "rows_per_label": trial.per_label,
            "untried": list(trial.untried),
            **trial.figures,
        },
    }
    return LabelModel(vocabulary, head, card), trial


def _held_back(texts: Sequence[str], labels: Sequence[str]) -> Sequence[int]:
    """Positions of the rows to try on: a fifth of each label's families, one at least where there
    are two; which ones depends on the words alone."""
    first = families(texts)
    by_label: dict[str, list[int]] = {}
    for at in sorted(set(first)):
        by_label.setdefault(labels[at], []).append(at)
    back: set[int] = set()
    for heads in by_label.values():
        wanted = max(1, round(len(heads) * _HELD_OUT)) if len(heads) > 1 else 0
        back.update(sorted(heads, key=lambda at: (mark_of(texts[at]), at))[:wanted])
    kept = {labels[at] for at, head in enumerate(first) if head not in back}
    # A family under two labels may hold all there is of one of them: then it is learnt, not tried.
    back -= {head for at, head in enumerate(first) if labels[at] not in kept}
    return [at for at, head in enumerate(first) if head in back]


def _hold_out(question: Question, back: Sequence[int]) -> HeldOut:
    held = set(back)
    known = [at for at in range(question.examples) if at not in held]
    documents = [question.documents[at] for at in known]
    vocabulary = build_vocabulary(documents, least=question.least)
    part = replace(
        question, documents=documents, labels=question.labels[known], examples=len(known)
    )
    head = fit(part, vocabulary, 1.0)
    tested = matrix(vocabulary, [question.documents[at] for at in back])
    scores = np.asarray(tested @ head.weights + head.bias, np.float32)
    order = {label: at for at, label in enumerate(head.classes)}
    truth = np.array([order[str(label)] for label in question.labels[back]])
    return HeldOut(head.classes, scores, truth)
