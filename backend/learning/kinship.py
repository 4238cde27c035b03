"""Texts that are nearly the same, so that what is tried on was not taught. Pure.

MinHash over runs of five characters finds who may be alike, their shared runs say who is: half of
all runs that occur in either of two texts occur in both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from zlib import crc32

import numpy as np
import numpy.typing as npt

from backend.triage.cleaning import clean

_RUN = 5
_ALIKE = 0.5
_BANDS, _ROWS = 8, 4
_PRIME = (1 << 31) - 1
_BESIDES = re.compile(r"[\W\d_]+")

_random = np.random.default_rng(0)
_FACTORS = _random.integers(1, _PRIME, _BANDS * _ROWS, dtype=np.int64)
_ADDENDS = _random.integers(0, _PRIME, _BANDS * _ROWS, dtype=np.int64)


def families(texts: Sequence[str], same: Sequence[object] | None = None) -> Sequence[int]:
    """For each text the position of the first one of its family: itself where none before it is
    like it. Texts with an equal value in `same` are one family whatever their words. Who resembles
    one of a family belongs to it."""
    parents = list(range(len(texts)))

    def root(one: int) -> int:
        while parents[one] != one:
            parents[one] = parents[parents[one]]
            one = parents[one]
        return one

    def join(one: int, other: int) -> None:
        first, second = sorted((root(one), root(other)))
        parents[second] = first

    runs = [_runs(text) for text in texts]
    buckets: dict[tuple[int, bytes], int] = {}
    for at, mine in enumerate(runs):
        for band in _bands(mine):
            earlier = buckets.setdefault(band, at)
            if root(earlier) != root(at) and _alike(runs[earlier], mine):
                join(earlier, at)
    seen: dict[object, int] = {}
    for at, key in enumerate(same or ()):
        join(seen.setdefault(key, at), at)
    return [root(at) for at in range(len(texts))]


def mark_of(text: str) -> int:
    """A number of the text alone, the same on every day and machine."""
    return int.from_bytes(sha256(text.encode("utf-8", "replace")).digest()[:8], "big")


def _runs(text: str) -> frozenset[int]:
    # Numbers are left out: two letters that differ by a phone number are one.
    plain = _BESIDES.sub("", clean(text).text.lower())
    count = max(1, len(plain) - _RUN + 1)
    return frozenset(crc32(plain[at : at + _RUN].encode()) for at in range(count))


def _bands(runs: frozenset[int]) -> Sequence[tuple[int, bytes]]:
    hashes = np.fromiter(runs, np.int64, len(runs)) % _PRIME
    # Below 2^62: the product of two numbers under 2^31.
    mixed = (hashes[:, None] * _FACTORS + _ADDENDS) % _PRIME
    least: npt.NDArray[np.int64] = mixed.min(axis=0)
    return [(band, least[band * _ROWS : (band + 1) * _ROWS].tobytes()) for band in range(_BANDS)]


def _alike(one: frozenset[int], other: frozenset[int]) -> bool:
    both = len(one & other)
    return both >= _ALIKE * (len(one) + len(other) - both)
