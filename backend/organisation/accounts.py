"""The configured channel accounts, as rows others can point at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.tables import account
from backend.organisation.tree import org_by_code


class AccountError(ValueError):
    """A configured account cannot be kept; the message names it."""


async def ensure_accounts(
    connection: AsyncConnection,
    accounts: Sequence[tuple[str, str, str]],
    pools: Mapping[str, str] | None = None,
) -> dict[str, int]:
    """Bring `(name, channel, org code)` into the database; ids by name. Repeating is harmless.
    `pools`: by account name, of those that have one.

    An account may move to another office; it never changes its channel (its messages would lie
    about where they came from). Raises AccountError for that and for an unknown office.
    """
    ids: dict[str, int] = {}
    for name, channel, org_code in accounts:
        owner = await org_by_code(connection, org_code)
        if owner is None:
            raise AccountError(f"account {name}: no office has the code {org_code!r}")
        pool = (pools or {}).get(name, "")
        row = (await connection.execute(select(account).where(account.c.name == name))).first()
        if row is None:
            inserted = await connection.execute(
                account.insert()
                .values(name=name, channel=channel, org_id=owner.id, note="", pool=pool)
                .returning(account.c.id)
            )
            ids[name] = int(inserted.scalar_one())
            continue
        if row.channel != channel:
            raise AccountError(f"account {name} is a {row.channel} account, not {channel}")
        if (row.org_id, row.pool) != (owner.id, pool):
            await connection.execute(
                update(account).where(account.c.id == row.id).values(org_id=owner.id, pool=pool)
            )
        ids[name] = int(row.id)
    return ids
