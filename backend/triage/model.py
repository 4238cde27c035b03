"""The linear model of the first triage: file format, loading, probabilities.

A model is two files: `NAME.npz` (plain numpy arrays, no pickle) and `NAME.json`, its card with the
SHA-256 of the arrays, the digest of the data, the date and the figures. `NAME.md` is the card for
people.
"""

import hashlib
import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from backend.triage.cues import Cues, dumped, loaded
from backend.triage.features import Floats, Indices, Vocabulary, terms
from backend.triage.model_page import page

FORMAT = 4
_HEADS = ("chat", "kind", "domain")
_SECOND_LOOK = "second_look"
_SENTIMENT = "sentiment"


class ModelError(ValueError):
    """No usable model at a path; the message says which file and what to do."""


@dataclass(frozen=True)
class Head:
    """One question the model answers: `classes` and their weights over the shared vocabulary (or
    over a sentence vector). `weights` is (terms, classes) or (terms and cues, classes), `bias`
    (classes,), scores are divided by `temperature`."""

    classes: tuple[str, ...]
    weights: Floats
    bias: Floats
    temperature: float

    def scores(self, indices: Indices, values: Floats) -> Floats:
        """Calibrated scores, one per class, before the softmax."""
        return np.asarray((values @ self.weights[indices] + self.bias) / self.temperature)

    def probabilities(self, indices: Indices, values: Floats) -> Floats:
        scores = self.scores(indices, values)
        odds = np.exp(scores - scores.max())
        return np.asarray(odds / odds.sum())

    def top(
        self, indices: Indices, values: Floats, count: int = 3
    ) -> tuple[tuple[str, float], ...]:
        """The `count` likeliest classes with their probabilities, best first."""
        probabilities = self.probabilities(indices, values)
        best = np.argsort(-probabilities, kind="stable")[:count]
        return tuple((self.classes[i], round(float(probabilities[i]), 4)) for i in best)


@dataclass(frozen=True)
class Mood:
    """How people feel: a head over terms, the model's cues and cues of its own."""

    cues: Cues
    head: Head


@dataclass(frozen=True)
class Model:
    """The heads over one vocabulary, and the card. `chat` tells NONE from PETITION; it and `kind`
    read cues as well. `second_look` has the classes of `kind`, over sentence vectors; None where
    there were too few letters to learn it. `mood` is None in a model of before there were moods,
    and where none could be learnt."""

    vocabulary: Vocabulary
    cues: Cues
    chat: Head
    kind: Head
    domain: Head
    second_look: Head | None
    card: Mapping[str, Any]
    mood: Mood | None = None

    def vector(self, text: str) -> tuple[Indices, Floats]:
        """The known terms of a cleaned text: their indices and weights."""
        return self.vocabulary.weigh(terms(text))

    def with_cues(self, text: str, indices: Indices, values: Floats) -> tuple[Indices, Floats]:
        """What `chat` and `kind` are given: its terms, and how much of each cue the text has."""
        return _beside(indices, values, self.cues, text, len(self.vocabulary.index))

    def sentiments(
        self, text: str, indices: Indices, values: Floats
    ) -> tuple[tuple[str, float], ...]:
        """The likeliest three moods of a cleaned text with their probabilities, best first; the
        rest as `with_cues` gives it. Empty where the model knows of none."""
        if self.mood is None:
            return ()
        first = len(self.vocabulary.index) + len(self.cues)
        return self.mood.head.top(*_beside(indices, values, self.mood.cues, text, first))


