"""Where ids come from: incidents, commands, workflows. Nothing else in mayday makes one up (DESIGN.md, idea 4)."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from functools import lru_cache

from ulid import ULID

__all__ = ["OCCURRENCE_KEPT", "command_id", "incident_id", "review_workflow_id", "short_id", "workflow_id"]

OCCURRENCE_KEPT = timedelta(hours=24)
"""How long after its end an incident is reopened instead of a fresh one opened (LANGUAGE.md, small rules)."""


def incident_id(at: datetime) -> str:
    """`INC-` and a ULID: sorts by the moment it was opened, and no two starters mint the same."""
    return f"INC-{ULID.from_datetime(at)}"


def short_id(incident: str) -> str:
    """The form for people to say aloud: `INC-` and the last six characters."""
    return f"INC-{incident[-6:]}"


@lru_cache(maxsize=1_000)
def workflow_id(correlation_key: str) -> str:
    """One workflow id a key, so that Temporal itself keeps one open incident a key."""
    return f"incident/{hashlib.sha256(correlation_key.encode()).hexdigest()[:20]}"


def review_workflow_id(incident: str) -> str:
    """The workflow that follows an incident's review."""
    return f"review/{incident}"


def command_id(principal: str, idempotency_key: str | None) -> str:
    """The id under which a workflow answers a command once: the same key of the same caller gives the same id."""
    if idempotency_key is None:
        return f"cmd-{ULID()}"
    joined = "\n".join((principal, idempotency_key))
    return f"cmd-{hashlib.sha256(joined.encode()).hexdigest()[:26]}"
