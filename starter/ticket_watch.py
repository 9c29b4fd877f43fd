"""Looks after tickets whose desk sends no callbacks (BMC; Jira and ServiceNow where `_WATCHED` is set), and enters what
people changed there, as a webhook would.

Bounded: one round every `MAYDAY_TICKETS_EVERY` seconds, `MOST` tickets a round, one request or two each, and only while
incidents or follow-ups are open. A state that a ticket had before is not told again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import httpx
import structlog

from mayday.domain.errors import ProviderError, Refused
from mayday.language.catalog import Catalog
from mayday.providers.calls import ACTION_STEP, OurCall
from mayday.providers.inbound import Callback
from mayday.providers.receipts import Receipts
from mayday.providers.registry import watched_desks
from mayday.providers.watched_tickets import WatchedDesk
from mayday.records.errors import RecordsUnavailable
from mayday.records.records import Records
from mayday.settings import SettingsError
from starter.callbacks import Callbacks
from starter.gateway import TemporalSilent
from starter.parts import Parts
from starter.playbooks import Playbooks

__all__ = ["MOST", "TicketWatch", "watching_tickets"]

log = structlog.get_logger(__name__)

MOST = 20
_OPEN = 200
_SEEN = "seen_state"


class _Ticket(NamedTuple):
    """A ticket, and the step that opened it."""

    number: str
    incident: str
    step: str


class TicketWatch:
    """`desks` by the vendor's name."""

    def __init__(
        self, desks: Mapping[str, WatchedDesk], records: Records, callbacks: Callbacks, clock: Callable[[], datetime],
        every: float,
    ) -> None:  # fmt: skip
        self._desks = desks
        self._records = records
        self._callbacks = callbacks
        self._clock = clock
        self._every = every
        self._turn = 0

    async def run(self) -> None:
        """One look every `every` seconds, until cancelled."""
        while self._desks:
            try:
                await self.look()
            except (RecordsUnavailable, TemporalSilent) as error:
                log.warning("tickets_not_looked_at", reason=str(error))
            except Exception as error:  # the last line of defence: a watch that has ended is silent for ever
                log.error("ticket_watch_failed", exc_info=error)
            await asyncio.sleep(self._every)

    async def look(self) -> int:
        """How many changes were told. Raises RecordsUnavailable and TemporalSilent: the next round tells them."""
        found = await self._records.incidents.find(open_only=True, drill=False, limit=_OPEN)
        tickets = [
            _Ticket(each.board.ticket, each.id, "ticket") for each in found.items if each.board and each.board.ticket
        ]
        for action in await self._records.reviews.actions(state="open", limit=_OPEN):
            if number := action.data.get("ticket"):
                tickets.append(_Ticket(str(number), action.incident_id, f"{ACTION_STEP}{action.id}"))
        start = self._turn % max(1, len(tickets))
        self._turn = start + MOST
        told = 0
        for ticket in (tickets[start:] + tickets[:start])[:MOST]:
            for name, desk in self._desks.items():
                try:
                    told += await self._ask(name, desk, ticket)
                except (RecordsUnavailable, TemporalSilent):
                    raise
                except Exception as error:  # a bug of ours with one ticket must not keep the others from being seen
                    log.error("ticket_not_looked_at", provider=name, ticket=ticket.number, exc_info=error)
        return told

    async def _ask(self, name: str, desk: WatchedDesk, about: _Ticket) -> bool:
        ticket, incident, step = about
        try:
            state, over = await desk.state(ticket)
        except Refused:
            return False  # another desk's ticket
        except ProviderError as error:
            log.warning("ticket_state_not_known", provider=name, ticket=ticket, reason=str(error))
            return False
        receipts = Receipts(self._records.desk, name)
        seen = [key for key in await receipts.all(_SEEN, incident) if key.startswith(f"{ticket}/")]
        if f"{ticket}/{state}" in seen:
            return False
        if seen:
            callback = Callback(
                id=f"{ticket} {state}", kind="note", call=OurCall(incident, step, 1), name="somebody",
                text=f"{ticket} is {state} now", over=over,
            )  # fmt: skip
            answer = await self._callbacks.deliver(name, callback, self._clock())
            log.info("ticket_state_told", provider=name, incident=incident, ticket=ticket, answer=answer["state"])
        await receipts.keep(_SEEN, f"{ticket}/{state}", incident, {"state": state})
        return bool(seen)


@dataclass(frozen=True)
class _Catalog:
    """The starter's catalog as providers read it."""

    playbooks: Playbooks

    def current(self) -> Catalog:
        return self.playbooks.catalog


@asynccontextmanager
async def watching_tickets(parts: Parts) -> AsyncIterator[None]:
    """Inside, the starter looks after tickets. Settings that cannot be used stop no alert: they are logged."""
    async with httpx.AsyncClient(follow_redirects=False) as http:
        try:
            desks = watched_desks(parts.settings, parts.records, _Catalog(parts.playbooks), http)
        except SettingsError as error:
            log.error("tickets_not_watched", reason=str(error))
            desks = {}
        watch = TicketWatch(desks, parts.records, parts.callbacks, parts.clock, parts.settings.tickets_every)
        looking = asyncio.create_task(watch.run(), name="ticket-watch")
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
