"""How things stand, for a chat: one line an incident, or all of one with what waits for whom and what to write."""

from __future__ import annotations

from mayday.domain.incident import Board, Pending
from mayday.domain.plain_words import spoken
from mayday.domain.timeline_words import Naming
from mayday.records.incidents import IncidentRecord
from starter.chat_declining import DECLINED
from starter.minting import short_id
from starter.parts import Parts
from starter.routes.incidents import live_board

__all__ = ["all_open", "status_of"]

LISTED, WAITING = 20, 15
#: what goes on by itself
_NOBODYS = ("cadence", "wait", "vendor")
_ANSWERED_BY = {
    "page": "ack", "role": "accept", "decision": "vote", "task": "done", "review": "done", "confirm": "done",
}  # fmt: skip


async def all_open(parts: Parts) -> str:
    """Every open incident; where it is the only one, all of it."""
    listed = (await parts.records.incidents.find(open_only=True, limit=LISTED)).items
    if not listed:
        return "No incident is open. declare SERVICE SEV1 TITLE opens one."
    if len(listed) == 1:
        return await status_of(parts, listed[0])
    lines = [_line(record, record.board) for record in listed]
    return "\n".join([*lines, f"{short_id(listed[0].id)} status says more of one"])


async def status_of(parts: Parts, record: IncidentRecord) -> str:
    """How one stands."""
    board = await live_board(parts, record)
    shown = board or record.board
    naming = parts.naming
    lines = [_line(record, shown)]
    if shown is not None:
        lines.append(_commander(shown, naming))
        lines += [f"{label}: {value}" for label, value in (("bridge", shown.bridge), ("ticket", shown.ticket)) if value]
        if shown.hold_outward:
            lines.append("outward messages are held; release REASON lets them go")
        waiting = [item for item in shown.pending if item.kind not in _NOBODYS]
        lines += [_waits(item, naming) for item in waiting[:WAITING]] or ["nothing waits for anybody"]
        if len(waiting) > WAITING:
            lines.append(f"and {len(waiting) - WAITING} more")
    if board is None and record.ended_at is None:
        lines.append("(as last stored: the incident itself does not answer)")
    lines.append(f"{parts.settings.base_url}/incidents/{record.id}")
    return "\n".join(lines)


def _line(record: IncidentRecord, board: Board | None) -> str:
    shown = board or record
    drill = " DRILL" if record.drill else ""
    return f"{short_id(record.id)} {shown.severity}{drill} {shown.status}: {shown.title}"


def _commander(board: Board, naming: Naming) -> str:
    person = {role.role: role.person for role in board.roles}.get("incident_commander")
    if not board.leaderless:
        return f"commander: {naming.of(person) if person else 'nobody yet'}"
    return "commander: nobody yet" + (f"; {naming.of(person)} stands in" if person else "")


def _waits(item: Pending, naming: Naming) -> str:
    """What waits, for whom, until when, what then, and what is written to answer it."""
    whom = ", ".join(naming.of(ref) for ref in item.for_)
    facts = [
        f"for {whom}" if whom else "", f"until {item.due_at:%H:%M} UTC" if item.due_at else "",
        f"then {naming.then(item.then)}" if item.then else "",
    ]  # fmt: skip
    said = ", ".join(filter(None, facts))
    return f"- {naming.text(item.text) or spoken(item.id)}" + (f" [{said}]" if said else "") + _line_to_write(item)


def _line_to_write(item: Pending) -> str:
    if item.kind == "candidate":
        return " → confirm, or reject REASON"
    verb = _ANSWERED_BY.get(item.kind)
    if verb is None:
        return ""
    options = [str(option) for option in item.detail.get("options") or []] or ["approve", "reject"]
    choice = f" {'|'.join(options)}" if item.kind == "decision" else ""
    name = item.id.removeprefix("role:")
    return f" → {verb} {name}{choice}" + (f", or decline {name} REASON" if item.kind in DECLINED else "")
