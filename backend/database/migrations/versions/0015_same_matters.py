"""petitions: which are about one matter

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.database.columns import Id

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def _references(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    main_id = sa.Column("main_id", Id, sa.ForeignKey("petition.id", name="fk_petition_main_id"))
    op.add_column("petition", main_id, inline_references=True)
    op.create_index("ix_petition_main_id", "petition", ["main_id"])
    op.create_table(
        "petition_matter",
        sa.Column("petition_id", Id, autoincrement=False, nullable=False),
        sa.Column("issue_id", Id, nullable=True),
        sa.Column("model", sa.String(32), nullable=True),
        sa.Column("vector", sa.LargeBinary(), nullable=True),
        sa.Column("apart", sa.Boolean(), nullable=False),
        _references("petition_matter", "petition_id", "petition.id"),
        _references("petition_matter", "issue_id", "petition.id"),
        sa.PrimaryKeyConstraint("petition_id", name=op.f("pk_petition_matter")),
    )
    op.create_index("ix_petition_matter_issue", "petition_matter", ["issue_id", "petition_id"])
    op.create_index(
        "ix_petition_matter_unread",
        "petition_matter",
        ["petition_id"],
        sqlite_where=sa.text("model IS NULL"),
        postgresql_where=sa.text("model IS NULL"),
    )
    # Read by and by, newest first, while the app runs.
    op.execute("INSERT INTO petition_matter (petition_id, apart) SELECT id, false FROM petition")


def downgrade() -> None:
    op.drop_table("petition_matter")
    with op.batch_alter_table("petition") as petition:
        petition.drop_index("ix_petition_main_id")
        petition.drop_column("main_id")
