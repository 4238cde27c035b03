"""petition.sentiment: how its writer feels

Revision ID: 0022
Revises: 0021
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("petition", sa.Column("sentiment", sa.String(16)))


def downgrade() -> None:
    op.drop_column("petition", "sentiment")
