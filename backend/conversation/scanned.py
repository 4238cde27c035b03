"""What a QR code on a wall says of where a citizen stands: a village, or an office's counter.

The code's scene is 'place:<division>' or 'counter:<unit>'; `xiangyin wechat qrcode` makes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.catalogue import Catalogue, Division
from backend.conversation.tables import address

PLACE, COUNTER = "place:", "counter:"
# Whoever scans and begins within a day speaks of there; later they may be anywhere.
COUNTS_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Scanned:
    """`place` and `place_code` of the village, `counter` (a unit's code) and its name where the
    code hangs in an office; each '' where the scene does not say."""

    place: str = ""
    place_code: str = ""
    counter: str = ""
    counter_name: str = ""


def read_scene(
    scene: str | None, at: datetime | None, now: datetime, catalogue: Catalogue
) -> Scanned | None:
    """What the last scan says now; None for none, an old one, or a code of unknown meaning."""
    if not scene or at is None or now - at > COUNTS_FOR:
        return None
    if scene.startswith(PLACE):
        village = _village(catalogue, scene.removeprefix(PLACE))
        return Scanned(full_name(catalogue, village), village.code) if village else None
    unit = catalogue.organisation.get(scene.removeprefix(COUNTER))
    if not scene.startswith(COUNTER) or unit is None:
        return None
    # A township's hall serves all its villages: it says nothing of where the matter is.
    village = _village(catalogue, unit.division)
    return Scanned(
        full_name(catalogue, village) if village else "",
        village.code if village else "",
        unit.code,
        unit.name,
    )


async def scanned_at(
    connection: AsyncConnection, address_id: int, now: datetime, catalogue: Catalogue
) -> Scanned | None:
    """The same for an address."""
    row = (
        await connection.execute(
            select(address.c.scene, address.c.scanned_at).where(address.c.id == address_id)
        )
    ).one()
    return read_scene(row.scene, row.scanned_at, now, catalogue)


def full_name(catalogue: Catalogue, village: Division) -> str:
    """A village with its township: '城关镇锦绣社区'."""
    above = catalogue.divisions.get(village.parent or "")
    return f"{above.name if above and above.level == 'township' else ''}{village.name}"


def _village(catalogue: Catalogue, code: str | None) -> Division | None:
    found = catalogue.divisions.get(code or "")
    return found if found is not None and found.level == "village" else None
