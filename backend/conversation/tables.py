"""Tables of citizens, their addresses, and the conversation."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
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

# A message by which the system speaks on its own, without the bot; all others are read in turn.
PUSH_KIND = "push"
# The text that carries the code which proves a phone number.
CODE_KEY = "link_code"

citizen = Table(
    "citizen",
    metadata,
    Column("id", Id, primary_key=True),
    Column("org_id", Id, ForeignKey("org.id"), nullable=False),
    Column("name", String(64), info=IDENTITY),
    Column("phone", String(32), info=IDENTITY),
    Column("home_place", String(120), info=IDENTITY),
    Column("merged_into", Id, ForeignKey("citizen.id")),
    Column("erased_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
)

# A phone number may pass to another person: the old row gets `ended_at`, a new one is opened.
address = Table(
    "address",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("external_id", String(128), nullable=False, info=IDENTITY),
    Column("citizen_id", Id, ForeignKey("citizen.id"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("left_at", UtcDateTime),  # no longer follows the account: nothing can be sent there
    # The QR code scanned last, which says where they stand (scanned.py).
    Column("scene", String(64), info=IDENTITY),
    Column("scanned_at", UtcDateTime),
    Index(
        "uq_address_current",
        "account_id",
        "external_id",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
    Index(None, "citizen_id"),
)

address_event = Table(
    "address_event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("type", String(16), nullable=False),  # opened, linked, unlinked, merged, passed_on
    Column("address_id", Id, ForeignKey("address.id")),
    Column("citizen_id", Id, ForeignKey("citizen.id"), nullable=False),
    Column("other_citizen_id", Id, ForeignKey("citizen.id")),
    Column("user_id", Id, ForeignKey("user_account.id")),
    Column("reason", String(255), nullable=False, default=""),
    Index(None, "citizen_id"),
)

# Append-only: the last row per (citizen, account, service) is what holds.
consent_event = Table(
    "consent_event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("citizen_id", Id, ForeignKey("citizen.id"), nullable=False),
    Column("address_id", Id, ForeignKey("address.id"), nullable=False),
    Column("service", String(32), nullable=False),
    Column("decision", String(16), nullable=False),  # opt_out, opt_in, consent, left
    Column("words", String(255), nullable=False, default=""),
    Index(None, "address_id", "service"),
)

# The black list: numbers an official wants nothing pushed to, through whatever account. Whoever is
# taken off keeps the row, with who did it.
blocked_number = Table(
    "blocked_number",
    metadata,
    Column("id", Id, primary_key=True),
    Column("number", String(32), nullable=False, info=IDENTITY),
    Column("org_id", Id, ForeignKey("org.id"), nullable=False),  # whose officials keep the entry
    Column("reason", String(255), nullable=False, info=CONTENT),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", Id, ForeignKey("user_account.id"), nullable=False),
    Column("ended_at", UtcDateTime),
    Column("ended_by", Id, ForeignKey("user_account.id")),
    Index(
        "uq_blocked_number_current",
        "number",
        "org_id",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)

# A phone number to be proven by a code sent there, so that it and `address_id` are one citizen's.
# `state`: open, proven, wrong (too often), replaced (by a newer code). Kept to count them.
phone_code = Table(
    "phone_code",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("citizen_id", Id, ForeignKey("citizen.id"), nullable=False),
    Column("address_id", Id, ForeignKey("address.id"), nullable=False),
    Column("phone_address_id", Id, ForeignKey("address.id"), nullable=False),
    Column("mark", String(64), nullable=False),  # keyed hash of the code
    Column("state", String(16), nullable=False),
    Column("tries", Integer, nullable=False, default=0),
    Column("outbox_id", Id, ForeignKey("outbox.id")),
    Index(None, "citizen_id", "at"),
    Index(None, "phone_address_id", "at"),
)

# What came in. `text` is safe for both databases; `raw` is the body byte for byte. Account and
# citizen are those its address has when it comes, stored by the statement that finds the address,
# whose own keys hold for both. The database would look each of them up again for every message: a
# third of its work.
message = Table(
    "message",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, nullable=False),
    Column("external_id", String(255), nullable=False),
    Column("address_id", Id, ForeignKey("address.id"), nullable=False),
    Column("citizen_id", Id, nullable=False),
    # text, image, …; internal: what the system says by the bot; push: what it says by itself.
    Column("kind", String(16), nullable=False),
    Column("text", Text, nullable=False, default="", info=CONTENT),
    Column("detail", Json, info=CONTENT),  # event, place, or the internal message's parameters
    Column("raw", LargeBinary, info=CONTENT),
    Column("media_count", Integer, nullable=False, default=0),
    Column("sent_at", UtcDateTime),
    Column("received_at", UtcDateTime, nullable=False),
    Column("reply_until", UtcDateTime),  # a webhook waits for the answer until then
    Column("tries", Integer, nullable=False, server_default="1"),  # of the provider, that waited
    Column("turn_id", Id),  # the committed turn that read it
    Column("handled_at", UtcDateTime),
    UniqueConstraint("account_id", "external_id"),
    Index(
        "ix_message_waiting",
        "citizen_id",
        "id",
        sqlite_where=text("handled_at IS NULL"),
        postgresql_where=text("handled_at IS NULL"),
    ),
    Index(None, "citizen_id", "id"),
)

# One row per citizen: state of the dialogue, and the lease of the worker that holds it.
# `fence` grows with every lease; a commit under an older fence is refused.
conversation = Table(
    "conversation",
    metadata,
    Column("citizen_id", Id, ForeignKey("citizen.id"), primary_key=True, autoincrement=False),
    Column("state", Json, info=CONTENT),
    Column("busy", Boolean, nullable=False, default=False),
    Column("prompt", Json, info=CONTENT),  # the last prompt shown: key, options, at
    Column("last_inbound_at", UtcDateTime),
    Column("fence", Integer, nullable=False, default=0),
    Column("lease_owner", String(64)),
    Column("lease_until", UtcDateTime),
    Column("retry_at", UtcDateTime),  # no worker takes it before (the bot is down)
    Column("linking_until", UtcDateTime),  # a bare phone number or code is for linking a phone
)

turn = Table(
    "turn",
    metadata,
    Column("id", Id, primary_key=True),
    Column("citizen_id", Id, ForeignKey("citizen.id"), nullable=False),
    Column("seq", Integer, nullable=False),  # the lease's fence: grows, with gaps
    Column("message_ids", Json, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("committed_at", UtcDateTime),
    Column("handled_by", String(32)),  # bot, failed, rule; while it is open: rule:<which>
    Column("reading", Json, info=CONTENT),
    Column("effects", Json, info=CONTENT),
    Column("bot_model", String(64)),
    UniqueConstraint("citizen_id", "seq"),
    Index(
        "ix_turn_open",
        "citizen_id",
        "seq",
        sqlite_where=text("committed_at IS NULL"),
        postgresql_where=text("committed_at IS NULL"),
    ),
)

# What goes out. State moves forward only; see backend/conversation/outbox.py.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("dedupe_key", String(120), nullable=False),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("address_id", Id, ForeignKey("address.id"), nullable=False),
    Column("citizen_id", Id, ForeignKey("citizen.id"), nullable=False),
    Column("turn_id", Id, ForeignKey("turn.id")),
    Column("petition_id", Id, ForeignKey("petition.id")),
    Column("lane", String(16), nullable=False),  # reply, notice, push
    Column("key", String(64), nullable=False),  # the text key(s), for officials' timeline
    Column("text", Text, nullable=False, info=CONTENT),
    Column("state", String(16), nullable=False),
    Column("route", String(16)),  # passive, active
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", UtcDateTime, nullable=False),
    Column("claimed_by", String(64)),
    Column("claimed_until", UtcDateTime),
    Column("provider_id", String(120)),
    Column("error", String(255)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("final_at", UtcDateTime),
    Column("rides_with", Id),  # the answer whose webhook reply carries this row too
    Column("carried_for", Id),  # the message whose webhook carries it
    # How many webhooks have taken it by now: only the last one knows what became of it.
    Column("carried", Integer, nullable=False, server_default="0"),
    Column("offered_at", UtcDateTime),  # an unknown one was offered again at the next contact
    Column("told", Integer, nullable=False, server_default="0"),  # characters that left before
    # A reply that may hold no more ended there (a place in `text`); the rest is kept.
    Column("cut", Integer),
    # Messages of the provider's pushed for it, and when the last; they count against its quota.
    Column("pushes", Integer, nullable=False, server_default="0"),
    Column("pushed_at", UtcDateTime),
    Column("moved_from", Id),  # the address it was for, before it went by the other channel
    # No other account of the pool may send it instead (failover.py).
    Column("bound", Boolean, nullable=False, server_default="0"),
    UniqueConstraint("dedupe_key"),
    Index(
        # By lane and account first: a mass push that waits delays nobody who looks for answers.
        "ix_outbox_open",
        "lane",
        "account_id",
        "due_at",
        "id",
        sqlite_where=text("state IN ('queued', 'sending')"),
        postgresql_where=text("state IN ('queued', 'sending')"),
    ),
    # What waits for the citizen's next contact; looked for in every turn.
    Index(
        "ix_outbox_not_told",
        "citizen_id",
        "id",
        sqlite_where=text("state IN ('kept', 'unknown')"),
        postgresql_where=text("state IN ('kept', 'unknown')"),
    ),
    Index(None, "address_id", "id"),
    Index(None, "turn_id"),
    Index(None, "petition_id"),
    # Partial also so that no planner takes it for the open rows of an account.
    Index(
        "ix_outbox_provider_id",
        "account_id",
        "provider_id",
        sqlite_where=text("provider_id IS NOT NULL"),
        postgresql_where=text("provider_id IS NOT NULL"),
    ),
)

# Short notices with a link to what an outbox row says, where the row itself had no route.
notice = Table(
    "notice",
    metadata,
    Column("id", Id, primary_key=True),
    Column("outbox_id", Id, ForeignKey("outbox.id"), nullable=False),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("by", String(32), nullable=False),  # the channel's own way: template, subscribe
    Column("provider_id", String(120)),
    Column("state", String(16), nullable=False),  # sent, delivered, failed
    Column("error", String(255)),
    Column("at", UtcDateTime, nullable=False),
    Column("final_at", UtcDateTime),
    UniqueConstraint("outbox_id", "by"),
    Index(None, "account_id", "provider_id"),
)

# Append-only but for its end: each `allowed` row lets us send one notice, until it is spent or
# a later row withdraws what was allowed.
notice_permission = Table(
    "notice_permission",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("address_id", Id, ForeignKey("address.id"), nullable=False),
    Column("template_id", String(120), nullable=False),
    Column("external_id", String(255), nullable=False),
    Column("allowed", Boolean, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("spent_on", Id, ForeignKey("outbox.id")),
    UniqueConstraint("account_id", "external_id"),
    Index(None, "address_id", "template_id"),
)

# How much an account of a pool carries just now, beside its own usual share (failover.py).
account_weight = Table(
    "account_weight",
    metadata,
    Column("account_id", Id, ForeignKey("account.id"), primary_key=True, autoincrement=False),
    Column("weight", Integer, nullable=False),
    Column("resting", Integer, nullable=False),
    Column("reason", String(16), nullable=False),  # start, errors, slow, drift
    Column("changed_at", UtcDateTime, nullable=False),
)

# How the processes that hold the channels find them, for the page of processes that do not.
gateway_report = Table(
    "gateway_report",
    metadata,
    Column("process", String(64), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("facts", Json, nullable=False),
)

# A receipt may come before the row knows its provider id; it waits here to be matched.
receipt = Table(
    "receipt",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("outbox_id", Id),
    Column("provider_id", String(120)),
    Column("state", String(16), nullable=False),
    Column("detail", String(255), nullable=False, default=""),
    Column("at", UtcDateTime, nullable=False),
    Index(None, "account_id", "provider_id"),
    Index(None, "outbox_id"),
)

media = Table(
    "media",
    metadata,
    Column("id", Id, primary_key=True),
    Column("message_id", Id, ForeignKey("message.id"), nullable=False),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("provider_ref", Text, nullable=False),
    Column("state", String(16), nullable=False),  # waiting, stored, refused, gone, erased
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", UtcDateTime, nullable=False),
    Column("sha256", String(64)),
    Column("content_type", String(64)),
    Column("size", Integer),
    Column("width", Integer),
    Column("height", Integer),
    Column("error", String(255)),
    Column("stored_at", UtcDateTime),
    Index(None, "message_id"),
    Index(
        "ix_media_waiting",
        "due_at",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
)

# What a machine read in a photo: never the citizen's own words. A row waits from the moment the
# photo is kept; it goes on waiting where nothing is installed that reads.
photo_text = Table(
    "photo_text",
    metadata,
    Column("media_id", Id, ForeignKey("media.id"), primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),  # waiting, read, failed
    Column("text", Text, nullable=False, default="", info=CONTENT),  # '' where none was found
    Column("confidence", Float),  # of the characters, on average; NULL where none was found
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", UtcDateTime, nullable=False),
    Column("read_at", UtcDateTime),
    Index(
        "ix_photo_text_waiting",
        "due_at",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
)

# Prompts shown, kept for ever: which question a bare '2' answered.
prompt = Table(
    "prompt",
    metadata,
    Column("id", Id, primary_key=True),
    Column("citizen_id", Id, ForeignKey("citizen.id"), nullable=False),
    Column("turn_id", Id, ForeignKey("turn.id"), nullable=False),
    Column("key", String(64), nullable=False),
    Column("options", Json, nullable=False),
    Column("shown_at", UtcDateTime, nullable=False),
    Column("answered_at", UtcDateTime),
    Column("chosen", Integer),
    Column("confidence", Float),
    Index(None, "citizen_id", "id"),
)
