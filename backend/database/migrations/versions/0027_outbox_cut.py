"""outbox.cut: where a reply that may hold no more ended

Revision ID: 0027
Revises: 0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("cut", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("outbox", "cut")
