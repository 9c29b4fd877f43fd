"""The wire contract between the walker and the outside: effect requests out, effect results back.

An effect's `kind` is the Temporal activity type that carries it out (`paging.page_responder`, `bridge.open`, ...).
`key` is `{step path}#{occurrence}` inside one incident; `effect_key` puts the incident's id before it. Each provider
call derives `{effect_key}/{recipient}/{channel}` from it and carries that as its idempotency key (DESIGN.md, ideas 4
and 7): the same effect asked for twice is done once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from mayday.domain.incident import AlertEvent, Board
from mayday.domain.timeline import Entry
from mayday.domain.wire import Wire

__all__ = [
    "CLOSE_PAGE", "DEADLINE", "FLUSH", "LOOK", "NOTE_CHANGE", "PAGE", "REOPEN_TICKET", "RESOLVE", "SEND",
    "VENDOR_CONTACT", "VENDOR_OPEN", "ActionReceipt", "ActionRequest", "ClosePage", "Deadline", "DeadlineRequest",
    "EffectClass",
    "EffectFailure", "EffectRequest", "EffectResult", "FlushReceipt", "FlushRequest", "IncidentCard", "LookReceipt",
    "LookRequest", "PagePurpose", "PageReceipt", "PageRequest", "PagedPerson", "ResolveRequest", "Roster",
    "SendReceipt", "SendRequest", "SentVia", "Unreached", "VendorCase", "VendorReceipt", "Wire",
]  # fmt: skip

EffectClass = Literal["page", "notify", "read", "reversible", "irreversible"]
SendPurpose = Literal["update", "notice", "final", "holding", "first_post", "correction", "brief"]
PagePurpose = Literal["page", "role", "vote", "task", "join", "nag", "candidate", "exhausted", "notice"]

#: kinds that are not catalog actions
PAGE = "paging.page_responder"
CLOSE_PAGE = "paging.close_page"
SEND = "messaging.send_message"
RESOLVE = "roster.resolve"
DEADLINE = "calendar.deadline"
LAST_SEEN = "system.last_seen"
NOTE_CHANGE = "itsm.note_change"
#: what no runbook asks for: a reopening does
REOPEN_TICKET = "itsm.reopen"
VENDOR_OPEN = "vendor.open_case"
VENDOR_CONTACT = "vendor.contact"
FLUSH = "timeline.flush"
LOOK = "inbox.look"


class IncidentCard(Wire):
    """What every outgoing call may say about the incident."""

    id: str
    title: str
    severity: str
    status: str
    service: str
    drill: bool = False
    bridge_url: str | None = None
    ticket: str | None = None
    channel: str | None = None
    opened_at: datetime | None = None


class PageRequest(Wire):
    """Wake people (`urgent`) or tell them without waiting. `targets` are `person.X` or `schedule.X`.

    `page` is the id under which the recipient answers: a page step's path, `role:NAME`, a gate or a task. `choices`
    are a gate's own options, where it has some instead of approve and reject.
    `fallback` gives, per schedule, the person ids of the plan's snapshot, used when the roster cannot be read.
    `spare`: who declined is not called again, on whatever schedule they stand.
    """

    effect_key: str
    incident: IncidentCard
    page: str
    purpose: PagePurpose
    targets: list[str]
    via: list[str]
    text: str
    urgent: bool = True
    fallback: dict[str, list[str]] = {}
    choices: list[str] = []
    spare: list[str] = []


class PagedPerson(Wire):
    person: str
    target: str
    channel: str
    provider: str = "desk"
    ref: str | None = None


class Unreached(Wire):
    """A channel or a target that did not carry the message, and why."""

    target: str
    channel: str | None = None
    reason: str


class PageReceipt(Wire):
    paged: list[PagedPerson] = []
    unreached: list[Unreached] = []


class ClosePage(Wire):
    """Stop what `page` still rings: acknowledged, or its step was cancelled.

    `over`: nobody can answer it any more. It is False when somebody has only seen a question that stays open.
    `person`: only what rings for them, because they declined; the page goes on for others.
    """

    effect_key: str
    incident: IncidentCard
    page: str
    reason: str
    over: bool = True
    person: str | None = None


class SendRequest(Wire):
    """One message to one audience. `to` are addresses or person ids as the catalog has them; `via` in order."""

    effect_key: str
    incident: IncidentCard
    audience: str
    to: list[str] = []
    via: list[str]
    subject: str
    text: str
    purpose: SendPurpose = "update"
    outward: bool = False


class SentVia(Wire):
    """`note` is what people should know about how it went: it gets onto the timeline."""

    channel: str
    provider: str = "desk"
    ref: str | None = None
    note: str | None = None


class SendReceipt(Wire):
    """`held`: channels that it had not reached when outward messages were held."""

    sent: list[SentVia] = []
    unreached: list[Unreached] = []
    held: list[str] = []


class ResolveRequest(Wire):
    """Who stands on these schedules now; `handoffs`: and when that changes next."""

    effect_key: str
    targets: list[str]
    fallback: dict[str, list[str]] = {}
    handoffs: bool = False


class NextHandoff(Wire):
    """The next change on a schedule; `incoming` is None when nobody follows, or nobody is known."""

    at: datetime
    incoming: str | None = None


class Roster(Wire):
    """People by target, and where it was asked for the next hand-off of each schedule that has one."""

    people: dict[str, list[str]] = {}
    handoffs: dict[str, NextHandoff] = {}
    stale: bool = False


class DeadlineRequest(Wire):
    """When `duration` of the calendar's open time after `start_at` is over (`hours`: 24x7 or a calendar's name).

    With `rested_from` and `rested_to`: when a clock ends that was due at `start_at` and stood still in between.
    """

    effect_key: str
    start_at: datetime
    duration: str
    hours: str
    rested_from: datetime | None = None
    rested_to: datetime | None = None


class Deadline(Wire):
    due_at: datetime


class LastSeenRequest(Wire):
    """The walker was woken much later than `wanted_at`: when was the system last alive before that?"""

    effect_key: str
    wanted_at: datetime


class LastSeen(Wire):
    """`last_seen_at` is None when nobody knows."""

    last_seen_at: datetime | None = None


class ActionRequest(Wire):
    """A catalog action. `approval` is the reference of the gate that allowed it, where there is one."""

    effect_key: str
    incident: IncidentCard
    action: str
    inputs: dict[str, Any] = {}
    approval: str | None = None
    approval_digest: str | None = None


class ActionReceipt(Wire):
    """`unreached`: providers that were asked before the one that did it, and why they did not."""

    outputs: dict[str, Any] = {}
    unreached: list[Unreached] = []


class VendorCase(Wire):
    """Open a case at the vendor, or (`level`) call the next contact of its ladder."""

    effect_key: str
    incident: IncidentCard
    vendor: str
    level: str
    via: list[str] = []
    priority: str
    summary: str
    case: str | None = None


class VendorReceipt(Wire):
    case: str | None = None
    contacted: list[SentVia] = []
    unreached: list[Unreached] = []


class EffectRequest(Wire):
    """Something the engine has to get done, once. `attempt` counts the tries that the runbook asked for."""

    key: str
    kind: str
    step: str
    effect_class: EffectClass
    payload: dict[str, Any]
    summary: str = ""
    timeout_s: int = 120


class EffectFailure(Wire):
    """Why an effect failed. `ambiguous`: it may have happened; only a look can tell."""

    code: str
    message: str
    ambiguous: bool = False


class EffectResult(Wire):
    value: dict[str, Any] = {}
    failure: EffectFailure | None = None


class FlushRequest(Wire):
    """Keep a batch of entries, what the board says now, and tell the ticket.

    The batch is stored once however often it comes. `board` is None where a run has none (a review); `status` then says
    what the incident became. The ticket is that of the last board kept; its note holds the head hash.
    """

    incident_id: str
    entries: list[Entry] = []
    board: Board | None = None
    note_to_ticket: bool = True
    status: str | None = None
    correlation_key: str | None = None
    run_id: str | None = None


class FlushReceipt(Wire):
    """`conflicts` are numbers whose stored entry is another one: the store keeps its own, doctor shows it.

    `noted`: the ticket holds everything up to `seq`.
    """

    stored: int = 0
    seq: int = 0
    head: str = ""
    conflicts: list[int] = []
    noted: bool = False


class LookRequest(Wire):
    """What a closing run asks last: is there a firing alert for it that nobody forwarded yet?"""

    workflow_id: str
    correlation_key: str | None = None
    since_at: datetime | None = None
    limit: int = 200


class LookReceipt(Wire):
    events: list[AlertEvent] = []
