"""A task's form, as chats ask it: in a window where the chat has one, else in a line."""

from __future__ import annotations

from mayday.domain.incident import Pending
from mayday.providers.slack.modals import FormField

__all__ = ["form_of"]


def form_of(waiting: Pending) -> list[FormField]:
    """The values that a task asks for, in the runbook's order."""
    return [
        FormField(
            name, str(spec.get("type", "string")), bool(spec.get("required", True)), list(spec.get("enum") or []),
            str(spec.get("description") or ""),
        )
        for name, spec in (waiting.detail.get("fields") or {}).items()
        if isinstance(spec, dict)
    ]  # fmt: skip
