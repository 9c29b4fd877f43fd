"""What a child ticket is told when the major one is resolved."""

from __future__ import annotations

from mayday.domain.ports import TicketClosing, WorkNote

__all__ = ["MOST_CHILDREN", "proposal"]

#: children that one resolution tells
MOST_CHILDREN = 50


def proposal(closing: TicketClosing, child: str) -> WorkNote:
    """The work note of one child."""
    reason = f": {closing.reason}" if closing.reason else ""
    return WorkNote(
        effect_key=f"{closing.effect_key}/children/{child}", incident_id=closing.incident_id, ticket=child,
        text=f"The major incident {closing.ticket} is resolved{reason}\n"
        "Proposed: check that this ticket's users are served again, then resolve it too.",
    )  # fmt: skip
