"""How well the triage reads real petitions and everyday messages nobody here wrote."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from backend.data_file import read_yaml
from backend.triage.classifier import Classification, Classifier, load
from backend.triage.examples import NONE
from backend.triage.features import build_vocabulary
from backend.triage.linear import calibration_error, fit, hold_out, question_of
from backend.triage.training import train
from benchmarks.report import PROJECT, Target
from benchmarks.sentiment_readings import sentiments_right

JUDGED_KINDS = tuple(
    PROJECT / "tests" / "triage" / f"kinds_judged{lot}.yml"
    for lot in ("", "_second", "_third", "_fourth")
)
PREDICTED = 500

# The publisher's seven subjects, and the catalogue's domains that lie within each.
SUBJECTS = {
    "城乡建设": {
        "construction", "property", "housing", "utilities", "sanitation", "fire_safety",
    },
    "环境保护": {"environment"},
    "交通运输": {"roads_traffic"},
    "教育文体": {"compulsory_education", "culture_sports", "heritage"},
    "劳动和社会保障": {
        "employment", "social_insurance", "social_assistance", "elderly_disability",
        "vulnerable_rights", "veterans",
    },
    "商贸旅游": {"consumer", "commerce_tourism", "food_safety"},
    "卫生计生": {"health"},
}  # fmt: skip


def measure(data: Path, model: Path) -> Iterator[Target]:
    """Every figure of the triage, with its target where it has one. `data` holds the CSV files,
    the model is trained anew into `model`. Raises FileNotFoundError."""
    petitions = _rows(data / "petitions.csv")
    bodies = [row["body"] for row in petitions]
    labels = [row["label"] for row in petitions]
    train(PROJECT / "data", model, now=datetime.now(UTC))
    classifier = load(model, PROJECT / "data" / "rules")
    classify = classifier.classify
    found = [classify(body) for body in bodies]
    yield from _out_of_the_box(found, labels)
    yield from _kinds_right(data, classifier.look_closer)
    yield from sentiments_right(bodies, classify)
    chat = [classify(row["text"]) for row in _rows(data / "sms_chat.csv")]
    yield Target("everyday messages kept out, %", _refused(chat), at_least=97.0)
    yield Target("real petitions refused, %", _refused(found), at_most=2.0)
    yield from _demo(classifier)
    yield from _taught(bodies, labels)


def _out_of_the_box(found: Sequence[Classification], labels: Sequence[str]) -> Iterator[Target]:
    right = [
        each.domains[0][0] in SUBJECTS[label] for each, label in zip(found, labels, strict=True)
    ]
    yield Target("domain to subject, authored examples only, %", _percent(right), at_least=78.0)
    confidence = np.array([each.domains[0][1] for each in found], np.float32)
    error = calibration_error(confidence, np.array(right))
    yield Target("  calibration error of its confidence, %", 100 * error)
    for subject in SUBJECTS:
        of_it = [hit for hit, label in zip(right, labels, strict=True) if label == subject]
        yield Target(f"  of these {subject}, %", _percent(of_it))


def _kinds_right(data: Path, look: Callable[[str], Classification]) -> Iterator[Target]:
    """Judged rows: a first lot of two files, a second in a half looked at and one counted, and
    what a third and a fourth reader judged, only counted, with the kinds that could be defended as
    well."""
    read = {name: _rows(data / f"{name}.csv") for name in ("petitions", "hot_issues")}
    first, second, *others = map(read_yaml, JUDGED_KINDS)
    lots = [(read[name], first[name]) for name in read]
    lots += [(read["petitions"], second[half]) for half in ("development", "confirmation")]
    lots += [(read["petitions"], other["confirmation"]) for other in others]
    answered = [
        [
            (kind, number, *look(rows[number]["body"]).kinds[0])
            for kind, numbers in by_kind.items()
            for number in numbers
        ]
        for rows, by_kind in lots
    ]
    hits = [[found == kind for kind, _, found, _ in lot] for lot in answered]
    judged = [hit for lot in hits for hit in lot]
    yield Target("kind of judged petitions, %", _percent(judged), at_least=75.0)
    yield Target("  of these kept for confirmation, %", _percent(hits[3]))
    for reader, other, lot in zip(("third", "fourth"), others, answered[4:], strict=True):
        also = {(kind, number) for kind, numbers in other["also"].items() for number in numbers}
        right = [found == kind for kind, _, found, _ in lot]
        defended = [found == kind or (found, number) in also for kind, number, found, _ in lot]
        yield Target(f"  of these judged by a {reader} reader, %", _percent(right))
        yield Target(f"    or a kind the {reader} could defend, %", _percent(defended))
    confidence = np.array([sure for lot in answered for *_, sure in lot], np.float32)
    error = calibration_error(confidence, np.array(judged))
    yield Target("  calibration error of the kind's confidence, %", 100 * error)


def _demo(classifier: Classifier) -> Iterator[Target]:
    """The demo county's petitions: some forty characters, rural, none of them an example."""
    told = [
        (petition.get("wechat") or petition.get("sms"), petition["kind"], petition["domain"])
        for file in sorted((PROJECT / "data" / "demo" / "petitions").glob("*.yml"))
        for petition in read_yaml(file)["petitions"]
    ]
    told = [each for each in told if isinstance(each[0], str)]
    before = time.process_time()
    found = [classifier.classify(text) for text, _, _ in told]
    taken = time.process_time() - before
    kinds = [f.kinds[0][0] == kind for f, (_, kind, _) in zip(found, told, strict=True)]
    domains = [f.domains[0][0] == domain for f, (_, _, domain) in zip(found, told, strict=True)]
    yield Target("kind of the demo county's petitions, %", _percent(kinds))
    yield Target("domain of the demo county's petitions, %", _percent(domains))
    yield Target("  of these a second, on one core", len(found) / taken, at_least=1000.0)


def _taught(bodies: Sequence[str], labels: Sequence[str]) -> Iterator[Target]:
    """The same machine taught by real petitions: held-out fifths, and the time of the whole."""
    question = question_of(bodies, labels)
    held_out = hold_out(question).figures()
    yield Target("subject, taught by real text, %", held_out["accuracy"] * 100, at_least=91.0)
    yield Target("  its macro-F1, %", held_out["macro_f1"] * 100, at_least=90.2)
    before = time.process_time()
    whole = question_of(bodies, labels)
    vocabulary = build_vocabulary(whole.documents, least=whole.least)
    head = fit(whole, vocabulary, held_out["temperature"])
    yield Target("  teaching it, seconds", time.process_time() - before, at_most=60.0)
    before = time.process_time()
    for body in bodies[:PREDICTED]:
        head.top(*vocabulary.weigh(question_of([body], [""]).documents[0]))
    each = (time.process_time() - before) / PREDICTED
    yield Target("  reading one text, ms", each * 1000, at_most=5.0)


def _refused(found: Sequence[Classification]) -> float:
    return _percent([each.kinds[0][0] == NONE for each in found])


def _percent(hits: Sequence[bool]) -> float:
    return 100 * sum(hits) / len(hits)


def _rows(file: Path) -> list[Mapping[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))
