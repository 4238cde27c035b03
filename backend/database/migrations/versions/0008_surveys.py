"""surveys: questions, recipients, answers

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.database.columns import Id, Json, UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OPEN = "state = 'open'"
UNDERWAY = "state IN ('asked', 'answering')"


def _references(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    op.create_table(
        "survey",
        sa.Column("id", Id, nullable=False),
        sa.Column("org_id", Id, nullable=False),
        sa.Column("title", sa.String(60), nullable=False),
        sa.Column("introduction", sa.String(255), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", Id, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("opened_at", UtcDateTime()),
        sa.Column("closes_at", UtcDateTime()),
        sa.Column("closed_at", UtcDateTime()),
        _references("survey", "org_id", "org.id"),
        _references("survey", "created_by", "user_account.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey")),
    )
    op.create_index("ix_survey_org_id", "survey", ["org_id"])
    op.create_index(
        "ix_survey_open",
        "survey",
        ["id"],
        sqlite_where=sa.text(OPEN),
        postgresql_where=sa.text(OPEN),
    )
    op.create_table(
        "survey_question",
        sa.Column("id", Id, nullable=False),
        sa.Column("survey_id", Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(12), nullable=False),
        sa.Column("text", sa.String(120), nullable=False),
        sa.Column("options", Json),
        sa.Column("lowest", sa.Integer()),
        sa.Column("highest", sa.Integer()),
        sa.Column("unit", sa.String(10), nullable=False),
        _references("survey_question", "survey_id", "survey.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_question")),
        sa.UniqueConstraint(
            "survey_id", "position", name=op.f("uq_survey_question_survey_id_position")
        ),
    )
    op.create_table(
        "survey_recipient",
        sa.Column("id", Id, nullable=False),
        sa.Column("survey_id", Id, nullable=False),
        sa.Column("citizen_id", Id, nullable=False),
        sa.Column("address_id", Id, nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(24)),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("asked_at", UtcDateTime()),
        sa.Column("answered_at", UtcDateTime()),
        sa.Column("ended_at", UtcDateTime()),
        _references("survey_recipient", "survey_id", "survey.id"),
        _references("survey_recipient", "citizen_id", "citizen.id"),
        _references("survey_recipient", "address_id", "address.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_recipient")),
        sa.UniqueConstraint(
            "survey_id", "citizen_id", name=op.f("uq_survey_recipient_survey_id_citizen_id")
        ),
    )
    op.create_index(
        "ix_survey_recipient_survey_id_state_id",
        "survey_recipient",
        ["survey_id", "state", "id"],
    )
    op.create_index(
        "ix_survey_recipient_underway",
        "survey_recipient",
        ["citizen_id", "id"],
        sqlite_where=sa.text(UNDERWAY),
        postgresql_where=sa.text(UNDERWAY),
    )
    op.create_index(
        "ix_survey_recipient_citizen_id_asked_at", "survey_recipient", ["citizen_id", "asked_at"]
    )
    op.create_table(
        "survey_answer",
        sa.Column("id", Id, nullable=False),
        sa.Column("recipient_id", Id, nullable=False),
        sa.Column("question_id", Id, nullable=False),
        sa.Column("option", sa.Integer()),
        sa.Column("number", sa.Numeric(12, 2)),
        sa.Column("text", sa.Text()),
        sa.Column("skipped", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("turn_id", Id),
        sa.Column("at", UtcDateTime(), nullable=False),
        _references("survey_answer", "recipient_id", "survey_recipient.id"),
        _references("survey_answer", "question_id", "survey_question.id"),
        _references("survey_answer", "turn_id", "turn.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_answer")),
        sa.UniqueConstraint(
            "recipient_id", "question_id", name=op.f("uq_survey_answer_recipient_id_question_id")
        ),
    )
    op.create_index(
        "ix_survey_answer_question_id_option", "survey_answer", ["question_id", "option"]
    )


def downgrade() -> None:
    for table in ("survey_answer", "survey_recipient", "survey_question", "survey"):
        op.drop_table(table)
