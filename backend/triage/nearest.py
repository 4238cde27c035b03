"""The division a point lies in, by the nearest middle. Pure.

Borders are not known, so far away from every middle nothing is said. Points and middles are both
GCJ-02; a GPS point (WGS-84) is off by up to some 700 m, which is less than villages are apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from backend.catalogue import Division

FARTHEST_KM = {"village": 4.0, "township": 12.0}
_EARTH_KM = 6371.0


def nearest_division(
    divisions: Mapping[str, Division], latitude: float, longitude: float
) -> Division | None:
    """The nearest village, else the nearest township; None where all are far or none is placed."""
    for level, farthest in FARTHEST_KM.items():
        placed = ((one, one.at) for one in divisions.values() if one.level == level and one.at)
        apart = [(distance_km(at, (latitude, longitude)), one.code) for one, at in placed]
        if apart and min(apart)[0] <= farthest:
            return divisions[min(apart)[1]]
    return None


def full_name(divisions: Mapping[str, Division], division: Division) -> str:
    """'柳河镇杨树沟村': with its township, without the county."""
    above = divisions[division.parent] if division.level == "village" and division.parent else None
    return f"{above.name}{division.name}" if above else division.name


def distance_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Between two points (latitude, longitude in degrees), along the ground."""
    (lat_a, lng_a), (lat_b, lng_b) = _radians(one), _radians(other)
    half = math.sin((lat_b - lat_a) / 2) ** 2
    half += math.cos(lat_a) * math.cos(lat_b) * math.sin((lng_b - lng_a) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


def _radians(degrees: Iterable[float]) -> tuple[float, float]:
    latitude, longitude = map(math.radians, degrees)
    return latitude, longitude
