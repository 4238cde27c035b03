"""account: pools of accounts that stand in for each other, and how much each carries

Revision ID: 0023
Revises: 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.database.columns import Id, UtcDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("pool", sa.String(32), nullable=False, server_default=""))
    op.add_column("outbox", sa.Column("bound", sa.Boolean(), nullable=False, server_default="0"))
    op.create_table(
        "account_weight",
        sa.Column("account_id", Id, autoincrement=False, nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("resting", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_account_weight_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_weight")),
    )


def downgrade() -> None:
    op.drop_table("account_weight")
    op.drop_column("outbox", "bound")
    op.drop_column("account", "pool")
