"""The gold dialogues are written as their README says, in the terms of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from backend.catalogue import load_catalogue
from backend.data_file import read_yaml
from backend.petitions.lifecycle import State
from backend.petitions.rules import KINDS, URGENCIES

FILES = sorted((Path(__file__).with_name("gold") / "dialogues").glob("*.yml"))
SERVICES = load_catalogue(Path(__file__).resolve().parents[2] / "data" / "catalogue").services
QUESTIONS = {
    "confirm", "place", "contact", "rating", "two_matters", "same_matter", "add_or_new",
}  # fmt: skip
TURNS = {"say", "photo", "voice", "place", "wait", "official"}
EXPECTATIONS = {
    "petitions", "none", "contact", "handed_over", "progress", "reminded", "withdrawn", "added",
    "rated", "told", "told_any",
}  # fmt: skip
OF_PETITION = {
    "kind", "domain", "place", "not_place", "text", "urgency", "media", "sensitive",
}  # fmt: skip


def test_there_are_enough_and_each_is_named_once() -> None:
    names = [read_yaml(file)["name"] for file in FILES]
    assert len(set(names)) == len(names) >= 60


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_dialogue_is_well_formed(file: Path) -> None:
    dialogue = read_yaml(file)
    assert set(dialogue) - {"before"} == {"name", "channel", "turns", "expect"}
    assert dialogue["channel"] in ("wechat", "sms")
    before = {one["id"]: one for one in dialogue.get("before", [])}
    for petition in before.values():
        assert set(petition) == {"id", "kind", "domain", "place", "text", "state", "hours_ago"}
        assert petition["state"] in {state.value for state in State}
        _check_terms(petition)
    for turn in dialogue["turns"]:
        _check_turn(turn, before)
    _check_expectation(dialogue["expect"], before)


def _check_turn(turn: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    assert len(set(turn) - {"answering"}) == 1, turn
    assert set(turn) <= TURNS | {"answering"}, turn
    assert turn.get("answering") in QUESTIONS | {None}, turn
    if "say" in turn:
        assert isinstance(turn["say"], str), turn
        assert turn["say"], turn
    if "official" in turn:
        assert turn["official"]["petition"] in before, turn


def _check_expectation(expect: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    assert set(expect) <= EXPECTATIONS
    assert ("petitions" in expect) != expect.get("none", False), "either some or none"
    for petition in expect.get("petitions", []):
        assert set(petition) <= OF_PETITION, petition
        assert petition["text"], petition
        _check_terms(petition)
    known = {*before, "new"} if "petitions" in expect else set(before)
    for key in ("progress", "reminded", "withdrawn"):
        assert set(expect.get(key, [])) <= known, key
    for key in ("added", "rated"):
        assert key not in expect or expect[key]["petition"] in known, key


def _check_terms(petition: Mapping[str, Any]) -> None:
    assert set(_values(petition.get("kind"))) <= set(KINDS), petition
    assert set(_values(petition.get("domain"))) <= set(SERVICES), petition
    assert set(_values(petition.get("urgency"))) <= set(URGENCIES), petition


def _values(one_or_several: object) -> list[Any]:
    if one_or_several is None:
        return []
    return one_or_several if isinstance(one_or_several, list) else [one_or_several]
