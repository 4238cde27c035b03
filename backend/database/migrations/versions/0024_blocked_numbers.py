"""blocked_number: numbers nothing is pushed to

Revision ID: 0024
Revises: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.database.columns import Id, UtcDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

HOLDS = sa.text("ended_at IS NULL")


def _references(column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_blocked_number_{column}"))


def upgrade() -> None:
    op.create_table(
        "blocked_number",
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("org_id", Id, nullable=False),
        sa.Column("reason", sa.String(255), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", Id, nullable=False),
        sa.Column("ended_at", UtcDateTime()),
        sa.Column("ended_by", Id),
        _references("org_id", "org.id"),
        _references("created_by", "user_account.id"),
        _references("ended_by", "user_account.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blocked_number")),
    )
    op.create_index(
        "uq_blocked_number_current",
        "blocked_number",
        ["number", "org_id"],
        unique=True,
        sqlite_where=HOLDS,
        postgresql_where=HOLDS,
    )


def downgrade() -> None:
    op.drop_table("blocked_number")
