"""Authored examples the first triage learns from: `data/triage`, and the catalogue's own words.

`examples/` holds messages as short as most are, `letters/` long ones as people write to leaders.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from backend.catalogue import CatalogueError, load_catalogue
from backend.data_file import read_yaml
from backend.triage.cues import Cues, cues_of
from backend.triage.sentiments import Sentiments, sentiment_files, sentiments_of

NONE = "none"
PETITION = "petition"


class ExamplesError(ValueError):
    """Training data is wrong; the message names the file and the entry."""


@dataclass(frozen=True)
class Example:
    """One text as a citizen might write it. `domain` is None where `kind` is 'none', `sentiment`
    where nobody said how the writer feels."""

    text: str
    kind: str
    domain: str | None
    sentiment: str | None = None


@dataclass(frozen=True)
class TrainingData:
    """`kind_words` and `domain_words` are cues by code, each a tiny example of its own; the names
    are for people. `kind_shares`: how many of a hundred petitions are of a kind; `last_resorts`:
    domains to be chosen only where no other fits; `cues`: turns of phrase that tell what a text
    wants; `sentiments`: the moods, and texts that teach nothing else. `digest` changes when any of
    the files does."""

    examples: tuple[Example, ...]
    kind_names: Mapping[str, str]
    domain_names: Mapping[str, str]
    kind_words: Mapping[str, tuple[str, ...]]
    domain_words: Mapping[str, tuple[str, ...]]
    kind_shares: Mapping[str, float]
    last_resorts: frozenset[str]
    cues: Cues
    sentiments: Sentiments
    digest: str


@dataclass(frozen=True)
class _Kind:
    name: str
    words: tuple[str, ...]
    share: float


def load_training_data(data: Path) -> TrainingData:
    """Read data/triage (kinds.yml, cues.yml, sentiments, examples, letters) and data/catalogue.
    Raises ExamplesError."""
    try:
        services = load_catalogue(data / "catalogue").services
    except CatalogueError as error:
        raise ExamplesError(str(error)) from error
    kinds_file = data / "triage" / "kinds.yml"
    kinds = _kinds(kinds_file)
    sentiments = _sentiments(data)
    files = _files(data)
    if not files:
        raise ExamplesError(f"{data / 'triage' / 'examples'}: no *.yml there")
    examples = _chat(data / "nlu" / "chat.yml")
    last_resorts: set[str] = set()
    for file in files:
        content = _read(file)
        examples += _examples(file, content, kinds, services, sentiments)
        if content.get("last_resort") is True:
            last_resorts.add(str(content["domain"]))
    _check_enough(data, examples, kinds)
    return TrainingData(
        tuple(examples),
        {code: kind.name for code, kind in kinds.items()},
        {code: service.name for code, service in services.items()},
        {code: kind.words for code, kind in kinds.items()},
        {code: tuple(service.words) for code, service in services.items()},
        {code: kind.share for code, kind in kinds.items() if code != NONE},
        frozenset(last_resorts),
        _cues(data / "triage" / "cues.yml"),
        sentiments,
        training_digest(data),
    )


def training_digest(data: Path) -> str:
    """The digest `load_training_data` would give, without reading the examples."""
    others = ("triage/kinds.yml", "triage/cues.yml", "catalogue/services.yml", "nlu/chat.yml")
    try:
        return _digest([*(data / other for other in others), *sentiment_files(data), *_files(data)])
    except OSError as error:
        raise ExamplesError(f"{error.filename}: {error.strerror}") from error


def _files(data: Path) -> list[Path]:
    return [
        file
        for folder in ("examples", "letters")
        for file in sorted((data / "triage" / folder).glob("*.yml"))
    ]


def _kinds(file: Path) -> dict[str, _Kind]:
    entries = _read(file).get("kinds")
    if not isinstance(entries, list):
        raise ExamplesError(f"{file}: a list 'kinds' is needed")
    if NONE not in [entry.get("code") for entry in entries if isinstance(entry, dict)]:
        raise ExamplesError(f"{file}: kinds: {NONE!r} is missing")
    found: dict[str, _Kind] = {}
    for entry in entries:
        if not isinstance(entry, dict) or set(entry) != {"code", "name", "words", "share"}:
            raise ExamplesError(f"{file}: {entry}: code, name, words and share are needed")
        share = entry["share"]
        if not isinstance(share, int | float) or (share <= 0) != (entry["code"] == NONE):
            raise ExamplesError(f"{file}: {entry['code']}: share: a number above 0 is needed")
        words = tuple(map(str, entry["words"]))
        found[str(entry["code"])] = _Kind(str(entry["name"]), words, float(share))
    return found


def _cues(file: Path) -> Cues:
    try:
        return cues_of(_read(file))
    except ValueError as error:
        raise ExamplesError(f"{file}: {error}") from error


def _sentiments(data: Path) -> Sentiments:
    listed, *parts = sentiment_files(data)
    content = _read(listed), {part.stem: _read(part) for part in parts}
    try:
        return sentiments_of(*content)
    except ValueError as error:
        raise ExamplesError(f"{listed.parent}/{error}") from error


def _chat(file: Path) -> list[Example]:
    """Everyday messages the bot learns from, which are no petitions for the triage either."""
    blocks = _read(file).get("nlu")
    texts = [
        line.removeprefix("- ").strip()
        for block in (blocks if isinstance(blocks, list) else [])
        for line in str(block.get("examples", "")).splitlines()
        if line.startswith("- ")
    ]
    if not texts:
        raise ExamplesError(f"{file}: no examples there")
    return [Example(text, NONE, None) for text in texts]


def _examples(
    file: Path,
    content: Mapping[str, Any],
    kinds: Iterable[str],
    domains: Iterable[str],
    sentiments: Sentiments,
) -> list[Example]:
    domain = content.get("domain")
    if domain is not None and domain not in domains:
        raise ExamplesError(f"{file}: domain: services.yml has no {domain!r}")
    found: list[Example] = []
    by_kind = content.get("examples")
    if not isinstance(by_kind, dict):
        raise ExamplesError(f"{file}: a mapping 'examples' of kinds is needed")
    for kind, texts in by_kind.items():
        if kind not in kinds or (kind == NONE) != (domain is None):
            raise ExamplesError(f"{file}: examples.{kind}: no such kind for domain {domain!r}")
        if not isinstance(texts, list):
            raise ExamplesError(f"{file}: examples.{kind}: a list of texts is needed")
        for text in texts:
            if not isinstance(text, str) or not text.strip():
                raise ExamplesError(f"{file}: examples.{kind}: {text!r} is no text (quote it)")
            found.append(Example(text, kind, domain, sentiments.of(text) if domain else None))
    return found


def _check_enough(data: Path, examples: Iterable[Example], kinds: Iterable[str]) -> None:
    seen = {example.kind for example in examples}
    missing = sorted(set(kinds) - seen)
    if missing:
        raise ExamplesError(f"{data / 'triage' / 'examples'}: no example of {missing[0]!r}")


def _read(file: Path) -> dict[str, Any]:
    try:
        content = read_yaml(file)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ExamplesError(f"{file}: {error}") from error
    if not isinstance(content, dict):
        raise ExamplesError(f"{file}: a mapping is needed")
    return content


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(
            f"{file.parent.name}/{file.name}".encode() + b"\0" + file.read_bytes() + b"\0"
        )
    return digest.hexdigest()
