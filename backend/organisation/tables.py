"""Tables of organisations, officials and their sessions."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from backend.database.columns import Id, Json, UtcDateTime, metadata

# `path` is the materialised path of ids, '/1/4/17/': a branch is `path LIKE '/1/4/%'`.
org = Table(
    "org",
    metadata,
    Column("id", Id, primary_key=True),
    Column("code", String(64), nullable=False),
    Column("name", String(120), nullable=False),
    Column("type", String(24), nullable=False),
    Column("parent_id", Id, ForeignKey("org.id")),
    Column("path", String(255), nullable=False),
    Column("active", Boolean, nullable=False, default=True),
    UniqueConstraint("code"),
    Index(None, "path"),
)

user = Table(
    "user_account",
    metadata,
    Column("id", Id, primary_key=True),
    Column("login", String(64), nullable=False),
    Column("name", String(64), nullable=False),
    Column("password_hash", String(255), nullable=False),
    Column("org_id", Id, ForeignKey("org.id"), nullable=False),
    Column("role", String(24), nullable=False),
    Column("active", Boolean, nullable=False, default=True),
    Column("must_change_password", Boolean, nullable=False, default=False),
    Column("failed_logins", Integer, nullable=False, default=0),
    Column("locked_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_login_at", UtcDateTime),
    UniqueConstraint("login"),
)

# Only the hash of a session's token is kept: a stolen table opens no session.
session = Table(
    "session",
    metadata,
    Column("id", Id, primary_key=True),
    Column("token_hash", String(64), nullable=False),
    Column("user_id", Id, ForeignKey("user_account.id"), nullable=False),
    Column("csrf_token", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("ip", String(64), nullable=False, default=""),
    Column("agent", String(255), nullable=False, default=""),
    UniqueConstraint("token_hash"),
    Index(None, "user_id"),
)

# A second factor: the secret of the official's authenticator app, sealed (secret_box.py).
totp = Table(
    "totp",
    metadata,
    Column("user_id", Id, ForeignKey("user_account.id"), primary_key=True, autoincrement=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("confirmed_at", UtcDateTime),  # asked for at log-in from then on
    Column("last_step", Id),  # of 30 s since 1970: no code at or before it counts again
)

# Each logs in once without the app; only a keyed hash is kept.
recovery_code = Table(
    "recovery_code",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("user_account.id"), nullable=False),
    Column("mark", String(64), nullable=False),
    Column("used_at", UtcDateTime),
    UniqueConstraint("user_id", "mark"),
)

# The password was right, the code is still to come.
login_challenge = Table(
    "login_challenge",
    metadata,
    Column("id", Id, primary_key=True),
    Column("token_hash", String(64), nullable=False),
    Column("user_id", Id, ForeignKey("user_account.id"), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    UniqueConstraint("token_hash"),
    Index(None, "user_id"),
)

audit = Table(
    "audit_event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("user_id", Id, ForeignKey("user_account.id")),
    Column("action", String(64), nullable=False),
    Column("subject", String(120), nullable=False, default=""),
    Column("detail", Json),
    Index(None, "at"),
)

# One row per configured account (a WeChat account, an SMS number); secrets stay in the settings.
account = Table(
    "account",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(64), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("org_id", Id, ForeignKey("org.id"), nullable=False),
    Column("note", Text, nullable=False, default=""),
    # Accounts of one pool reach the same people and stand in for each other; '' for none.
    Column("pool", String(32), nullable=False, server_default=""),
    UniqueConstraint("name"),
)
