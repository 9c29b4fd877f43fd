"""What a refused command may have meant: ids that wait now, nearest first.

In the middle of a night somebody types `emergency_change` where `moves[1].emergency_change` is asked. The refusal stays
one, but its hint names what is open.
"""

from __future__ import annotations

from collections.abc import Sequence

from mayday.domain.commands import Accept, Ack, Command, Complete, Decline, Vote
from mayday.domain.incident import Pending

__all__ = ["MISNAMED", "open_now"]

MISNAMED = frozenset({"unknown", "not_open"})
MOST = 5


def open_now(command: Command, code: str, pending: Sequence[Pending]) -> str | None:
    """The hint, or None where the id is not what was wrong, or nothing of that kind is open."""
    if code not in MISNAMED:
        return None
    match command:
        case Vote():
            given, kinds = command.decision, {"decision"}
        case Complete():
            given, kinds = command.task, {"task", "confirm", "review"}
        case Ack():
            given, kinds = command.page, {"page"}
        case Accept():
            given, kinds = command.target, {"role", "task"}
        case Decline():
            given, kinds = command.target, {"role", "page"}
        case _:
            return None
    ids = [item.id.removeprefix("role:") for item in pending if item.kind in kinds]
    ids.sort(key=lambda each: _last(each) != _last(given))
    if not ids:
        return None
    more = f" and {len(ids) - MOST} more" if len(ids) > MOST else ""
    return f"open now: {', '.join(ids[:MOST])}{more}"


def _last(path: str) -> str:
    return path.rpartition(".")[2].rpartition(":")[2]
