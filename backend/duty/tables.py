"""Tables of duty: who is on duty when, and whom an emergency was told."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    text,
)

from backend.database.columns import IDENTITY, Id, UtcDateTime, metadata

# `on_date` is one day, `weekday` every week (0 Monday … 6 Sunday); neither: always. Who is taken
# off keeps the row, with who did it.
duty_officer = Table(
    "duty_officer",
    metadata,
    Column("id", Id, primary_key=True),
    Column("org_id", Id, ForeignKey("org.id"), nullable=False),
    Column("user_id", Id, ForeignKey("user_account.id"), nullable=False),
    Column("phone", String(32), nullable=False, info=IDENTITY),
    Column("on_date", Date),
    Column("weekday", Integer),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", Id, ForeignKey("user_account.id"), nullable=False),
    Column("ended_at", UtcDateTime),
    Column("ended_by", Id, ForeignKey("user_account.id")),
    Index(None, "org_id"),
)

# One row per officer told of one emergency. It is closed when somebody opened the petition, or the
# next officer was told.
duty_alert = Table(
    "duty_alert",
    metadata,
    Column("id", Id, primary_key=True),
    Column("petition_id", Id, ForeignKey("petition.id"), nullable=False),
    Column("step", Integer, nullable=False),  # 1 is the first officer told
    Column("user_id", Id, ForeignKey("user_account.id"), nullable=False),
    Column("org_id", Id, ForeignKey("org.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("opened_by", Id, ForeignKey("user_account.id")),
    UniqueConstraint("petition_id", "step"),
    Index(
        "ix_duty_alert_open",
        "due_at",
        sqlite_where=text("closed_at IS NULL"),
        postgresql_where=text("closed_at IS NULL"),
    ),
)
