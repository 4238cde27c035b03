"""message: account and citizen are those of its address, which is looked up already

Revision ID: 0025
Revises: 0024
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

COLUMNS = ("account_id", "citizen_id")
LAST = "CONSTRAINT pk_message"


def _name(column: str) -> str:
    return f"fk_message_{column}"


def _target(column: str) -> str:
    return column.removesuffix("_id")


def _clause(column: str) -> str:
    return f"CONSTRAINT {_name(column)} FOREIGN KEY({column}) REFERENCES {_target(column)} (id), "


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rewrite({_clause(column): "" for column in COLUMNS})
    else:
        for column in COLUMNS:
            op.drop_constraint(_name(column), "message", type_="foreignkey")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rewrite({LAST: "".join(_clause(column) for column in COLUMNS) + LAST})
    else:
        for column in COLUMNS:
            op.create_foreign_key(_name(column), "message", _target(column), [column], ["id"])


def _rewrite(changes: dict[str, str]) -> None:
    """SQLite's own way for a constraint that changes nothing on the disk (sqlite.org,
    lang_altertable.html, 7): another table cannot take the place of one others refer to while
    their keys are watched. Raises RuntimeError where the table was not made by these revisions."""
    bind = op.get_bind()
    kept = "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'message'"
    sql = " ".join(str(bind.scalar(sa.text(kept))).split())
    for old, new in changes.items():
        if old not in sql:
            raise RuntimeError(f"table message: no {old.strip()!r}")
        sql = sql.replace(old, new)
    version = bind.scalar(sa.text("PRAGMA schema_version"))
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    bind.execute(
        sa.text("UPDATE sqlite_schema SET sql = :sql WHERE type = 'table' AND name = 'message'"),
        {"sql": sql},
    )
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = OFF")
