"""surveys: whom a draft is meant for, trials

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.database.columns import Id, UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def _references(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    trial_of = sa.Column("trial_of", Id, sa.ForeignKey("survey.id", name="fk_survey_trial_of"))
    op.add_column("survey", trial_of, inline_references=True)
    op.create_index("ix_survey_trial_of", "survey", ["trial_of"])
    op.create_table(
        "survey_division",
        sa.Column("survey_id", Id, nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        _references("survey_division", "survey_id", "survey.id"),
        sa.PrimaryKeyConstraint("survey_id", "code", name=op.f("pk_survey_division")),
    )
    op.create_table(
        "survey_list",
        sa.Column("survey_id", Id, nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.Column("file_name", sa.String(50), nullable=False),
        sa.Column("added_by", Id, nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        _references("survey_list", "survey_id", "survey.id"),
        _references("survey_list", "account_id", "account.id"),
        _references("survey_list", "added_by", "user_account.id"),
        sa.PrimaryKeyConstraint("survey_id", name=op.f("pk_survey_list")),
    )
    op.create_table(
        "survey_listed",
        sa.Column("id", Id, nullable=False),
        sa.Column("survey_id", Id, nullable=False),
        sa.Column("phone", sa.String(32), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        _references("survey_listed", "survey_id", "survey.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_listed")),
        sa.UniqueConstraint("survey_id", "phone", name=op.f("uq_survey_listed_survey_id_phone")),
    )


def downgrade() -> None:
    for table in ("survey_listed", "survey_list", "survey_division"):
        op.drop_table(table)
    with op.batch_alter_table("survey") as survey:
        survey.drop_index("ix_survey_trial_of")
        survey.drop_column("trial_of")
