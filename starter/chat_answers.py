"""What every request in a chat has, and what it is answered with: the platforms differ only in how they show it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import ValidationError

from mayday.records.incidents import IncidentRecord
from starter.access import Principal
from starter.chat_words import NotUnderstood
from starter.minting import command_id
from starter.problems import Problem

__all__ = ["Caller", "Done", "Offer", "OpenForm", "WindowWanted", "what_does_not_fit", "worded"]


class Caller(NamedTuple):
    """Who asks, where and when. `unique` tells one request of a platform from every other one."""

    principal: Principal
    at: datetime
    unique: str
    channels: frozenset[str] = frozenset()
    """Ids and names of the channel that it was asked in."""

    def common(self) -> dict[str, Any]:
        """What every command carries. The same request is the same command."""
        return {
            "id": command_id(self.principal.token_id, self.unique), "actor": self.principal.actor, "channel": "chat",
            "received_at": self.at,
        }  # fmt: skip


class Offer(NamedTuple):
    """Something to go on with: a button where the chat has them, else the line to write. `page` is what it is about."""

    words: str
    deed: str
    incident: str
    page: str
    line: str


class Done(NamedTuple):
    """What is answered. `public`: everybody in the channel may see it."""

    text: str
    public: bool = False
    offers: tuple[Offer, ...] = ()

    def as_lines(self, us: str) -> str:
        """For a chat without buttons, where `us` comes before what is written to us."""
        return "\n".join([self.text, *(f"{offer.words}: {us} {offer.line}" for offer in self.offers)])


class WindowWanted(NotUnderstood):
    """Something is missing that a window asks for; without windows the text says what to write."""

    def __init__(self, record: IncidentRecord, page: str, text: str, opened: str) -> None:
        super().__init__(text)
        self.record = record
        self.page = page
        self.opened = opened


OpenForm = Callable[[IncidentRecord, str], Awaitable[None]]


def what_does_not_fit(error: ValidationError) -> str:
    """Which part of what was given is not as it has to be."""
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {str(first['msg']).removeprefix('Value error, ')}"


def worded(problem: Problem) -> str:
    """A refusal for people."""
    return f"Not done: {problem.detail}" + (f" ({problem.hint})" if problem.hint else "")
