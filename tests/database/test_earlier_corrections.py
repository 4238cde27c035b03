"""Revision 0014 brings in what officials had corrected before it."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from backend.database.engine import Database
from backend.database.migrate import migrate, upgrade
from backend.petitions.tables import petition_correction
from tests.database.earlier_rows import AT, EarlierRows

TEXT = "王小明，13812345678，自来水停了"


def fill(connection: Connection, *, confidential: bool) -> None:
    """A corrected petition as the tables were at 0013."""
    rows = EarlierRows(connection)
    put = rows.put
    serial = connection.execute(
        select(func.count()).select_from(rows.tables.tables["org"])
    ).scalar_one()
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
        corrected_at=rows.moment(),
        **common,
    )


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
