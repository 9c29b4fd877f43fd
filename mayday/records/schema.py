"""The tables of the records store. Every change here needs a migration in migrations/versions (a test compares them).

Kept here: the inbox, projections of incidents and their timelines, the embedded desk, and what the doors need (tokens,
audit, idempotency). The truth of an open incident is its workflow; of a desk page, message or ticket it is this store.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from mayday.records.columns import JsonText, SafeText, UtcDateTime

METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)
_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # only INTEGER is SQLite's own row id


def _id() -> sa.Column[int]:
    return sa.Column("id", _BIG, primary_key=True, autoincrement=True)


def _text(name: str, **options: Any) -> sa.Column[str]:
    options.setdefault("nullable", False)
    return sa.Column(name, SafeText, **options)


def _time(name: str, **options: Any) -> sa.Column[Any]:
    options.setdefault("nullable", False)
    return sa.Column(name, UtcDateTime, **options)


def _json(name: str, **options: Any) -> sa.Column[Any]:
    options.setdefault("nullable", False)
    return sa.Column(name, JsonText, **options)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, default=False)


# --- the inbox -------------------------------------------------------------------------------------------------------
DELIVERIES = sa.Table(
    "deliveries", METADATA,
    _text("id", primary_key=True), _text("source"), _time("received_at"),
    sa.Column("body", sa.LargeBinary, nullable=False),
)  # fmt: skip

INBOX = sa.Table(
    "inbox", METADATA,
    _id(), _text("dedupe_key", unique=True), _text("delivery_id"), _text("source"), _time("received_at"),
    _text("state"), _text("alert_state"), _text("correlation_key", nullable=True), _text("workflow_id", nullable=True),
    _json("event"), _json("decision", nullable=True), _text("error", nullable=True),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    _time("leased_until", nullable=True), _time("handled_at", nullable=True),
    sa.Index("ix_inbox_state_id", "state", "id"),
    sa.Index("ix_inbox_workflow_id_state", "workflow_id", "state"),
)  # fmt: skip

CALLBACKS = sa.Table(
    "callbacks", METADATA,
    _id(), _text("dedupe_key", unique=True), _text("delivery_id"), _text("lane"), _text("source"),
    _time("received_at"), _text("state"), _json("callback"), _json("outcome", nullable=True),
    _text("error", nullable=True), sa.Column("attempts", sa.Integer, nullable=False, default=0),
    _time("leased_until", nullable=True), _time("handled_at", nullable=True),
    sa.Index("ix_callbacks_state_lane_id", "state", "lane", "id"),
)  # fmt: skip

WATCHDOGS = sa.Table(
    "watchdogs", METADATA,
    _text("name", primary_key=True), _time("due_from"), _time("checked_at"), _time("seen_at", nullable=True),
    _time("missing_since", nullable=True),
)  # fmt: skip

# --- incidents and their timelines -----------------------------------------------------------------------------------
INCIDENTS = sa.Table(
    "incidents", METADATA,
    _text("id", primary_key=True), _text("workflow_id", index=True), _text("run_id", nullable=True),
    _text("correlation_key", nullable=True, index=True), _text("title"), _text("severity"), _text("status"),
    _text("service", nullable=True), _json("services"), _flag("drill"), _time("opened_at", index=True),
    _time("ended_at", nullable=True), _text("plan_digest", nullable=True), _json("board", nullable=True),
    _text("head"), sa.Column("seq", sa.Integer, nullable=False, default=0),
    sa.Column("noted_seq", sa.Integer, nullable=False, default=0),
    sa.Column("noting_seq", sa.Integer, nullable=False, default=0), _time("updated_at"),
    sa.Index("ix_incidents_ended_at_id_seq", "ended_at", "id", "seq"),
)  # fmt: skip

TIMELINE = sa.Table(
    "timeline", METADATA,
    _text("incident_id", primary_key=True), sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    _text("at"), _text("kind"), _json("actor"), _json("step", nullable=True), _json("data"),
    _text("prev_hash"), _text("hash"),
)  # fmt: skip

PLANS = sa.Table("plans", METADATA, _text("digest", primary_key=True), _json("plan"), _time("stored_at"))

# --- effects and the embedded desk -----------------------------------------------------------------------------------
EFFECTS = sa.Table(
    "effects", METADATA,
    _text("effect_key", primary_key=True), _text("kind"), _text("incident_id", nullable=True, index=True),
    _json("result"), _time("done_at"),
)  # fmt: skip

COUNTERS = sa.Table(
    "counters", METADATA, _text("name", primary_key=True), sa.Column("value", sa.Integer, nullable=False)
)

PAGES = sa.Table(
    "pages", METADATA,
    _id(), _text("effect_key", unique=True), _text("incident_id"), _text("page"), _text("purpose"), _text("person"),
    _text("target"), _text("channel"), _text("text"), _flag("urgent"), _flag("drill"), _text("state"),
    _time("rang_at"), _time("acknowledged_at", nullable=True), _text("acknowledged_by", nullable=True),
    _time("closed_at", nullable=True), _text("close_reason", nullable=True),
    sa.Index("ix_pages_incident_id_page", "incident_id", "page"), sa.Index("ix_pages_person_state", "person", "state"),
)  # fmt: skip

PAGER_CALLS = sa.Table(
    "pager_calls", METADATA,
    _text("effect_key", primary_key=True), _text("provider", primary_key=True), _text("incident_id"), _text("page"),
    _text("purpose"), _text("person"), _text("target"), _text("channel"), _flag("urgent"), _text("ref", nullable=True),
    _text("state"), _time("begun_at"), _time("changed_at"),
    sa.Index("ix_pager_calls_incident_id_page", "incident_id", "page"),
    sa.Index("ix_pager_calls_provider_state", "provider", "state"),
)  # fmt: skip

CHANNELS = sa.Table(
    "channels", METADATA,
    _text("name", primary_key=True), _text("incident_id", nullable=True, index=True), _text("topic", nullable=True),
    _json("members"), _time("opened_at"), _time("archived_at", nullable=True),
)  # fmt: skip

MESSAGES = sa.Table(
    "messages", METADATA,
    _id(), _text("incident_id", nullable=True, index=True), _text("channel", index=True),
    _text("audience", nullable=True), _text("author"), _text("text"), _flag("pinned"), _flag("drill"), _time("sent_at"),
)  # fmt: skip

TICKETS = sa.Table(
    "tickets", METADATA,
    _text("number", primary_key=True), _text("kind"), _text("incident_id", nullable=True, index=True), _text("summary"),
    _text("description", nullable=True), _text("state"), _json("fields"), _time("opened_at"),
    _time("closed_at", nullable=True), _text("close_reason", nullable=True),
)  # fmt: skip

TICKET_NOTES = sa.Table(
    "ticket_notes", METADATA, _id(), _text("number", index=True), _text("text"), _text("author"), _time("written_at")
)

BRIDGES = sa.Table(
    "bridges", METADATA,
    _text("id", primary_key=True), _text("incident_id", nullable=True, index=True), _text("name"), _text("kind"),
    _text("url"), _text("phone", nullable=True), _time("opened_at"), _time("closed_at", nullable=True),
)  # fmt: skip

MAILS = sa.Table(
    "mails", METADATA,
    _id(), _text("incident_id", nullable=True, index=True), _json("recipients"), _text("subject"), _text("text"),
    _json("attachments"), _flag("drill"), _time("queued_at"),
)  # fmt: skip

VENDOR_CASES = sa.Table(
    "vendor_cases", METADATA,
    _text("number", primary_key=True), _text("vendor"), _text("incident_id", nullable=True, index=True),
    _text("priority"), _text("summary"), _time("opened_at"),
)  # fmt: skip

VENDOR_CONTACTS = sa.Table(
    "vendor_contacts", METADATA,
    _id(), _text("number", index=True), _text("level"), _text("channel"), _text("address", nullable=True),
    _text("text"), _time("contacted_at"),
)  # fmt: skip

CALENDAR_EVENTS = sa.Table(
    "calendar_events", METADATA,
    _text("uid", primary_key=True), sa.Column("sequence", sa.Integer, nullable=False),
    _text("incident_id", nullable=True, index=True), _text("method"), _text("summary"), _time("start_at"),
    _time("end_at"), _json("attendees"), _text("ics"), _time("updated_at"),
)  # fmt: skip

STATUS_POSTS = sa.Table(
    "status_posts", METADATA,
    _id(), _text("incident_id", nullable=True, index=True), _text("service"), _text("status"), _text("title"),
    _text("text"), _text("purpose"), _flag("drill"), _time("posted_at"),
)  # fmt: skip

WORK_ORDERS = sa.Table(
    "work_orders", METADATA,
    _text("number", primary_key=True), _text("action"), _text("incident_id", nullable=True, index=True),
    _json("inputs"), _text("approval", nullable=True), _text("approval_digest", nullable=True), _flag("drill"),
    _time("ordered_at"),
)  # fmt: skip

# --- the doors -------------------------------------------------------------------------------------------------------
TOKENS = sa.Table(
    "tokens", METADATA,
    _text("id", primary_key=True), _text("secret_hash", unique=True), _text("person", nullable=True), _text("level"),
    _json("scopes"), _text("note", nullable=True), _time("created_at"), _time("expires_at", nullable=True),
    _time("revoked_at", nullable=True),
)  # fmt: skip

SESSIONS = sa.Table(
    "sessions", METADATA,
    _text("id", primary_key=True), _text("secret_hash", unique=True), _text("person", nullable=True), _text("method"),
    _text("token_id", nullable=True), _time("began_at"), _time("seen_at"), _time("expires_at", index=True),
    _time("ended_at", nullable=True),
)  # fmt: skip

LOGIN_CODES = sa.Table(
    "login_codes", METADATA,
    _text("id", primary_key=True), _text("kind"), _text("code_hash", unique=True), _text("person", nullable=True),
    _text("created_by"), _time("created_at"), _time("expires_at"), _time("used_at", nullable=True),
    _time("revoked_at", nullable=True),
)  # fmt: skip

HOUSE_KEYS = sa.Table(
    "house_keys", METADATA,
    _text("id", primary_key=True), _text("purpose", index=True), _text("secret"), _time("created_at"),
    _time("retired_at", nullable=True),
)  # fmt: skip

AUDIT = sa.Table(
    "audit", METADATA,
    _id(), _time("at"), _text("actor"), _text("action"), _text("outcome"),
    _text("incident_id", nullable=True, index=True), _text("channel", nullable=True), _json("detail"),
)  # fmt: skip

OVERRIDES = sa.Table(
    "schedule_overrides", METADATA,
    _text("id", primary_key=True), _text("schedule", index=True), _time("from_at"), _time("to_at"), _text("person"),
    _text("created_by"), _time("created_at"), _text("reason", nullable=True), _time("removed_at", nullable=True),
)  # fmt: skip

# --- which processes lived when: an outage of ours does not count against people -------------------------------------
PRESENCE = sa.Table(
    "presence", METADATA,
    _text("process", primary_key=True), _time("started_at"), _time("last_seen_at", index=True),
    _json("report", nullable=True),
)  # fmt: skip

IDEMPOTENCY = sa.Table(
    "idempotency_keys", METADATA,
    _text("principal", primary_key=True), _text("key", primary_key=True), _text("fingerprint"),
    sa.Column("status", sa.Integer, nullable=True), _json("body", nullable=True), _time("created_at"),
)  # fmt: skip

# --- reviews (the review workflow is the authority) ------------------------------------------------------------------
REVIEWS = sa.Table(
    "reviews", METADATA,
    _text("incident_id", primary_key=True), _text("workflow_id"), _text("state"), _text("owner", nullable=True),
    _time("meeting_at", nullable=True), sa.Column("revision", sa.Integer, nullable=False, default=0),
    _time("updated_at"), _json("data"),
)  # fmt: skip

REPORTS = sa.Table(
    "reports", METADATA,
    _text("incident_id", primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    _text("text"), _text("digest"), _time("drafted_at"),
)  # fmt: skip

REVIEW_ACTIONS = sa.Table(
    "review_actions", METADATA,
    _text("incident_id", primary_key=True), _text("id", primary_key=True), _text("owner", nullable=True, index=True),
    _text("state"), _time("due_at", nullable=True), _json("data"),
)  # fmt: skip

# --- archives: what outlives Temporal's retention --------------------------------------------------------------------
ARCHIVES = sa.Table(
    "archives", METADATA,
    _text("incident_id", primary_key=True), sa.Column("manifest", sa.LargeBinary, nullable=False), _text("digest"),
    sa.Column("seq", sa.Integer, nullable=False), _time("archived_at"),
)  # fmt: skip

ARCHIVE_PARTS = sa.Table(
    "archive_parts", METADATA,
    _text("incident_id", primary_key=True), _text("kind", primary_key=True),
    _text("name", primary_key=True, index=True), _flag("ended"),
    sa.Column("content", sa.LargeBinary, nullable=False),
)  # fmt: skip

TREND_FACTS = sa.Table(
    "trend_facts", METADATA,
    _text("incident_id", primary_key=True), sa.Column("seq", sa.Integer, nullable=False),
    _time("opened_at", index=True), sa.Column("facts", sa.Text, nullable=True),
    sa.Index("ix_trend_facts_incident_id_seq", "incident_id", "seq"),
)  # fmt: skip
