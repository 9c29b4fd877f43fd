"""An incident as its page shows it: head, roles, vendors, ladders, messages and timeline, from board and entries."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from mayday.domain.incident import Board
from mayday.domain.plain_words import spoken
from mayday.domain.timeline import Entry, parse_timestamp
from mayday.records.incidents import IncidentRecord
from starter.console.names import Names
from starter.minting import short_id

__all__ = ["Head", "Row", "filter_of", "head_of", "ladders_of", "messages_of", "row_of", "vendors_of"]

FILTERS = ("decisions", "updates", "pages", "vendor", "notes")
#: kinds by the filter that shows them; by prefix where a whole family belongs there
_FAMILIES: tuple[tuple[str, str], ...] = (
    ("gate_", "decisions"), ("vote", "decisions"), ("candidate_", "decisions"), ("declaration_", "decisions"),
    ("glass_", "decisions"), ("delegated", "decisions"), ("approval_", "decisions"), ("finding", "decisions"),
    ("overridden", "decisions"), ("status_changed", "decisions"), ("severity_changed", "decisions"),
    ("confirmation_", "decisions"), ("refused", "decisions"),
    ("message_", "updates"), ("cadence_", "updates"), ("tick", "updates"), ("update_", "updates"),
    ("holding_", "updates"), ("send_", "updates"), ("correction_", "updates"), ("outward_", "updates"),
    ("review_", "updates"), ("final_", "updates"),
    ("paged", "pages"), ("page_", "pages"), ("notified", "pages"), ("acknowledged", "pages"), ("seen", "pages"),
    ("joined", "pages"), ("not_joined", "pages"), ("role_", "pages"),
    ("vendor_", "vendor"),
    ("noted", "notes"), ("impact_set", "notes"), ("fact_learned", "notes"), ("logged", "notes"),
)  # fmt: skip


class Row(NamedTuple):
    """One line of the timeline. `by_hand`: a person did it."""

    seq: int
    at: str
    kind: str
    actor: str
    text: str
    filter: str
    by_hand: bool
    occurred_at: str | None


def filter_of(kind: str) -> str:
    return next((name for prefix, name in _FAMILIES if kind.startswith(prefix)), "other")


def row_of(entry: Entry, names: Names) -> Row:
    by_hand = entry.actor != "system"
    return Row(
        entry.seq, entry.at, entry.kind, names.person(entry.actor), names.entry(entry), filter_of(entry.kind), by_hand,
        entry.data.get("occurred_at"),
    )  # fmt: skip


class Link(NamedTuple):
    """Where something of the incident lives; without an address it is only named."""

    what: str
    name: str
    url: str | None


class Hold(NamedTuple):
    """Who stopped outward messages, when and why."""

    by: str
    at: str
    reason: str


@dataclass(frozen=True)
class Head:
    """The top of the page: how bad, how long, who leads."""

    id: str
    short: str
    title: str
    summary: str
    severity: str
    status: str
    drill: bool
    opened_at: datetime
    ended_at: datetime | None
    services: list[str]
    customers: int | None
    commander: str | None
    commander_id: str | None
    leaderless: bool
    phase: str | None
    runbook: str
    links: list[Link]
    next_update_at: datetime | None
    held: bool
    hold: Hold | None
    #: what waits to be let go: `update to customers`
    waiting_out: list[str]
    merged_into: str | None
    over: bool
    suspects: list[str]
    seen_before: list[SeenBefore]
    last_sent: dict[str, Any] | None
    live: bool
    alerts: int


class SeenBefore(NamedTuple):
    """Something that looked alike, and what helped then; empty where nobody wrote it down."""

    title: str
    note: str
    workaround: str
    cause: str
    problem: str
    url: str | None


def head_of(
    record: IncidentRecord, board: Board | None, entries: list[Entry], names: Names, base_url: str, *, live: bool
) -> Head:
    commander = next((role for role in board.roles if role.role == "incident_commander"), None) if board else None
    ended_at = record.ended_at
    if ended_at is None and not record.is_open and entries:
        ended_at = next((_at(entry) for entry in reversed(entries) if entry.kind == "finished"), None)
    sent = [message for message in board.sent if message.get("delivered")] if board else []
    status = board.status if board is not None and record.is_open else record.status
    return Head(
        id=record.id,
        short=short_id(record.id),
        title=board.title if board else record.title,
        summary=board.summary if board else "",
        severity=board.severity if board else record.severity,
        status=status,
        drill=record.drill,
        opened_at=record.opened_at,
        ended_at=ended_at,
        services=[names.service(name) for name in (board.services if board else record.services)],
        customers=board.customers_affected if board else None,
        commander=names.person(commander.person) if commander and commander.person else None,
        commander_id=commander.person if commander else None,
        leaderless=bool(board and board.leaderless),
        phase=board.phase if board else None,
        runbook=board.runbook if board else "",
        links=_links(board, entries, base_url),
        next_update_at=board.next_update_at if board and record.is_open else None,
        held=bool(board and board.hold_outward),
        hold=_hold(entries, names),
        waiting_out=[
            f"{spoken(str(message.get('purpose')))} to {spoken(str(message.get('audience')))}"
            for message in (board.sent if board else [])
            if message.get("held")
        ],
        merged_into=board.merged_into if board else None,
        over=not record.is_open,
        suspects=_suspects(entries),
        seen_before=_seen_before(entries),
        last_sent=sent[-1] if sent else None,
        live=live,
        alerts=board.alerts if board else 0,
    )


def messages_of(board: Board | None, entries: list[Entry], names: Names) -> list[dict[str, Any]]:
    """The last messages, newest first; `lost` says why one will not leave any more."""
    lost = {
        entry.data.get("n"): names.text(str(entry.data.get("reason") or ""))
        for entry in entries
        if entry.kind in ("send_failed", "message_dropped")
    }
    return [
        {**message, "lost": None if message.get("delivered") or message.get("held") else lost.get(message.get("n"))}
        for message in reversed(board.sent if board else [])
    ]


def _hold(entries: list[Entry], names: Names) -> Hold | None:
    last = next((entry for entry in reversed(entries) if entry.kind in ("outward_held", "outward_released")), None)
    if last is None or last.kind != "outward_held":
        return None
    return Hold(names.person(last.actor), last.at, str(last.data.get("reason") or "no reason given").rstrip("."))


def _links(board: Board | None, entries: list[Entry], base_url: str) -> list[Link]:
    """Bridge, channel and ticket, with the addresses that their providers gave; a script's address is none."""
    if board is None:
        return []
    given: dict[str, str] = {}
    for entry in entries:
        if entry.kind != "action_finished":
            continue
        outputs = entry.data.get("outputs")
        action, url = str(entry.data.get("action", "")), outputs.get("url") if isinstance(outputs, dict) else None
        if isinstance(url, str):
            given["ticket" if action.startswith("itsm.") else "channel" if action.startswith("chat.") else action] = url
    found = []
    if board.bridge:
        found.append(Link("bridge", "Join", _web(board.bridge)))
    if board.channel:
        found.append(Link("channel", board.channel, _web(given.get("channel"))))
    if board.ticket:
        own = f"{base_url}/desk/tickets/{board.ticket}" if board.ticket.startswith("MI-") else None
        found.append(Link("ticket", board.ticket, _web(given.get("ticket")) or own))
    return found


