"""Word of an outage: nobody could answer from then to then. Every open incident is told by the worker that comes back.

It is signed like a decision and is none: no door takes it from people, and it gives time without taking any.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import AwareDatetime

from mayday.domain.wire import Wire

__all__ = ["LATE_AFTER", "OUTAGE_SIGNAL", "OutageEnvelope", "OutageNotice"]

#: less than this is the jitter of a timer, or a worker that began anew
LATE_AFTER = timedelta(seconds=60)
OUTAGE_SIGNAL = "outage_ended"


class OutageNotice(Wire):
    """Nobody could answer from `from_at` to `to_at`, as the store knows."""

    kind: Literal["outage"] = "outage"
    from_at: AwareDatetime
    to_at: AwareDatetime


class OutageEnvelope(Wire):
    """As it travels: `command` is what the signatures cover (`mayday.domain.signed`)."""

    command: OutageNotice
    signatures: dict[str, str] = {}
