"""The records store as the activities see it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from mayday.domain.effects import FlushReceipt, FlushRequest, LookRequest
from mayday.domain.incident import AlertEvent
from mayday.domain.review.wire import ReviewBoard
from mayday.domain.timeline import Entry
from mayday.domain.wire import Wire


class Unnoted(Wire):
    """Stored entries after the last work note, and the ticket that waits for them."""

    ticket: str
    entries: list[Entry]
    drill: bool = False


class EffectJournal(Protocol):
    """What was done already under an effect's key: read before a page is tried again."""

    async def done_under(self, incident_id: str, effect_key: str) -> Mapping[str, dict[str, Any]]:
        """Results by key of the incident's calls whose keys begin with `{effect_key}/`."""
        ...


class Ledger(Protocol):
    """The records store as flushes see it."""

    async def keep(self, request: FlushRequest) -> FlushReceipt:
        """Store entries and board in one transaction; contradicting entries are named, never stored."""
        ...

    async def unnoted(self, incident_id: str) -> Unnoted | None:
        """What the ticket has not been told yet, the same again until `noted`; None without a ticket or news."""
        ...

    async def noted(self, incident_id: str, seq: int) -> None:
        """The ticket holds everything up to `seq`."""
        ...

    async def ticket_of(self, incident_id: str) -> str | None:
        """Another incident's ticket, as far as it is known."""
        ...


class Memory(Protocol):
    """What the records store knows beyond one incident."""

    async def last_alive(self, before: datetime) -> datetime | None:
        """The last moment not after `before` at which a worker lived; None: nobody knows."""
        ...

    async def commanded_by(self, person: str, severity: str, besides: str) -> str | None:
        """The id of another open incident of this severity that the person commands, if any."""
        ...


class ReviewShelf(Protocol):
    """The records store as reviews see it."""

    async def save(self, board: ReviewBoard) -> None:
        """Keep a review's board, unless one of a higher revision is kept."""
        ...

    async def entries(self, incident_id: str, up_to_seq: int) -> list[Entry]:
        """The incident's stored timeline."""
        ...

    async def plan(self, digest: str) -> dict[str, Any] | None:
        """The pinned plan as canonical JSON; None where it is not kept."""
        ...

    async def report(self, incident_id: str, version: int) -> str | None:
        """A version of the report, as Markdown; None where it is not kept."""
        ...

    async def put_report(self, incident_id: str, version: int, text: str, digest: str, drafted_at: datetime) -> None:
        """Keep a version of the report, as Markdown; the same version again is replaced."""
        ...


class Intake(Protocol):
    """The inbox as a closing run sees it."""

    async def look(self, request: LookRequest) -> list[AlertEvent]:
        """Firing alerts of the run that nobody forwarded yet, oldest first."""
        ...
