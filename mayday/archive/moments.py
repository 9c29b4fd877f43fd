"""What an incident was at a moment: rebuilt from its history, and held against the stored timeline."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from mayday.archive.tape import Player, Tape
from mayday.domain.durations import DurationError, parse_offset
from mayday.domain.effects import Wire
from mayday.domain.incident import Pending
from mayday.domain.timeline import Entry, parse_timestamp
from mayday.walker.state import Clock, Engagement, IncidentState

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")


class Moment(NamedTuple):
    """A point of an incident: a time, or the entry up to which."""

    at: datetime
    seq: int | None = None


class Call(Wire):
    """People who were paged and what came of it, as of the moment."""

    page: str
    people: list[str]
    at: str
    purpose: str = ""
    answered_by: str | None = None
    answered_at: str | None = None


class LastUpdate(Wire):
    audience: str
    at: str
    n: int | None = None
    purpose: str = ""
    text: str = ""


class VendorClock(Wire):
    """A contract clock as of the moment; `left_s` is negative after its end."""

    vendor: str
    clock: str
    state: str
    due_at: datetime | None = None
    left_s: int | None = None
    case: str | None = None


class Seen(Wire):
    """The incident as of a moment. `differs` is the first entry whose stored form the history does not make."""

    incident_id: str
    at: datetime
    entry: int
    last: str
    status: str
    severity: str
    phase: str | None = None
    roles: dict[str, str] = {}
    pending: list[Pending] = []
    paged: list[Call] = []
    updates: list[LastUpdate] = []
    next_update_at: datetime | None = None
    vendors: list[VendorClock] = []
    customers_affected: int | None = None
    differs: int | None = None


def parse_moment(text: str, entries: Sequence[Entry]) -> Moment:
    """`14:32`, `14:32:10` (UTC, the first one after the opening), `T+37m`, `#12`, or a whole RFC 3339 time.

    A minute and a second are taken to their ends. Raises ValueError, in words for whoever typed it.
    """
    text = text.strip()
    if not entries:
        raise ValueError("there is no timeline to look into")
    opened = parse_timestamp(entries[0].at)
    if re.fullmatch(r"#?\d+", text):
        seq = int(text.lstrip("#"))
        found = next((entry for entry in entries if entry.seq == seq), None)
        if found is None:
            raise ValueError(f"there is no entry {seq}: they go from {entries[0].seq} to {entries[-1].seq}")
        return Moment(parse_timestamp(found.at), seq)
    clock = _CLOCK.fullmatch(text)
    if clock:
        hour, minute, second = (int(part or 0) for part in clock.groups())
        if hour > 23 or minute > 59 or second > 59:
            raise ValueError(f"{text} is no time of day")
        at = opened.replace(hour=hour, minute=minute, second=second, microsecond=0)
        at += timedelta(milliseconds=999) if clock[3] else timedelta(seconds=59, milliseconds=999)
        if at < opened:
            at += timedelta(days=1)
            ended = next((entry for entry in entries if entry.kind == "finished"), None)
            if ended is not None and at > parse_timestamp(ended.at) + timedelta(minutes=1):
                raise ValueError(
                    f"at {text} UTC it was not open: it went from {opened:%Y-%m-%d %H:%M} to "
                    f"{parse_timestamp(ended.at):%Y-%m-%d %H:%M} UTC; write a whole time for another day"
                )
        return Moment(at)
    try:
        return Moment(opened + parse_offset(text))
    except DurationError:
        pass
    try:
        at = parse_timestamp(text)
    except ValueError:
        raise ValueError(f"{text} is no moment: write 14:32, T+37m, #12 or 2026-03-02T14:32:00Z") from None
    try:
        return Moment(at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC))
    except OverflowError:
        raise ValueError(f"{text} is no moment: there is no such time in UTC") from None


def parse_begin(text: str, entries: Sequence[Entry]) -> datetime:
    """As `parse_moment`, for where something begins: a minute is taken from its first second."""
    at = parse_moment(text, entries).at
    return at.replace(second=0, microsecond=0) if re.fullmatch(r"\d{1,2}:\d{2}", text.strip()) else at


def seen(tapes: Sequence[Tape], entries: Sequence[Entry], moment: Moment) -> Seen:
    """The incident as of a moment. Raises ValueError when it had not been opened yet."""
    known = [entry for entry in entries if _is_by(entry, moment)]
    if not known or not tapes:
        raise ValueError("the incident was not open yet" if not known else "no history of it is archived")
    tape = next((tape for tape in reversed(tapes) if tape.began_at and tape.began_at <= moment.at), tapes[0])
    player = Player(tape)
    player.until(moment.at, moment.seq)
    state, board = player.walker.state, player.walker.board(moment.at)
    after_the_run = [entry for entry in known if entry.seq > state.seq]
    status = [entry.data["status"] for entry in after_the_run if entry.kind in ("status_changed", "closed")]
    return Seen(
        incident_id=state.id, at=moment.at, entry=known[-1].seq, last=known[-1].text,
        status=status[-1] if status else state.status, severity=state.severity, phase=board.phase,
        roles={holder.role: holder.person for holder in board.roles if holder.person},
        pending=[] if state.finished else board.pending, paged=_calls(known), updates=_updates(known),
        next_update_at=None if state.finished else board.next_update_at, vendors=_vendors(state, moment.at),
        customers_affected=state.customers_affected, differs=_differs(player, known),
    )  # fmt: skip


def _is_by(entry: Entry, moment: Moment) -> bool:
    return entry.seq <= moment.seq if moment.seq is not None else parse_timestamp(entry.at) <= moment.at


def _differs(player: Player, known: Sequence[Entry]) -> int | None:
    stored = {entry.seq: entry.hash for entry in known}
    return next((made.seq for made in player.entries if stored.get(made.seq, made.hash) != made.hash), None)


def _calls(entries: Sequence[Entry]) -> list[Call]:
    """Pages, each with its first answer: latest first."""
    calls: list[Call] = []
    for entry in entries:
        data: dict[str, Any] = entry.data
        if entry.kind == "paged":
            calls.append(
                Call(
                    page=data.get("page", entry.step or ""),
                    people=data.get("people", []),
                    at=entry.at,
                    purpose=data.get("purpose", ""),
                )
            )
        elif entry.kind in ("acknowledged", "seen", "role_taken", "voted", "task_accepted", "task_completed"):
            page = data.get("page") or data.get("decision") or data.get("task") or f"role:{data.get('role')}"
            person = data.get("person") or entry.actor
            for call in calls:
                if call.page == page and call.answered_by is None and (person in call.people or not call.people):
                    call.answered_by, call.answered_at = person, entry.at
    return calls[::-1]


def _updates(entries: Sequence[Entry]) -> list[LastUpdate]:
    """The last message that left to each audience."""
    last: dict[str, LastUpdate] = {}
    for entry in entries:
        if entry.kind == "message_sent":
            data = entry.data
            last[data["audience"]] = LastUpdate(
                audience=data["audience"], at=entry.at, n=data.get("n"), purpose=data.get("purpose", ""),
                text=data.get("text", ""),
            )  # fmt: skip
    return list(last.values())


def _vendors(state: IncidentState, at: datetime) -> list[VendorClock]:
    found: list[VendorClock] = []
    for engagement in state.engagements.values():
        for name, clock in (("response", engagement.response), ("resolve", engagement.resolve)):
            if clock is not None:
                found.append(_vendor(engagement, name, clock, at))
        if engagement.update_due_at is not None and not engagement.ended:
            left = int((engagement.update_due_at - at).total_seconds())
            found.append(
                VendorClock(
                    vendor=engagement.vendor,
                    clock="update",
                    state="running",
                    due_at=engagement.update_due_at,
                    left_s=left,
                    case=engagement.case,
                )
            )
    return found


def _vendor(engagement: Engagement, name: str, clock: Clock, at: datetime) -> VendorClock:
    if clock.breached_at is not None:
        state = "breached"
    elif clock.stopped_at is not None or engagement.ended:
        state = "kept"
    elif engagement.waiting_since is not None:
        state = "waits for us"
    else:
        state = "warned" if clock.warned else "running"
    runs = state in ("running", "warned") and clock.due_at is not None
    left = int((clock.due_at - at).total_seconds()) if runs and clock.due_at is not None else None
    return VendorClock(
        vendor=engagement.vendor, clock=name, state=state, due_at=clock.due_at, left_s=left, case=engagement.case
    )
