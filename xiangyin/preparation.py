"""Bring the database to where the app can start: schema, offices of the catalogue, a first user."""

from __future__ import annotations

import secrets

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.catalogue import load_catalogue
from backend.database.engine import Database
from backend.database.migrate import migrate
from backend.organisation.roles import Role
from backend.organisation.tree import org_by_code, sync_tree
from backend.organisation.users import UserRefused, create_user, list_users
from backend.ports import Clock
from xiangyin.settings import PROJECT

CATALOGUE = PROJECT / "data" / "catalogue"
FIRST_LOGIN = "admin"
FIRST_NAME = "系统管理"


def one_time_password() -> str:
    """Random and long enough for the policy; whoever gets it must choose their own at log-in."""
    return secrets.token_urlsafe(12)


async def prepare_database(database: Database, clock: Clock) -> str | None:
    """Migrate, bring in the offices and, where there is no user yet, make the first.

    Returns the first user's one-time password when it was made now, else None. Running it again
    changes nothing. Raises what the database raises, and CatalogueError.
    """
    await migrate(database)
    catalogue = load_catalogue(CATALOGUE)
    async with database.write() as connection:
        await sync_tree(connection, catalogue.organisation.values())
        return await _first_user(connection, catalogue.county.code, clock)


async def _first_user(connection: AsyncConnection, county: str, clock: Clock) -> str | None:
    root = await org_by_code(connection, county)
    if root is None or await list_users(connection, "/"):
        return None
    password = one_time_password()
    try:
        await create_user(
            connection,
            login=FIRST_LOGIN,
            name=FIRST_NAME,
            password=password,
            org_id=root.id,
            role=Role.ADMIN,
            now=clock.now(),
            must_change_password=True,
        )
    except UserRefused as error:
        if error.problem != "login_taken":  # another process was first
            raise
        return None
    return password
