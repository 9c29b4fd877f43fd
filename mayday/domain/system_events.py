"""The events that the system itself announces to handlers and to `wait: event`, with what they carry.

Their first words are reserved: such an event cannot be sent from outside, and a runbook that waits for one that is not
in this table would wait for ever. Every event also has `name` and `actor`.
"""

from __future__ import annotations

from collections.abc import Mapping

from mayday.domain.ranks import Status

__all__ = ["RESERVED", "SYSTEM_EVENTS"]

_REPLIES = ("reply", "eta", "downgrade", "waiting_on_us", "resumed", "resolved")

SYSTEM_EVENTS: Mapping[str, tuple[str, ...]] = {
    "severity.changed": ("severity", "before"),
    "severity.raised": ("severity", "before"),
    "severity.lowered": ("severity", "before"),
    "status.changed": ("status", "before"),
    **{f"status.{status.value}": ("before",) for status in Status},
    "alert.fired": ("title", "alert"),
    "alert.resolved": ("title", "alert"),
    "role.taken": ("role", "person"),
    "role.declined": ("role", "person"),
    "page.acknowledged": ("page", "person"),
    "page.declined": ("page", "person"),
    "page.exhausted": ("page",),
    "decision.decided": ("decision", "outcome"),
    "phase.entered": ("phase",),
    "phase.left": ("phase",),
    "vendor.breached": ("step", "vendor", "clock"),
    "vendor.replied": ("step", "vendor"),
    **{f"vendor.{reply}": ("step", "vendor") for reply in _REPLIES},
}
"""Name of the event, and the names of its data."""

RESERVED = ("severity", "status", "alert", "page", "role", "decision", "vendor", "cadence", "phase", "incident", "task")
"""First words (before the dot) of the system's events, those of later versions included."""
