"""what a deployment changed of the shipped data, version by version

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.database.columns import Id, Json, UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deployment_file",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("user_id", Id),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_deployment_file_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployment_file")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_deployment_file_name_version")),
    )


def downgrade() -> None:
    op.drop_table("deployment_file")
