"""gateway_report: how the processes that hold the channels find them

Revision ID: 0026
Revises: 0025
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.database.columns import Json, UtcDateTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gateway_report",
        sa.Column("process", sa.String(64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.PrimaryKeyConstraint("process", name=op.f("pk_gateway_report")),
    )


def downgrade() -> None:
    op.drop_table("gateway_report")