def save_model(model: Model, file: Path) -> None:
    """Write `file` (.npz) and its card beside it, each in one step."""
    terms = sorted(model.vocabulary.index, key=model.vocabulary.index.__getitem__)
    arrays: dict[str, Any] = {
        "terms": np.frombuffer("\n".join(terms).encode(), np.uint8),
        "idf": model.vocabulary.idf,
        "cues": np.frombuffer(dumped(model.cues), np.uint8),
    }
    for name, head in zip(_HEADS, (model.chat, model.kind, model.domain), strict=True):
        arrays |= _arrays(name, head)
    if model.second_look is not None:
        arrays |= _arrays(_SECOND_LOOK, model.second_look)
    if model.mood is not None:
        arrays[f"{_SENTIMENT}_cues"] = np.frombuffer(dumped(model.mood.cues), np.uint8)
        arrays |= _arrays(_SENTIMENT, model.mood.head)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    content = buffer.getvalue()
    card = {**model.card, "format": FORMAT, "sha256": hashlib.sha256(content).hexdigest()}
    file.parent.mkdir(parents=True, exist_ok=True)
    _replace(file, content)
    _write_card(card, file)


def note_on_card(file: Path, entries: Mapping[str, Any]) -> None:
    """Add what was found out later to the card of the model at `file`. Raises ModelError."""
    _write_card({**load_card(file), **entries}, file)


def load_model(file: Path) -> Model:
    """Read a model; its bytes must be those its card names. Raises ModelError."""
    card = load_card(file)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ModelError(f"{file}: {error.strerror}; train it (xiangyin train)") from error
    if hashlib.sha256(content).hexdigest() != card["sha256"]:
        raise ModelError(f"{file}: does not belong to its card; train it again (xiangyin train)")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        terms = _strings(arrays["terms"])
        vocabulary = Vocabulary({t: i for i, t in enumerate(terms)}, arrays["idf"])
        cues = loaded(bytes(arrays["cues"]))
        chat, kind, domain = (_head(name, arrays) for name in _HEADS)
        learnt = f"{_SECOND_LOOK}_bias" in arrays
        second_look = _head(_SECOND_LOOK, arrays) if learnt else None
        mood = _mood(arrays) if f"{_SENTIMENT}_bias" in arrays else None
    return Model(vocabulary, cues, chat, kind, domain, second_look, card, mood)


def load_card(file: Path) -> dict[str, Any]:
    """The card of the model at `file`. Raises ModelError if there is none of this format."""
    path = card_of(file)
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}; train it (xiangyin train)") from error
    except ValueError as error:
        raise ModelError(f"{path}: {error}; train it again (xiangyin train)") from error
    if not isinstance(card, dict) or card.get("format") != FORMAT or "sha256" not in card:
        raise ModelError(f"{path}: not a card of format {FORMAT}; train again (xiangyin train)")
    return card


def card_of(file: Path) -> Path:
    return file.with_suffix(".json")


def _arrays(name: str, head: Head) -> dict[str, Any]:
    return {
        f"{name}_classes": np.frombuffer("\n".join(head.classes).encode(), np.uint8),
        # Half precision halves the file and changes no third decimal of a probability.
        f"{name}_weights": head.weights.astype(np.float16),
        f"{name}_bias": head.bias,
        f"{name}_temperature": np.float32(head.temperature),
    }


def _head(name: str, arrays: Mapping[str, Any]) -> Head:
    return Head(
        tuple(_strings(arrays[f"{name}_classes"])),
        np.ascontiguousarray(arrays[f"{name}_weights"], dtype=np.float32),
        arrays[f"{name}_bias"],
        float(arrays[f"{name}_temperature"]),
    )


def _mood(arrays: Mapping[str, Any]) -> Mood:
    return Mood(loaded(bytes(arrays[f"{_SENTIMENT}_cues"])), _head(_SENTIMENT, arrays))


def _beside(
    indices: Indices, values: Floats, cues: Cues, text: str, first: int
) -> tuple[Indices, Floats]:
    """The same with how much of each cue the text has, at the places from `first` on."""
    places = np.arange(first, first + len(cues))
    return np.concatenate([indices, places]), np.concatenate([values, cues.weigh(text)])


def _strings(array: Any) -> Sequence[str]:
    return bytes(array).decode().split("\n")


def _write_card(card: Mapping[str, Any], file: Path) -> None:
    text = json.dumps(card, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    _replace(card_of(file), text.encode())
    _replace(file.with_suffix(".md"), page(card).encode())


def _replace(file: Path, content: bytes) -> None:
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    partial.write_bytes(content)
    partial.replace(file)
