"""Bring the database to where the app can start: schema, offices of the catalogue, a first user."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.catalogue import Catalogue
from backend.database.engine import Database
from backend.database.revision import current_revision, newest_revision
from backend.deployment import versions
from backend.deployment.effective import effective, load_shipped
from backend.organisation.passwords import one_time_password
from backend.organisation.roles import Role
from backend.organisation.tree import org_by_code, sync_tree
from backend.organisation.users import UserRefused, create_user, list_users
from backend.petitions.search_index import index_missing
from backend.ports import Clock
from xiangyin.settings import PROJECT

DATA = PROJECT / "data"
_OFFICES_LOCK = 0x78696E72656E  # any number of ours
FIRST_LOGIN = "admin"
FIRST_NAME = "系统管理"


async def prepare_database(database: Database) -> None:
    """Migrate, bring in the offices of the catalogue, index petitions older than the search.
    Running it again changes nothing.

    Raises what the database raises, and CatalogueError.
    """
    if await current_revision(database) != newest_revision():
        from backend.database.migrate import migrate  # alembic: slow to import, seldom needed

        await migrate(database)
    async with database.write() as connection:
        if connection.dialect.name == "postgresql":
            # Of several processes that start at once, each would bring the offices in.
            await connection.execute(select(func.pg_advisory_xact_lock(_OFFICES_LOCK)))
        await sync_tree(connection, (await _catalogue(connection)).organisation.values())
        await index_missing(connection)


async def _catalogue(connection: AsyncConnection) -> Catalogue:
    return effective(load_shipped(DATA), await versions.newest(connection)).catalogue


async def make_first_user(database: Database, clock: Clock) -> str | None:
    """Make the first administrator of a prepared database that has no user yet.

    Returns their one-time password, which is kept nowhere; None where there are users.
    """
    async with database.write() as connection:
        root = await org_by_code(connection, (await _catalogue(connection)).county.code)
        if root is None or await list_users(connection, "/"):
            return None
        return await _create_administrator(connection, root.id, clock)


async def _create_administrator(
    connection: AsyncConnection, org_id: int, clock: Clock
) -> str | None:
    password = one_time_password(login=FIRST_LOGIN, name=FIRST_NAME)
    try:
        await create_user(
            connection,
            login=FIRST_LOGIN,
            name=FIRST_NAME,
            password=password,
            org_id=org_id,
            role=Role.ADMIN,
            now=clock.now(),
            must_change_password=True,
        )
    except UserRefused as error:
        if error.problem != "login_taken":  # another process was first
            raise
        return None
    return password
