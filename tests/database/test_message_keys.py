"""Revision 0025 takes two keys from a table that others refer to, and leaves all else as it was."""

from __future__ import annotations

import pytest
from alembic import command
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import IntegrityError

from backend.database.engine import Database
from backend.database.migrate import alembic_config, migrate, upgrade
from tests.database.earlier_rows import EarlierRows

WORDS = "路灯不亮"


def fill(connection: Connection) -> None:
    """A message with a photo, as the tables were at 0024."""
    put = EarlierRows(connection).put
    org = put("org", code="o", path="/1/", active=True)
    account = put("account", name="town", org_id=org)
    citizen = put("citizen", org_id=org)
    address = put("address", account_id=account, citizen_id=citizen, external_id="openid-1")
    whose = {"account_id": account, "citizen_id": citizen}
    message = put("message", external_id="m1", address_id=address, text=WORDS, **whose)
    put("media", message_id=message, account_id=account)


def keys(connection: Connection) -> set[str]:
    return {
        key["constrained_columns"][0] for key in inspect(connection).get_foreign_keys("message")
    }


def messages_with_photos(connection: Connection) -> list[str]:
    return list(
        connection.scalars(
            text("SELECT text FROM message JOIN media ON media.message_id = message.id")
        )
    )


async def test_two_keys_go_and_can_come_back(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    try:
        async with database.write() as connection:
            await connection.run_sync(upgrade, "0024")
            await connection.run_sync(fill)
        await migrate(database)
        async with database.read() as connection:
            assert await connection.run_sync(keys) == {"address_id"}
            assert await connection.run_sync(messages_with_photos) == [WORDS]
            if database.is_sqlite:
                assert await connection.scalar(text("PRAGMA integrity_check")) == "ok"
        for table, column in (("message", "address_id"), ("media", "message_id")):
            with pytest.raises(IntegrityError):
                async with database.write() as connection:
                    await connection.execute(text(f"UPDATE {table} SET {column} = 999"))
        async with database.write() as connection:
            await connection.run_sync(lambda sync: command.downgrade(alembic_config(sync), "0024"))
        async with database.read() as connection:
            assert await connection.run_sync(keys) == {"account_id", "address_id", "citizen_id"}
            assert await connection.run_sync(messages_with_photos) == [WORDS]
    finally:
        await database.close()
