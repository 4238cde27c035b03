"""All a model learns from, and the part of it that is held back to try it on. Pure.

Which texts are held back depends on their words alone, so a model trained months ago without its
held-back part has not seen today's either, and both can be tried on the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from backend.learning.kinship import families, mark_of
from backend.learning.lessons import CORRECTION, HISTORY, Lessons
from backend.triage.examples import Example, TrainingData

AUTHORED = "authored"
HELD_OUT = 5
"""One family in so many."""


@dataclass(frozen=True)
class Trial:
    """One held-back example, from CORRECTION, HISTORY or AUTHORED."""

    example: Example
    source: str


@dataclass(frozen=True)
class Material:
    """`whole` is what a model in service learns from, `taught` the same without the trials."""

    whole: TrainingData
    taught: TrainingData
    trials: Sequence[Trial]


def without_trials(content: TrainingData) -> TrainingData:
    """Authored examples alone, without those held back."""
    return material(content, Lessons(), content.domain_names).taught


def material(authored: TrainingData, lessons: Lessons, domain_names: Mapping[str, str]) -> Material:
    """Put together; `domain_names` are those of the catalogue as it is. Texts that are nearly the
    same, and all of one petition, are on one side."""
    examples = [
        *authored.examples,
        *(Example(one.text, one.kind, one.domain, one.sentiment) for one in lessons.taught),
    ]
    sources = [*[AUTHORED] * len(authored.examples), *(one.source for one in lessons.taught)]
    keys = [*range(len(authored.examples)), *(one.key for one in lessons.taught)]
    texts = [example.text for example in examples]
    first = families(texts, keys)
    held = [mark_of(texts[at]) % HELD_OUT == 0 for at in first]
    digest = combined_digest(authored.digest, lessons)
    names = {**authored.domain_names, **domain_names} if lessons.taught else authored.domain_names
    whole = replace(authored, examples=tuple(examples), domain_names=names, digest=digest)
    taught = [example for example, out in zip(examples, held, strict=True) if not out]
    return Material(
        whole,
        replace(whole, examples=tuple(taught)),
        [Trial(examples[at], sources[at]) for at, out in enumerate(held) if out],
    )


def combined_digest(authored: str, lessons: Lessons) -> str:
    """Of authored data and lessons together."""
    return sha256(f"{authored}\n{lessons.digest}".encode()).hexdigest()


def counted(trials: Sequence[Trial]) -> Mapping[str, int]:
    """How many of each source."""
    return {
        source: sum(trial.source == source for trial in trials)
        for source in (AUTHORED, CORRECTION, HISTORY)
    }
