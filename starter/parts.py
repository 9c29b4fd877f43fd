"""The parts of one starter, put together in one place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, cast

from fastapi import Depends, Request

from mayday.archive.collecting import Collector
from mayday.archive.tape import Tape
from mayday.domain.report.kpis import Kpis
from mayday.domain.timeline_words import Naming
from mayday.language.naming import naming_of
from mayday.records.records import Records
from mayday.records.store import utc_now
from mayday.settings import Settings
from mayday.signing import Signer
from starter.access import Access
from starter.callbacks import Callbacks
from starter.couriers import Courier
from starter.decisions import Decisions
from starter.delivery import Delivery
from starter.directory import Directory
from starter.drafts import Previews
from starter.drill_watch import DrillWatch
from starter.fetching import Fetching
from starter.forwarder import Forwarder
from starter.gateway import Gateway
from starter.identity import IdentityProvider, identity_provider
from starter.intake import Intake
from starter.lanes import Lanes
from starter.limits import Allowance
from starter.opening import House, Openings
from starter.playbooks import Playbooks
from starter.reopening import Reopening
from starter.sessions import SessionCookies
from starter.watchdogs import WatchdogWatch

__all__ = ["Here", "Parts", "assemble"]


LOGIN_TRIES, LOGIN_WINDOW = 10, timedelta(minutes=5)
"""So many logins may fail from one address before it has to wait."""
LOGINS_OF_AN_ACCOUNT = 20
"""So many logins of one person within the window, from wherever they come; and so many tries with what is theirs and
lets nobody in any more."""


@dataclass(slots=True)
class Parts:
    """What the routes work with: `request.app.state.parts`, or the dependency `Here`."""

    settings: Settings
    records: Records
    gateway: Gateway
    playbooks: Playbooks
    openings: Openings
    delivery: Delivery
    lanes: Lanes
    forwarder: Forwarder
    intake: Intake
    decisions: Decisions
    signer: Signer
    access: Access
    sessions: SessionCookies
    login_tries: Allowance
    login_accounts: Allowance
    identity: IdentityProvider | None
    directory: Directory
    callbacks: Callbacks
    courier: Courier
    watchdogs: WatchdogWatch
    drills: DrillWatch
    fetch: Fetching
    previews: Previews
    clock: Callable[[], datetime]
    #: reads histories for archives; None while Temporal has not been reached
    collector: Collector | None = None
    #: runs of incidents that reviewers look into, by incident and length
    tapes: dict[tuple[str, int, str], list[Tape]] = field(default_factory=dict)
    #: sums over many incidents, as long as nothing in them changes
    trends: dict[object, Kpis] = field(default_factory=dict)
    replaying: asyncio.Lock = field(default_factory=asyncio.Lock)
    draining: bool = False
    feeds: Any = None
    """What happens, for those who watch: see `starter.feed`, which makes it on first use."""

    @property
    def naming(self) -> Naming:
        """What people, vendors and services are called."""
        return naming_of(self.playbooks.catalog)

    async def drain(self) -> None:
        """Stop taking on work; what is on its way arrives."""
        self.draining = True
        await self.lanes.drain()
        await self.forwarder.stop()
        await self.courier.stop()
        await self.fetch.close()
        await self.previews.close()


def assemble(
    settings: Settings,
    records: Records,
    gateway: Gateway,
    playbooks: Playbooks,
    *,
    clock: Callable[[], datetime] = utc_now,
) -> Parts:
    house = House(settings.base_url, settings.continue_as_new_after_events)
    signer = Signer(records.keys, clock, required=settings.sign_decisions)
    openings = Openings(playbooks, house, signer, clock)
    delivery = Delivery(gateway, records, openings, signer, clock)
    lanes = Lanes(delivery)
    forwarder = Forwarder(records, lanes, clock)
    decisions = Decisions(
        gateway, records, delivery, Reopening(gateway, signer, clock), signer, lambda: naming_of(playbooks.catalog)
    )  # fmt: skip
    callbacks = Callbacks(decisions, records, delivery.directory, lambda: playbooks.catalog, gateway, signer)
    intake = Intake(records, lambda: playbooks.catalog, lanes, delivery, forwarder, clock)
    return Parts(
        settings=settings,
        records=records,
        gateway=gateway,
        playbooks=playbooks,
        openings=openings,
        delivery=delivery,
        lanes=lanes,
        forwarder=forwarder,
        intake=intake,
        drills=DrillWatch(records, decisions, clock, lambda: naming_of(playbooks.catalog)),
        watchdogs=WatchdogWatch(records, lambda: playbooks.catalog, clock, intake.take),
        decisions=decisions,
        signer=signer,
        access=Access(records, lambda: playbooks.at_the_door, clock),
        sessions=SessionCookies(records, settings, lambda: playbooks.at_the_door, clock),
        login_tries=Allowance(LOGIN_TRIES, LOGIN_WINDOW, clock),
        login_accounts=Allowance(LOGINS_OF_AN_ACCOUNT, LOGIN_WINDOW, clock),
        identity=identity_provider(settings, clock),
        directory=delivery.directory,
        callbacks=callbacks,
        courier=Courier(records, callbacks, clock),
        fetch=Fetching(),
        previews=Previews(settings, records, lambda: playbooks.catalog),
        clock=clock,
    )


async def _parts(request: Request) -> Parts:  # async, because FastAPI sends plain functions to a thread
    return cast(Parts, request.app.state.parts)


Here = Annotated[Parts, Depends(_parts)]
