"""A model of an office's own labels (subjects, departments): one head over its own vocabulary.

Like the triage's model it is two files: `NAME.npz` (plain numpy arrays, no pickle) and `NAME.json`,
its card with the SHA-256 of the arrays.
"""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from backend.triage.cleaning import clean
from backend.triage.features import Vocabulary
from backend.triage.model import Head, ModelError, card_of

LABELS = "labels"
FORMAT = 1

Ranking = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class LabelModel:
    """`head` answers with the labels; `card` tells of the data, the date and the figures."""

    vocabulary: Vocabulary
    head: Head
    card: Mapping[str, Any]

    def rank(self, text: str) -> Ranking:
        """The likeliest labels (at most three) with calibrated probabilities, best first."""
        return self.head.top(*self.vocabulary.vector(clean(text).text))


def is_label_model(file: Path) -> bool:
    """Whether the card beside `file` says so. Raises ModelError where there is no card."""
    return _read_card(file).get("name") == LABELS


def save_label_model(model: LabelModel, file: Path) -> None:
    """Write `file` (.npz) and its card beside it. Raises OSError."""
    words = sorted(model.vocabulary.index, key=model.vocabulary.index.__getitem__)
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        terms=np.frombuffer("\n".join(words).encode(), np.uint8),
        idf=model.vocabulary.idf,
        classes=np.frombuffer(json.dumps(model.head.classes).encode(), np.uint8),
        weights=model.head.weights.astype(np.float16),
        bias=model.head.bias,
        temperature=np.float32(model.head.temperature),
    )
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    card = {**model.card, "name": LABELS, "format": FORMAT, "sha256": digest}
    text = json.dumps(card, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    file.write_bytes(content)
    card_of(file).write_text(text, encoding="utf-8")


def load_label_model(file: Path) -> LabelModel:
    """Read a model; its bytes must be those its card names. Raises ModelError."""
    card = _read_card(file)
    if card.get("name") != LABELS or card.get("format") != FORMAT:
        raise ModelError(f"{card_of(file)}: not a card of a model of labels, format {FORMAT}")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ModelError(f"{file}: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest() != card.get("sha256"):
        raise ModelError(f"{file}: does not belong to its card; train it again")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        words = bytes(arrays["terms"]).decode().split("\n")
        head = Head(
            tuple(json.loads(bytes(arrays["classes"]))),
            np.ascontiguousarray(arrays["weights"], dtype=np.float32),
            arrays["bias"],
            float(arrays["temperature"]),
        )
        return LabelModel(
            Vocabulary({t: i for i, t in enumerate(words)}, arrays["idf"]), head, card
        )


def _read_card(file: Path) -> dict[str, Any]:
    path = card_of(file)
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ModelError(f"{path}: {error}") from error
    if not isinstance(card, dict):
        raise ModelError(f"{path}: not a card")
    return card
