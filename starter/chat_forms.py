"""A task's form, as chats ask it: in a window where the chat has one, else in a line."""

from __future__ import annotations

from typing import Any

from mayday.domain.incident import Pending
from mayday.providers.slack.modals import FormField
from mayday.records.incidents import IncidentRecord
from starter.parts import Parts
from starter.previews import preview_of
from starter.routes.incidents import live_board

__all__ = ["form_of", "words_for_reading"]

#: a second reader's two fields, in words; whether it leaves is asked for: nothing leaves because nobody chose
_READING = {"release": "no: it does not leave", "text": "only if other words are to leave"}


def form_of(waiting: Pending) -> list[FormField]:
    """The values that a task asks for, in the runbook's order."""
    hints = _READING if waiting.kind == "review" else {}

    def asked(name: str, spec: dict[str, Any]) -> bool:
        return bool(spec.get("required", True)) or (name == "release" and name in hints)

    return [
        FormField(
            name, str(spec.get("type", "string")), asked(name, spec), list(spec.get("enum") or []),
            str(spec.get("description") or hints.get(name, "")),
        )
        for name, spec in (waiting.detail.get("fields") or {}).items()
        if isinstance(spec, dict)
    ]  # fmt: skip


async def words_for_reading(parts: Parts, record: IncidentRecord, waiting: Pending) -> str:
    """What a task asks; what a second reader is to read stands there as it will leave."""
    detail: dict[str, Any] = waiting.detail
    draft = detail.get("draft") or detail.get("text")
    if waiting.kind != "review" or not draft:
        return waiting.text
    board = await live_board(parts, record) or record.board
    corrects = detail.get("corrects")
    audience = str(detail.get("audience") or _audience_in(waiting, str(draft)))
    shown = await preview_of(
        parts, record, board, audience, str(draft), corrects=int(corrects) if corrects is not None else None,
        subject=str(detail["subject"]) if detail.get("subject") else None,
    )  # fmt: skip
    return f"{waiting.text.removesuffix(f': {draft}')}\n{shown.lines()}"


def _audience_in(waiting: Pending, draft: str) -> str:
    """Updates and corrections of people name their audience only in their sentence."""
    return waiting.text.removesuffix(f": {draft}").rpartition(" to ")[2]
