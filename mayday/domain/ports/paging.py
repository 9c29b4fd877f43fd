"""Waking people: pagers, the noticeboard with its buttons, and the roster that says who is on call."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

from mayday.domain.effects import ClosePage, IncidentCard, NextHandoff, PagePurpose, SentVia
from mayday.domain.wire import Wire

PageChannel = Literal["push", "sms", "voice", "email", "chat"]


class Call(Wire):
    """One person on one channel. `address` is what the catalog has for it: a phone number, a mail address, an id."""

    effect_key: str
    incident: IncidentCard
    page: str
    purpose: PagePurpose
    person: str
    target: str
    channel: str
    address: str
    text: str
    urgent: bool = True
    choices: list[str] = []


class Card(Wire):
    """A question on the incident's noticeboard, with buttons that answer it: a page, an offered role, a gate.

    `people` are those whom it is about; `choices` a gate's own options.
    """

    effect_key: str
    incident: IncidentCard
    page: str
    purpose: PagePurpose
    text: str
    people: list[str] = []
    choices: list[str] = []


class Pager(Protocol):
    """Wakes people. A call rings until it is acknowledged at the provider or closed here."""

    name: str
    channels: frozenset[str]

    async def call(self, call: Call) -> SentVia: ...
    async def close(self, closing: ClosePage) -> int:
        """Stop what `closing.page` still rings; returns how many calls that were."""
        ...


class Noticeboard(Protocol):
    """Where everybody in the incident's channel sees what is asked, and answers with a button."""

    name: str

    async def put_up(self, card: Card) -> SentVia | None:
        """None: the incident has no channel yet."""
        ...

    async def settle(self, closing: ClosePage) -> int:
        """Take the buttons off every card of `closing.page`, with the reason; returns how many cards that were."""
        ...


class OnCallRoster(Protocol):
    """Who is on call. Raises ProviderError when the roster cannot be read."""

    name: str

    async def on_call(self, schedule: str, at: datetime) -> list[str]:
        """Person ids on a schedule at an instant, empty in a gap. `schedule` is the roster's own id of it."""
        ...

    def stale_since(self, schedule: str) -> datetime | None:
        """When the last answer was fresh, where it came from memory; None where it is fresh."""
        ...

    async def next_handoff(self, schedule: str, at: datetime) -> NextHandoff | None:
        """The first change of the person after an instant; None when there is none, or the roster cannot say."""
        ...
