"""What following, leaving and scanning a code do, and what is said: by rule, so without the bot."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.catalogue import Catalogue
from backend.conversation import consent, following
from backend.conversation.scanned import Scanned, scanned_at
from backend.conversation.scene import Scene
from backend.conversation.tables import citizen
from backend.conversation.texts import Reply

# The rule for each event; its effect has the same name.
RULES: Mapping[str, str] = {
    following.FOLLOWS: "follow",
    following.LEAVES: "leave",
    following.SCANS: "scan",
}


async def follow(connection: AsyncConnection, scene: Scene, catalogue: Catalogue) -> list[Reply]:
    """Welcome, with the place where the code they came by says it; the consent is recorded."""
    await consent.followed(
        connection, citizen_id=scene.citizen_id, address_id=scene.address_id, now=scene.now
    )
    found = await scanned_at(connection, scene.address_id, scene.now, catalogue)
    here = await _say_where(connection, scene, found)
    return [Reply("welcome"), *here, Reply("consent_by_following")]


async def leave(connection: AsyncConnection, scene: Scene, catalogue: Catalogue) -> list[Reply]:
    """Nobody is there to hear anything."""
    await consent.unfollowed(
        connection, citizen_id=scene.citizen_id, address_id=scene.address_id, now=scene.now
    )
    return []


async def scan(connection: AsyncConnection, scene: Scene, catalogue: Catalogue) -> list[Reply]:
    """Say which place the code stands for."""
    found = await scanned_at(connection, scene.address_id, scene.now, catalogue)
    return await _say_where(connection, scene, found) or [Reply("scanned_unknown")]


async def _say_where(
    connection: AsyncConnection, scene: Scene, found: Scanned | None
) -> list[Reply]:
    if found is None:
        return []
    if not found.place:
        return [Reply("scanned_counter", {"office": found.counter_name})]
    # The first village they scan is taken for where they live, until they say otherwise.
    await connection.execute(
        update(citizen)
        .where(citizen.c.id == scene.citizen_id, citizen.c.home_place.is_(None))
        .values(home_place=found.place)
    )
    return [Reply("scanned_place", {"place": found.place})]


FOLLOWING_EFFECTS: Mapping[
    str, Callable[[AsyncConnection, Scene, Catalogue], Awaitable[list[Reply]]]
] = {"follow": follow, "leave": leave, "scan": scan}
