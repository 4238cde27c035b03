"""duty: who is on duty when, and whom an emergency was told

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.database.columns import Id, UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def _references(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    op.create_table(
        "duty_officer",
        sa.Column("id", Id, nullable=False),
        sa.Column("org_id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("phone", sa.String(32), nullable=False),
        sa.Column("on_date", sa.Date()),
        sa.Column("weekday", sa.Integer()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", Id, nullable=False),
        sa.Column("ended_at", UtcDateTime()),
        sa.Column("ended_by", Id),
        _references("duty_officer", "org_id", "org.id"),
        _references("duty_officer", "user_id", "user_account.id"),
        _references("duty_officer", "created_by", "user_account.id"),
        _references("duty_officer", "ended_by", "user_account.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_officer")),
    )
    op.create_index("ix_duty_officer_org_id", "duty_officer", ["org_id"])
    op.create_table(
        "duty_alert",
        sa.Column("id", Id, nullable=False),
        sa.Column("petition_id", Id, nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("org_id", Id, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime()),
        sa.Column("opened_by", Id),
        _references("duty_alert", "petition_id", "petition.id"),
        _references("duty_alert", "user_id", "user_account.id"),
        _references("duty_alert", "org_id", "org.id"),
        _references("duty_alert", "opened_by", "user_account.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_alert")),
        sa.UniqueConstraint("petition_id", "step", name=op.f("uq_duty_alert_petition_id_step")),
    )
    op.create_index(
        "ix_duty_alert_open",
        "duty_alert",
        ["due_at"],
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def downgrade() -> None:
    for table in ("duty_alert", "duty_officer"):
        op.drop_table(table)
