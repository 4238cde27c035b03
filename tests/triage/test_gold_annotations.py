"""The gold sentences are annotated as their heads say: spans are found, codes and types exist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backend.catalogue import load_catalogue
from backend.data_file import read_yaml

GOLD = Path(__file__).with_name("gold")
CATALOGUE = Path(__file__).resolve().parents[2] / "data" / "catalogue"
HALVES = ("development", "held_out")
TYPES = {"name", "phone", "id_number", "plate", "card", "house_number", "email", "wechat_id"}
FILES = {"places.yml": ("places", 320, 40), "personal_data.yml": ("spans", 300, 60)}


@pytest.mark.parametrize("name", FILES)
def test_every_span_stands_where_it_says_and_none_overlaps(name: str) -> None:
    field = FILES[name][0]
    for row in _rows(name):
        end = 0
        for span in row[field]:
            assert span["start"] >= end, row["text"]
            end = span["start"] + len(span["text"])
            assert row["text"][span["start"] : end] == span["text"], row["text"]


@pytest.mark.parametrize("name", FILES)
def test_the_halves_share_nothing_and_are_of_like_size(name: str) -> None:
    field, least, least_empty = FILES[name]
    halves = read_yaml(GOLD / name)
    assert tuple(halves) == HALVES
    assert abs(len(halves["development"]) - len(halves["held_out"])) <= 1
    texts = [row["text"] for row in _rows(name)]
    assert len(set(texts)) == len(texts) >= least
    assert sum(not row[field] for row in _rows(name)) >= least_empty
    assert all(2 <= len(text) <= 200 for text in texts)


def test_places_resolve_to_divisions_of_the_county() -> None:
    divisions = load_catalogue(CATALOGUE).divisions
    for row in _rows("places.yml"):
        for place in row["places"]:
            assert place["code"] is None or place["code"] in divisions, row["text"]


def test_personal_data_is_of_a_known_type() -> None:
    assert {span["type"] for row in _rows("personal_data.yml") for span in row["spans"]} == TYPES


def _rows(name: str) -> list[dict[str, Any]]:
    halves = read_yaml(GOLD / name)
    return [row for half in HALVES for row in halves[half]]
