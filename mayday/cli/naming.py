"""What people, vendors and services are called, for the tables that a terminal shows."""

from __future__ import annotations

from mayday.cli.errors import CliError
from mayday.cli.remote import remote
from mayday.domain.timeline_words import NAMELESS, Naming

__all__ = ["naming"]


def naming() -> Naming:
    """The names that the starter has; ids where it tells none (an older one, a token that may not look)."""
    try:
        found = remote().get("/api/v1/names")
        return Naming(people=found["people"], vendors=found["vendors"], services=found["services"])
    except (CliError, KeyError, TypeError):
        return NAMELESS
