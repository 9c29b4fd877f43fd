"""Teams' side of the chat: `@mayday ...` in a channel, answered in the same thread, where everybody there reads it."""

from __future__ import annotations

from typing import Any

import structlog

from mayday.providers.teams import NAME
from mayday.providers.teams.cards import answer_card, attachment
from mayday.providers.teams.inbound import Written
from mayday.records.errors import RecordsUnavailable
from starter.chat_answers import Caller, worded
from starter.chat_deeds import do
from starter.chat_people import principal_of
from starter.parts import Parts
from starter.problems import Problem

__all__ = ["answer", "ran"]

log = structlog.get_logger(__name__)

US = "@mayday"


async def ran(parts: Parts, written: Written) -> dict[str, Any]:
    """The answer to a message."""
    at = parts.clock()
    try:
        principal = principal_of(parts.playbooks.at_the_door, NAME, written.user, at)
    except Problem as problem:
        await _audit(parts, written.user, problem.code)
        return answer(worded(problem))
    channels = frozenset({written.channel} - {""})
    return answer((await do(parts, Caller(principal, at, written.message, channels), written.text)).as_lines(US))


def answer(text: str) -> dict[str, Any]:
    """A reply as a card: its text is never read as markup."""
    return {"type": "message", "attachments": [attachment(answer_card(text))]}


async def _audit(parts: Parts, user: str, outcome: str) -> None:
    try:
        await parts.records.audit.write(f"{NAME}:{user[:40]}", "chat", outcome, channel="chat")
    except RecordsUnavailable as error:
        log.warning("audit_not_written", action="chat", outcome=outcome, reason=str(error))
