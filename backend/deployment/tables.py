"""The table of what a deployment changed of the shipped data."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table, UniqueConstraint

from backend.database.columns import Id, Json, UtcDateTime, metadata

NOTE_LENGTH = 200

# Append-only. Of each name (effective.py) the newest version holds; none: what is shipped.
deployment_file = Table(
    "deployment_file",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("content", Json, nullable=False),
    Column("note", String(NOTE_LENGTH), nullable=False, default=""),
    Column("user_id", Id, ForeignKey("user_account.id")),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("name", "version"),
)
