"""Taking alerts in: inbox first, then Temporal; answered when nothing can be lost any more (DESIGN.md, idea 5).

in the inbox and at Temporal           opened | attached | resolved | ignored
in the inbox, Temporal silent for 2 s  queued: the forwarder goes on until it is accepted
inbox down, at Temporal                as above, from the signal alone
both down                              `Unavailable`: 503, the sender tries again
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import structlog

from mayday.domain.incident import AlertEvent
from mayday.language.catalog import Catalog
from mayday.language.routing import RoutedAlert, route_alert, watchdogs_among
from mayday.providers.inbound import Delivery as Body
from mayday.providers.inbound import InboundSource
from mayday.records.errors import RecordsUnavailable
from mayday.records.inbox import InboxItem
from mayday.records.records import Records
from starter.delivery import Delivery
from starter.forwarder import Forwarder
from starter.gateway import TemporalSilent
from starter.lanes import Lanes, Load
from starter.metrics import ALERTS_RECEIVED
from starter.minting import workflow_id
from starter.parcels import Delivered, Parcel

__all__ = ["ANSWERED_WITHIN", "Intake", "Unavailable", "nobody_took_it"]

log = structlog.get_logger(__name__)

ANSWERED_WITHIN = timedelta(seconds=2)
"""How long a webhook waits for Temporal before it answers `queued`."""
KEPT_WITHIN = timedelta(seconds=4)
"""How long it waits for the inbox before it tries Temporal directly; senders give up after 10 s."""
SETTLED_AFTER_END = timedelta(minutes=5)
"""An alert repeated this long after its incident ended still fires. Sooner it may be a sender that had no answer and
tries again: the same delivery, if the alert itself is no older than this."""
SAID_IF_OVER = timedelta(minutes=6)
"""Repeated sooner by an alert that is older, it is held so long: within its `group_interval` (5 minutes) Alertmanager
says of an alert that it is over. One that does not say so still fires, and somebody hears of it (docs/adr/0127)."""


class Unavailable(Exception):
    """Neither the inbox nor Temporal took the alerts: nothing was kept."""


def nobody_took_it(trouble: RecordsUnavailable | None) -> str:
    """Why, as far as the store knows."""
    if trouble is None or trouble.why == "unreachable":
        return "neither the records store nor Temporal answers"
    return f"Temporal does not answer, and the records store {trouble.said}"


class Intake:
    """Takes verified bodies in."""

    def __init__(
        self,
        records: Records,
        catalog: Callable[[], Catalog],
        lanes: Lanes,
        delivery: Delivery,
        forwarder: Forwarder,
        clock: Callable[[], datetime],
        answered_within: timedelta = ANSWERED_WITHIN,
    ) -> None:
        self._records = records
        self._catalog = catalog
        self._lanes = lanes
        self._delivery = delivery
        self._forwarder = forwarder
        self._now = clock
        self._answered_within = answered_within

    async def take(self, source: InboundSource, body: Body) -> list[Delivered]:
        """What became of each alert, in the order of the body. Raises `Malformed` and `Unavailable`."""
        watchdogs, events = watchdogs_among(self._catalog(), source.events(body))
        await self._heard(watchdogs, body)
        parcels = [self._addressed(event) for event in events]
        if not parcels:
            return []
        if source.sparse:
            await self._joined(parcels)
        for state, count in Counter(parcel.event.state for parcel in parcels).items():
            ALERTS_RECEIVED.labels(source=source.name, state=state).inc(count)
        fresh = await self._kept(source.name, body, parcels)
        if fresh is None:
            return await self._directly(parcels)
        until = asyncio.get_running_loop().time() + self._answered_within.total_seconds()
        loads = self._sent(fresh)
        repeated = [parcel for parcel in parcels if parcel.row not in fresh]
        again = await self._still_firing(repeated, body, until)
        loads += self._sent(again)
        if loads:
            left = max(0.0, until - asyncio.get_running_loop().time())
            await asyncio.wait([load.arrived for load in loads], timeout=left)
        arrived = dict(_arrived(loads))
        return [
            arrived.get(parcel.row) or _queued(parcel)
            if parcel.held or parcel.row in fresh or parcel.row in again
            else await self._known(parcel, until)
            for parcel in parcels
        ]

    async def _heard(self, watchdogs: list[str], body: Body) -> None:
        """Alerts that always fire open nothing: that they came is noted, see `starter.watchdogs`."""
        for name in watchdogs:
            try:
                await self._records.watchdogs.seen(name, body.received_at)
            except RecordsUnavailable as error:
                log.warning("watchdog_not_noted", watchdog=name, reason=str(error))

    def _sent(self, fresh: dict[int | None, Parcel]) -> list[Load]:
        loads = self._lanes.submit(list(fresh.values()))
        self._forwarder.settle_when_done(loads)
        return loads

    def _addressed(self, event: AlertEvent) -> Parcel:
        routed = route_alert(self._catalog(), event)
        for problem in routed.problems:
            log.warning("route_incomplete", route=routed.path, problem=problem)
        return Parcel(event, routed, workflow_id(routed.correlation_key))

    async def _joined(self, parcels: list[Parcel]) -> None:
        """The end of an alert goes where its beginning went: it may not say any more which service it was about."""
        for parcel in parcels:
            if parcel.firing:
                continue
            try:
                async with asyncio.timeout(KEPT_WITHIN.total_seconds()):
                    began = await self._records.inbox.last_firing(parcel.event.source, parcel.event.alert_key)
            except (RecordsUnavailable, TimeoutError):
                return  # by its own labels, then
            if began is not None and began.workflow_id and began.decision:
                parcel.routed, parcel.workflow_id = RoutedAlert.model_validate(began.decision), began.workflow_id

    async def _kept(
        self, source: str, body: Body, parcels: list[Parcel], *, held_until: datetime | None = None
    ) -> dict[int | None, Parcel] | None:
        """The alerts that are new, now in the inbox, by row; None when the inbox cannot be reached."""
        items = [
            InboxItem(
                event=parcel.event,
                correlation_key=parcel.routed.correlation_key,
                workflow_id=parcel.workflow_id,
                decision=parcel.routed,
                held_until=held_until,
                text=parcel.text,
            )
            for parcel in parcels
        ]
        try:
            async with asyncio.timeout(KEPT_WITHIN.total_seconds()):
                kept = await self._records.inbox.commit(
                    items, source=source, body=body.raw, received_at=body.received_at
                )
        except (RecordsUnavailable, TimeoutError) as error:
            log.error("inbox_unavailable", source=source, alerts=len(items), reason=str(error) or "no answer in time")
            return None
        fresh: dict[int | None, Parcel] = {}
        for parcel, row in zip(parcels, kept, strict=True):
            parcel.row = parcel.event.inbox_id = row.id
            if row.new:
                fresh.setdefault(row.id, parcel)  # the same alert twice in one body is one alert
        return fresh

    async def _still_firing(self, repeated: list[Parcel], body: Body, until: float) -> dict[int | None, Parcel]:
        """An alert that is repeated well after its incident ended says: it is not over. It counts as new, once for each
        time that the incident ended. Repeated sooner it is held, and counts unless its end comes meanwhile."""
        again: list[Parcel] = []
        held: list[Parcel] = []
        for parcel in repeated:
            if not parcel.firing:
                continue
            try:
                async with asyncio.timeout_at(until):
                    await self._lanes.idle(parcel.workflow_id)
                    view = await self._delivery.ended(parcel.workflow_id)
                    if view is None or view.closed_at is None:
                        continue
                    late = view.closed_at + SETTLED_AFTER_END < self._now()
                    if not late and not await self._is_older(parcel):
                        continue
            except (TemporalSilent, TimeoutError, RecordsUnavailable):
                break
            parcel.counts_anew(f"after:{view.run_id}")
            (again if late else held).append(parcel)
        if (
            held
            and await self._kept(held[0].event.source, body, held, held_until=self._now() + SAID_IF_OVER) is not None
        ):
            for parcel in held:
                parcel.held = True
        return (await self._kept(again[0].event.source, body, again) or {}) if again else {}

    async def _is_older(self, parcel: Parcel) -> bool:
        """Whether the alert came long before this delivery: then this is no second try of the one that brought it."""
        first = await self._records.inbox.get(parcel.row) if parcel.row is not None else None
        return first is not None and first.received_at + SETTLED_AFTER_END < self._now()

    async def _directly(self, parcels: list[Parcel]) -> list[Delivered]:
        """Without an inbox there is only Temporal, and an answer only once it has the alerts."""
        loads = self._lanes.submit(parcels)
        try:
            async with asyncio.timeout(KEPT_WITHIN.total_seconds()):
                answers = await asyncio.gather(*(load.arrived for load in loads))
        except (TemporalSilent, TimeoutError) as error:
            raise Unavailable(nobody_took_it(self._records.store.trouble)) from error
        became = {
            id(parcel): answer
            for load, answer_each in zip(loads, answers, strict=True)
            for parcel, answer in zip(load.parcels, answer_each, strict=True)
        }
        return [became[id(parcel)] for parcel in parcels]

    async def _known(self, parcel: Parcel, until: float) -> Delivered:
        """An alert that was delivered before: nothing is done again, the answer names its incident."""
        try:
            async with asyncio.timeout_at(until):
                await self._lanes.idle(parcel.workflow_id)
                incident_id, _ = await self._delivery.whose(parcel.workflow_id)
        except (TemporalSilent, TimeoutError):
            return _queued(parcel)
        if parcel.firing:
            return Delivered(incident_id, parcel.workflow_id, "attached") if incident_id else _queued(parcel)
        if incident_id is None:
            return Delivered(None, None, "ignored")
        return Delivered(incident_id, parcel.workflow_id, "resolved")


def _arrived(loads: list[Load]) -> Iterator[tuple[int | None, Delivered]]:
    """The answers by row. Not of those to which Temporal was silent, or of which whatever else is wrong: these alerts
    are in the inbox, the forwarder tries again and logs."""
    for load in loads:
        way = load.arrived
        if way.done() and not way.cancelled() and way.exception() is None:
            yield from zip((parcel.row for parcel in load.parcels), way.result(), strict=True)


def _queued(parcel: Parcel) -> Delivered:
    return Delivered(None, parcel.workflow_id, "queued")
