"""Tables of surveys: what is asked, of whom, and what they answered."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from backend.database.columns import CONTENT, IDENTITY, Id, Json, UtcDateTime, metadata

survey = Table(
    "survey",
    metadata,
    Column("id", Id, primary_key=True),
    Column("org_id", Id, ForeignKey("org.id"), nullable=False),
    Column("title", String(60), nullable=False),
    Column("introduction", String(255), nullable=False, default=""),
    Column("state", String(12), nullable=False),  # draft, open, paused, closed
    Column("version", Integer, nullable=False, default=1),
    Column("created_by", Id, ForeignKey("user_account.id"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("opened_at", UtcDateTime),
    Column("closes_at", UtcDateTime),  # nobody is asked, and no answer counts, from then on
    Column("closed_at", UtcDateTime),
    Column("trial_of", Id, ForeignKey("survey.id")),  # a copy sent to one number, to try it out
    Index(None, "org_id"),
    Index(None, "trial_of"),
    Index(
        "ix_survey_open",
        "id",
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
)

# Fixed once the survey opens. `options`: labels in order; of a scale five, worst first.
survey_question = Table(
    "survey_question",
    metadata,
    Column("id", Id, primary_key=True),
    Column("survey_id", Id, ForeignKey("survey.id"), nullable=False),
    Column("position", Integer, nullable=False),  # from 1
    Column("type", String(12), nullable=False),  # single, scale, number, text
    Column("text", String(120), nullable=False),
    Column("options", Json),
    Column("lowest", Integer),  # of a number
    Column("highest", Integer),
    Column("unit", String(10), nullable=False, default=""),
    UniqueConstraint("survey_id", "position"),
)

# Whom a draft is meant for: villages, and the numbers of an uploaded list. When the survey opens
# they become recipients.
survey_division = Table(
    "survey_division",
    metadata,
    Column("survey_id", Id, ForeignKey("survey.id"), primary_key=True, autoincrement=False),
    Column("code", String(16), primary_key=True),
)

survey_list = Table(
    "survey_list",
    metadata,
    Column("survey_id", Id, ForeignKey("survey.id"), primary_key=True, autoincrement=False),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),  # which texts them
    Column("file_name", String(50), nullable=False),
    Column("added_by", Id, ForeignKey("user_account.id"), nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
)

survey_listed = Table(
    "survey_listed",
    metadata,
    Column("id", Id, primary_key=True),
    Column("survey_id", Id, ForeignKey("survey.id"), nullable=False),
    Column("phone", String(32), nullable=False, info=IDENTITY),
    Column("name", String(64), nullable=False, default="", info=IDENTITY),
    UniqueConstraint("survey_id", "phone"),
)

# One row per citizen to ask; it moves forward only: waiting → asked → answering → completed, or
# declined; or passed_over before anything was said to them.
survey_recipient = Table(
    "survey_recipient",
    metadata,
    Column("id", Id, primary_key=True),
    Column("survey_id", Id, ForeignKey("survey.id"), nullable=False),
    Column("citizen_id", Id, ForeignKey("citizen.id"), nullable=False),
    Column("address_id", Id, ForeignKey("address.id"), nullable=False),
    Column("source", String(64), nullable=False),  # division:<code>, list:<file name>
    Column("state", String(12), nullable=False),
    # Of passed_over: opted_out, blocked, asked_lately, enough_today, address_ended.
    Column("reason", String(24)),
    Column("position", Integer, nullable=False, default=1),  # the question to be answered next
    Column("asked_at", UtcDateTime),
    Column("answered_at", UtcDateTime),  # the latest answer
    Column("ended_at", UtcDateTime),
    UniqueConstraint("survey_id", "citizen_id"),
    Index(None, "survey_id", "state", "id"),
    Index(
        "ix_survey_recipient_underway",
        "citizen_id",
        "id",
        sqlite_where=text("state IN ('asked', 'answering')"),
        postgresql_where=text("state IN ('asked', 'answering')"),
    ),
    Index(None, "citizen_id", "asked_at"),
)

# Exactly one of option (from 0), number, text is set, or none and `skipped`.
survey_answer = Table(
    "survey_answer",
    metadata,
    Column("id", Id, primary_key=True),
    Column("recipient_id", Id, ForeignKey("survey_recipient.id"), nullable=False),
    Column("question_id", Id, ForeignKey("survey_question.id"), nullable=False),
    Column("option", Integer),
    Column("number", Numeric(12, 2)),
    Column("text", Text, info=CONTENT),
    Column("skipped", Boolean, nullable=False, default=False),
    Column("words", Text, nullable=False, default="", info=CONTENT),  # as the citizen wrote them
    Column("turn_id", Id, ForeignKey("turn.id")),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("recipient_id", "question_id"),
    Index(None, "question_id", "option"),
)
