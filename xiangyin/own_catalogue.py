"""The catalogue a deployment goes by, for commands that need no running server."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect, make_url

from backend.catalogue import Catalogue
from backend.database.engine import Database
from backend.deployment import versions
from backend.deployment.effective import effective, load_shipped
from backend.deployment.tables import deployment_file
from xiangyin.settings import PROJECT, Settings


async def read_catalogues(settings: Settings) -> tuple[Catalogue, Catalogue]:
    """What holds, and what is shipped: the same where there is no database yet, or one without
    data of a deployment's own. Raises CatalogueError, and what the database raises."""
    shipped = load_shipped(PROJECT / "data")
    if _is_yet_to_be_made(settings.database_url):
        return shipped.catalogue, shipped.catalogue
    database = Database(settings.database_url)
    try:
        async with database.read() as connection:
            kept = await connection.run_sync(
                lambda sync: inspect(sync).has_table(deployment_file.name)
            )
            own = await versions.newest(connection) if kept else {}
    finally:
        await database.close()
    return effective(shipped, own).catalogue, shipped.catalogue


def _is_yet_to_be_made(database_url: str) -> bool:
    """SQLite would make the file by looking into it."""
    url = make_url(database_url)
    return url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists()
