"""Tables of petitions."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from backend.database.columns import CONTENT, IDENTITY, Id, Json, UtcDateTime, metadata

# Atomic per day: UPDATE … SET value = value + 1 … RETURNING.
counter = Table(
    "counter",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Integer, nullable=False),
)

# The current picture; every change is also a row of petition_event, in the same transaction.
# `kind`, `domain`, `place`, `sentiment` hold what counts now: a human's word, else the machine's
# reading.
petition = Table(
    "petition",
    metadata,
    Column("id", Id, primary_key=True),
    Column("number", String(24), nullable=False),
    Column("citizen_id", Id, ForeignKey("citizen.id"), nullable=False),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("address_id", Id, ForeignKey("address.id"), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("org_id", Id, ForeignKey("org.id"), nullable=False),  # the branch it belongs to
    Column("lead_org_id", Id, ForeignKey("org.id")),  # 主办, once dispatched
    Column("state", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("domain", String(48), nullable=False),
    Column("urgency", String(16), nullable=False),
    Column("sentiment", String(16)),  # NULL where nobody said how the writer feels
    Column("sensitive", Json),
    Column("confidential", Boolean, nullable=False, default=False),
    Column("title", String(120), nullable=False, info=CONTENT),
    Column("text", Text, nullable=False, info=CONTENT),
    Column("place", String(255), nullable=False, info=IDENTITY),
    Column("place_code", String(16)),
    Column("since", String(64)),
    Column("contact_name", String(64), info=IDENTITY),
    Column("contact_phone", String(32), info=IDENTITY),
    Column("answer", Text, info=CONTENT),
    Column("rating", Integer),
    Column("rating_comment", Text, info=CONTENT),
    Column("reopened", Integer, nullable=False, default=0),
    Column("reminders", Integer, nullable=False, default=0),
    Column("received_at", UtcDateTime, nullable=False),
    Column("accepted_at", UtcDateTime),
    Column("dispatched_at", UtcDateTime),
    Column("answered_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Column("due_on", Date),
    Column("version", Integer, nullable=False, default=1),
    # The petition that is handled for this one too (state joined), or was when it was answered.
    Column("main_id", Id, ForeignKey("petition.id")),
    UniqueConstraint("number"),
    Index(None, "citizen_id", "id"),
    Index(None, "org_id", "state", "id"),
    Index(None, "lead_org_id", "state", "id"),
    # Holds all that lists and counts of the queue ask for, so that they read no petition whole.
    Index(
        "ix_petition_queue",
        *("state", "due_on", "org_id", "lead_org_id", "confidential"),
        *("kind", "domain", "place_code", "channel", "id"),
    ),
    Index(
        "ix_petition_queue_of_domain",
        *("domain", "state", "due_on", "org_id", "lead_org_id", "confidential", "id"),
    ),
    Index(None, "received_at"),
    Index(None, "reopened", "id"),
    # What may be about the same: near in time and in matter, or in place.
    Index(None, "domain", "received_at"),
    Index(None, "place_code", "received_at"),
    # Most follow none: counting those, SQLite takes the index for one that finds everything.
    Index(
        "ix_petition_main_id",
        "main_id",
        sqlite_where=text("main_id IS NOT NULL"),
        postgresql_where=text("main_id IS NOT NULL"),
    ),
)

# Append-only: who, when, what, why. `detail` holds {field: [old, new]} or the event's own facts.
petition_event = Table(
    "petition_event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("petition_id", Id, ForeignKey("petition.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("type", String(32), nullable=False),
    Column("actor", String(16), nullable=False),  # citizen, official, machine
    Column("user_id", Id, ForeignKey("user_account.id")),
    Column("org_id", Id, ForeignKey("org.id")),
    Column("reason", Text, nullable=False, default="", info=CONTENT),
    Column("detail", Json, info=CONTENT),
    Column("dedupe_key", String(120)),
    UniqueConstraint("dedupe_key"),
    Index(None, "petition_id", "id"),
)

# What finds a petition (search_terms.py): its tokens with blanks between. On SQLite triggers mirror
# `words` into the FTS5 table petition_fts, on PostgreSQL a GIN index holds them.
petition_search = Table(
    "petition_search",
    metadata,
    Column("petition_id", Id, ForeignKey("petition.id"), primary_key=True, autoincrement=False),
    Column("words", Text, nullable=False, info=CONTENT),
    Column("phone_backwards", String(32), info=IDENTITY),
    Index(None, "phone_backwards"),
    Index(
        "ix_petition_search_words",
        text("array_to_tsvector(string_to_array(words, ' '))"),
        postgresql_using="gin",
    ).ddl_if(dialect="postgresql"),
)

# What a petition means, and the hot issue it is part of: the id of one petition of that issue, the
# same for all of them, None for one that stands alone. `model` None: not read yet (grouping.py).
petition_matter = Table(
    "petition_matter",
    metadata,
    Column("petition_id", Id, ForeignKey("petition.id"), primary_key=True, autoincrement=False),
    Column("issue_id", Id, ForeignKey("petition.id")),
    Column("model", String(32)),
    Column("vector", LargeBinary, info=CONTENT),
    # Set apart from its issue by a human, whose word holds.
    Column("apart", Boolean, nullable=False, default=False),
    Index("ix_petition_matter_issue", "issue_id", "petition_id"),
    Index(
        "ix_petition_matter_unread",
        "petition_id",
        sqlite_where=text("model IS NULL"),
        postgresql_where=text("model IS NULL"),
    ),
)

# Filters of the queue an official has given a name: the query of its address, name → value.
saved_view = Table(
    "saved_view",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("user_account.id"), nullable=False),
    Column("name", String(40), nullable=False),
    Column("filters", Json, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("user_id", "name"),
)

# What the machine read, beside what holds; corrections are learnt from.
petition_reading = Table(
    "petition_reading",
    metadata,
    Column("id", Id, primary_key=True),
    Column("petition_id", Id, ForeignKey("petition.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("field", String(16), nullable=False),  # kind, domain, place, urgency, sentiment
    Column("value", String(255)),
    Column("confidence", Float),
    Column("candidates", Json),  # [[value, confidence], …] best first
    Column("model", String(64), nullable=False),
    Column("corrected_to", String(255)),
    Column("corrected_by", Id, ForeignKey("user_account.id")),
    Column("corrected_at", UtcDateTime),
    UniqueConstraint("petition_id", "field", "model"),
)

# What officials set right, word by word, for the machine to learn from; append-only. `text` is the
# petition's without who wrote it, NULL where it is confidential: such a one is never learnt from.
petition_correction = Table(
    "petition_correction",
    metadata,
    Column("id", Id, primary_key=True),
    Column("petition_id", Id, ForeignKey("petition.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("user_id", Id, ForeignKey("user_account.id"), nullable=False),
    Column("field", String(16), nullable=False),  # kind, domain, place, urgency, sentiment
    Column("text", Text, info=CONTENT),
    Column("model", String(64)),  # that read it; NULL where no machine had
    Column("read", String(255), info=IDENTITY),  # a place may be somebody's door
    Column("confidence", Float),
    Column("held", String(255), info=IDENTITY),  # what counted until then
    Column("said", String(255), nullable=False, info=IDENTITY),
    Index(None, "petition_id", "id"),
)

# Which messages make up the petition (their media come with them).
petition_message = Table(
    "petition_message",
    metadata,
    Column("petition_id", Id, ForeignKey("petition.id"), primary_key=True, autoincrement=False),
    Column("message_id", Id, ForeignKey("message.id"), primary_key=True, autoincrement=False),
    Column("role", String(16), nullable=False),  # original, addition
)

# 主办 and 协办, returns and objections keep their history here.
dispatch = Table(
    "dispatch",
    metadata,
    Column("id", Id, primary_key=True),
    Column("petition_id", Id, ForeignKey("petition.id"), nullable=False),
    Column("org_id", Id, ForeignKey("org.id"), nullable=False),
    Column("role", String(16), nullable=False),  # lead, assisting
    Column("state", String(16), nullable=False),  # open, returned, done, withdrawn
    Column("by_user_id", Id, ForeignKey("user_account.id")),
    Column("at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("reason", Text, nullable=False, default=""),
    Index("ix_dispatch_of_petition", "petition_id", "role", "state", "org_id"),
    Index("ix_dispatch_given", "org_id", "role", "state", "petition_id"),
)

# Recusal: the petition speaks about this office or person; neither may see nor handle it.
petition_subject = Table(
    "petition_subject",
    metadata,
    Column("id", Id, primary_key=True),
    Column("petition_id", Id, ForeignKey("petition.id"), nullable=False),
    Column("org_id", Id, ForeignKey("org.id")),
    Column("user_id", Id, ForeignKey("user_account.id")),
    Column("words", String(120), nullable=False, default="", info=CONTENT),
    Column("at", UtcDateTime, nullable=False),
    Column("by_user_id", Id, ForeignKey("user_account.id")),
    Column("lifted_at", UtcDateTime),
    Index(None, "petition_id"),
    Index("ix_petition_subject_of_org", "org_id", "lifted_at", "petition_id"),
    Index("ix_petition_subject_of_user", "user_id", "lifted_at", "petition_id"),
)

# A citizen who asked for a person rather than the machine.
handover = Table(
    "handover",
    metadata,
    Column("id", Id, primary_key=True),
    Column("citizen_id", Id, ForeignKey("citizen.id"), nullable=False),
    Column("org_id", Id, ForeignKey("org.id"), nullable=False),
    Column("turn_id", Id, nullable=False),
    Column("text", Text, nullable=False, default="", info=CONTENT),
    Column("at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime),
    Column("done_by", Id, ForeignKey("user_account.id")),
    UniqueConstraint("turn_id"),
)