def _web(url: str | None) -> str | None:
    return url if url and url.startswith(("https://", "http://")) else None


def _suspects(entries: list[Entry]) -> list[str]:
    """Changes that were made shortly before, as the runbook's look at the change log found them."""
    for entry in entries:
        if entry.kind == "action_finished" and entry.data.get("action") == "changes.recent":
            outputs = entry.data.get("outputs")
            items = outputs.get("changes", []) if isinstance(outputs, dict) else []
            return [str(item.get("summary") or item.get("number")) for item in items if isinstance(item, dict)][:3]
    return []


def _seen_before(entries: list[Entry]) -> list[SeenBefore]:
    """Incidents that looked alike, the likest first, as the runbook's look at what is known found them."""
    for entry in entries:
        if entry.kind == "action_finished" and entry.data.get("action") == "knowledge.similar":
            outputs = entry.data.get("outputs")
            items = outputs.get("items", []) if isinstance(outputs, dict) else []
            return [_seen(item) for item in items if isinstance(item, dict)][:3]
    return []


def _seen(item: dict[str, Any]) -> SeenBefore:
    said = {name: str(item.get(name) or "") for name in ("title", "note", "workaround", "cause", "problem")}
    return SeenBefore(url=_web(item.get("url")), **said)


def _at(entry: Entry) -> datetime:
    return parse_timestamp(entry.at)


