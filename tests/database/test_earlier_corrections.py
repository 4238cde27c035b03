"""Revision 0014 brings in what officials had corrected before it."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, MetaData, Table, func, select

from backend.database.engine import Database
from backend.database.migrate import migrate, upgrade
from backend.petitions.tables import petition_correction

AT = datetime(2026, 11, 20, 3, 4, 5, tzinfo=UTC)
TEXT = "王小明，13812345678，自来水停了"


def fill(connection: Connection, *, confidential: bool) -> None:
    """A corrected petition as the tables were at 0013: what must not be empty gets a stand-in."""
    tables = MetaData()
    tables.reflect(connection)

    def put(name: str, /, **given: object) -> int:
        table: Table = tables.tables[name]
        row: dict[str, object] = {}
        for column in table.columns:
            if column.name in given:
                row[column.name] = given[column.name]
            elif not column.nullable and not column.primary_key:
                row[column.name] = _stand_in(column.type.python_type, connection)
        found = connection.execute(table.insert().values(row).returning(table.c.id))
        return int(found.scalar_one())

    serial = connection.execute(select(func.count()).select_from(tables.tables["org"])).scalar_one()
    org = put("org", code=f"o{serial}", path=f"/{serial}/", active=True)
    account = put("account", name=f"a{serial}", org_id=org)
    citizen = put("citizen", org_id=org)
    address = put("address", account_id=account, citizen_id=citizen, external_id=f"x{serial}")
    official = put("user_account", login=f"u{serial}", org_id=org, role="dispatcher")
    petition = put(
        "petition",
        number=f"20261120-000{serial}-0",
        citizen_id=citizen,
        account_id=account,
        address_id=address,
        org_id=org,
        text=TEXT,
        contact_name="王小明",
        confidential=confidential,
    )
    common = {"petition_id": petition, "model": "m1", "confidence": 0.4}
    put("petition_reading", field="urgency", value="normal", **common)
    put(
        "petition_reading",
        field="domain",
        value="sanitation",
        corrected_to="utilities",
        corrected_by=official,
        corrected_at=_moment(connection),
        **common,
    )


def _stand_in(kind: type, connection: Connection) -> object:
    return {str: "x", int: 0, bool: False, datetime: _moment(connection)}[kind]


def _moment(connection: Connection) -> object:
    """As the driver wants it where no column type of ours stands between."""
    return AT.isoformat(" ", "microseconds")[:26] if connection.dialect.name == "sqlite" else AT


async def test_earlier_corrections_are_brought_in_masked(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    try:
        async with database.write() as connection:
            await connection.run_sync(upgrade, "0013")
            await connection.run_sync(lambda sync: fill(sync, confidential=False))
            await connection.run_sync(lambda sync: fill(sync, confidential=True))
        await migrate(database)
        async with database.read() as connection:
            rows = (await connection.execute(select(petition_correction))).all()
    finally:
        await database.close()
    assert [(row.field, row.read, row.held, row.said) for row in rows] == [
        ("domain", "sanitation", "sanitation", "utilities")
    ] * 2
    assert {(row.at, row.model, row.confidence) for row in rows} == {(AT, "m1", 0.4)}
    assert {row.text for row in rows} == {"王**，138******78，自来水停了", None}
