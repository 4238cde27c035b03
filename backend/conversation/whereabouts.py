"""Where citizens are just now, as WeChat reports unasked when they open the conversation.

It serves one question ('是在…附近吗?') and nothing else: kept for half an hour in the memory that
all processes share, to some hundred metres, under a number of ours; never in SQL or on disk.
"""

from __future__ import annotations

import asyncio

from backend.ports import GeoPoint, SharedStore

FRESH_SECONDS = 1800.0
# A hint is not worth more of a citizen's time.
LOOK_SECONDS = 0.25
DECIMALS = 3


class Whereabouts:
    """The last report of each address."""

    def __init__(self, shared: SharedStore) -> None:
        self._shared = shared

    async def note(self, address_id: int, place: GeoPoint) -> None:
        """Keep it in place of an earlier one."""
        point = f"{place.latitude:.{DECIMALS}f},{place.longitude:.{DECIMALS}f}"
        await self._shared.set(_key(address_id), point, seconds=FRESH_SECONDS)

    async def of(self, address_id: int) -> tuple[float, float] | None:
        """Latitude and longitude, None where nothing fresh is known (or not in time)."""
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                point = await self._shared.get(_key(address_id))
        except TimeoutError:
            return None
        if point is None:
            return None
        latitude, _, longitude = point.partition(",")
        return float(latitude), float(longitude)


def _key(address_id: int) -> str:
    return f"whereabouts:{address_id}"