# vendors ---------------------------------------------------------------------------------------------------------


@dataclass
class VendorCase:
    """One engagement: the promise that runs, and what was said."""

    step: str
    vendor: str
    priority: str = ""
    contract: str = ""
    case: str = ""
    level: str = ""
    engaged_at: str = ""
    due_at: datetime | None = None
    then: str = ""
    paused: bool = False
    warned: bool = False
    broken: list[str] = field(default_factory=list)
    last: str = ""
    last_at: str = ""
    over: str = ""


def vendors_of(board: Board | None, entries: list[Entry], names: Names) -> list[VendorCase]:
    cases: dict[str, VendorCase] = {}
    for entry in entries:
        if not entry.kind.startswith("vendor_") or entry.step is None:
            continue
        data = entry.data
        case = cases.setdefault(entry.step, VendorCase(entry.step, names.vendor(str(data.get("vendor", "")))))
        if entry.kind == "vendor_engaged":
            case.priority, case.contract = str(data.get("priority", "")), str(data.get("contract", ""))
            case.engaged_at, case.over = entry.at, ""
        elif entry.kind == "vendor_contacted":
            case.case = str(data.get("case") or case.case)
            case.level = str(data.get("level") or case.level)
        elif entry.kind == "vendor_warning":
            case.warned = True
        elif entry.kind == "vendor_breached":
            case.broken.append(str(data.get("clock", "")))
        elif entry.kind == "vendor_closed":
            case.over = str(data.get("reason", "closed"))
        if entry.kind in ("vendor_replied", "vendor_escalated", "vendor_contact_failed", "vendor_update_missed"):
            case.last, case.last_at = names.entry(entry), entry.at
    for item in board.pending if board else []:
        if item.kind == "vendor" and item.id in cases:
            case = cases[item.id]
            case.due_at, case.then, case.paused = item.due_at, item.then, bool(item.detail.get("paused"))
    return list(cases.values())


# ladders ---------------------------------------------------------------------------------------------------------


@dataclass
class Ladder:
    """Who was called for one page, in order, and who answered."""

    page: str
    steps: list[Row] = field(default_factory=list)
    answered: str = ""
    exhausted: bool = False
    due_at: datetime | None = None
    then: str = ""


_OF_A_LADDER = (
    "paged", "page_failed", "page_escalated", "page_exhausted", "acknowledged", "joined", "not_joined",
)  # fmt: skip


def ladders_of(board: Board | None, entries: list[Entry], names: Names) -> list[Ladder]:
    """Escalations, the ones that still ring first."""
    found: dict[str, Ladder] = {}
    for entry in entries:
        page = entry.data.get("page")
        if entry.kind not in _OF_A_LADDER or not isinstance(page, str):
            continue
        if entry.kind == "paged" and entry.data.get("purpose") != "page":
            continue
        ladder = found.setdefault(page, Ladder(page))
        ladder.steps.append(row_of(entry, names))
        if entry.kind == "acknowledged":
            ladder.answered = names.person(entry.actor)
        elif entry.kind == "page_exhausted":
            ladder.exhausted = True
    for item in board.pending if board else []:
        if item.kind == "page" and item.id in found:
            found[item.id].due_at, found[item.id].then = item.due_at, names.then(item.then)
    ladders = [ladder for ladder in found.values() if not ladder.page.startswith("role:")]
    return sorted(ladders, key=lambda ladder: (ladder.due_at is None, ladder.page))
