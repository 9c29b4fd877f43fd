"""Notes: what anyone of the catalog wants to be remembered, also late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mayday.domain.commands import Note, Refusal
from mayday.walker import people

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def refusal(w: Walker, command: Note) -> Refusal | None:
    if not people.reports(w, command.actor):
        return Refusal(code="not_yours", reason="notes come from a person of the catalog")
    if not command.text.strip():
        return Refusal(code="invalid", reason="text: a note needs words")
    if command.occurred_at is not None and command.occurred_at > w.now:
        return Refusal(code="invalid", reason="occurred_at: lies in the future")
    return None


def note(w: Walker, command: Note) -> dict[str, Any]:
    people.respond(w, command.actor)
    w.entry("noted", command.actor, None, words=command.text, occurred_at=command.occurred_at, channel=command.channel)
    return {}
