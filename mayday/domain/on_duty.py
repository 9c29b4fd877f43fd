"""Who stands on a schedule of ours now, as API and terminal print it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mayday.domain.oncall import LocalSchedule, next_handoff, on_call
from mayday.domain.timeline import timestamp

__all__ = ["on_duty"]


def on_duty(name: str, roster: LocalSchedule, at: datetime) -> dict[str, Any]:
    """The person, why it is them, until when, and who is next; None where nobody is."""
    now, following = on_call(roster, at), next_handoff(roster, at)
    return {
        "schedule": name,
        "person": now.person,
        "source": now.source,
        "layer": now.layer,
        "until": timestamp(now.until) if now.until else None,
        "next": {"person": following.incoming, "at": timestamp(following.at)} if following else None,
    }
