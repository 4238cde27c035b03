"""what follows a petition is found by an index that counts no petition following none

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_FOLLOWS = sa.text("main_id IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_petition_main_id", "petition")
    op.create_index(
        "ix_petition_main_id",
        "petition",
        ["main_id"],
        sqlite_where=_FOLLOWS,
        postgresql_where=_FOLLOWS,
    )


def downgrade() -> None:
    op.drop_index("ix_petition_main_id", "petition")
    op.create_index("ix_petition_main_id", "petition", ["main_id"])
