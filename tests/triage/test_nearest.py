"""The division a point lies in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.catalogue import FILES, CatalogueError, build_catalogue, load_catalogue
from backend.data_file import read_yaml
from backend.triage.gazetteer import Gazetteer
from backend.triage.nearest import FARTHEST_KM, distance_km, nearest_division

FOLDER = Path(__file__).parents[2] / "data" / "catalogue"
DIVISIONS = load_catalogue(FOLDER).divisions
NEAR = Gazetteer(DIVISIONS).near


def test_distances_are_those_on_the_ground() -> None:
    assert distance_km((39.9042, 116.4074), (31.2304, 121.4737)) == pytest.approx(1067, abs=3)
    assert distance_km((33.4, 113.6), (33.4, 113.6)) == 0
    assert distance_km((33.4, 113.6), (33.41, 113.6)) == pytest.approx(1.112, abs=0.001)


@pytest.mark.parametrize(
    ("point", "place"),
    [
        ((33.4533, 113.5540), "柳河镇杨树沟村"),
        ((33.4021, 113.6187), "城关镇南园社区"),
        ((39.9042, 116.4074), None),
        ((0.0, 0.0), None),
        ((90.0, 180.0), None),
    ],
)
def test_a_point_lies_in_the_nearest_village(point: tuple[float, float], place: str | None) -> None:
    assert NEAR(*point) == place


@pytest.mark.parametrize("code", [one.code for one in DIVISIONS.values() if one.level == "village"])
def test_every_village_is_found_by_its_middle_and_its_name_read_back(code: str) -> None:
    at = DIVISIONS[code].at
    assert at is not None
    name = NEAR(*at)
    assert name is not None
    assert Gazetteer(DIVISIONS).resolve(name) == code


def test_far_from_every_village_the_township_is_all_that_is_known() -> None:
    alone = {code: replace(one, at=None) for code, one in DIVISIONS.items()}
    assert nearest_division(alone, 33.45, 113.56) is None
    town = replace(DIVISIONS["990101102"], at=(33.448, 113.56))
    found = nearest_division({**alone, town.code: town}, 33.45 + 0.09, 113.56)
    assert found == town
    assert Gazetteer({**alone, town.code: town}).near(33.45, 113.56) == "柳河镇"
    assert nearest_division({**alone, town.code: town}, 33.45 + 0.2, 113.56) is None


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_wherever_the_point_is_the_division_is_near_or_none(lat: float, lng: float) -> None:
    found = nearest_division(DIVISIONS, lat, lng)
    assert found is None or (
        found.at is not None and distance_km(found.at, (lat, lng)) <= FARTHEST_KM[found.level]
    )


@pytest.mark.parametrize("at", [[113.6, 33.4], [33.4], [33.4, 113.6, 1.0], "33.4,113.6"])
def test_a_point_written_the_wrong_way_round_is_refused(at: object) -> None:
    contents = {name: read_yaml(FOLDER / name) for name in FILES}
    divisions = contents["divisions.yml"]
    assert isinstance(divisions, dict)
    towns = [{**divisions["townships"][0], "at": at}, *divisions["townships"][1:]]
    with pytest.raises(CatalogueError, match="990101101"):
        build_catalogue({**contents, "divisions.yml": {**divisions, "townships": towns}})
