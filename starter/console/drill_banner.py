"""What every page of a drill says first: that it is one, and whether it stands back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from mayday.domain.incident import Board, NextInject
from mayday.domain.timeline import Entry
from mayday.records.incidents import IncidentRecord

__all__ = ["Banner", "banner_of"]


class Banner(NamedTuple):
    """`why` and `real` (an incident's id) say what it stands back for, where the timeline is at hand."""

    incident: str
    over: bool
    paused_at: datetime | None
    why: str
    real: str | None
    coming: list[NextInject]


def banner_of(record: IncidentRecord, board: Board | None = None, entries: Sequence[Entry] = ()) -> Banner | None:
    """None for what is real. Without a board of its own run it says what was last stored."""
    if not record.drill:
        return None
    board, over = board or record.board, not record.is_open
    paused_at = board.drill_paused_at if board is not None and not over else None
    last = next((entry for entry in reversed(entries) if entry.kind == "drill_paused"), None) if paused_at else None
    real = last.data.get("incident") if last else None
    return Banner(
        record.id, over, paused_at, str(last.data.get("reason", "")) if last else "",
        real if isinstance(real, str) else None, board.injects if board is not None and not over else [],
    )  # fmt: skip
