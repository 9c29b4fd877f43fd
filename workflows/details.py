"""The board as a short Markdown page: what Temporal's own UI shows of an open incident."""

from __future__ import annotations

from mayday.domain.incident import Board, Pending

LISTED = 20


def markdown(board: Board) -> str:
    """Title, state, roles and everything that waits, soonest first as the board has it."""
    lines = [
        f"## {board.severity} {_plain(board.title)}",
        f"**{board.status}**{' (drill)' if board.drill else ''}, {board.phase or 'no phase'}, {board.runbook}",
        "",
    ]
    commander = next((r.person for r in board.roles if r.role == "incident_commander" and r.person), None)
    lines.append(f"Commander: {commander or '**no commander**'}")
    lines += [
        f"- {role.role}: {role.person}" for role in board.roles if role.person and role.role != "incident_commander"
    ]
    if board.bridge:
        lines.append(f"Bridge: {board.bridge}")
    if board.pending:
        lines += ["", "| waits | for | until |", "| --- | --- | --- |"]
        lines += [
            f"| {item.kind} {item.id} | {', '.join(item.for_) or '-'} | {_until(item)} |"
            for item in board.pending[:LISTED]
        ]
        if len(board.pending) > LISTED:
            lines.append(f"and {len(board.pending) - LISTED} more")
    return "\n".join(lines)


def _until(item: Pending) -> str:
    return f"{item.due_at.isoformat()[11:19]}Z" if item.due_at else "-"  # strftime imports inside the sandbox: slow


def _plain(text: str) -> str:
    return text.replace("\n", " ").replace("|", "/")[:200]
