"""What happens, told to everybody who watches: one poll an incident, however many watch it.

A `Feed` looks again and again while somebody follows it, and a little longer. Followers keep only their place; entries
and boards are held once. What it knows comes from where the API has it: the run's `board` and `timeline` queries, with
the store behind them. Entries are passed on in order and without a gap, so a follower who names the last one that it
has (`Last-Event-ID`) misses nothing, whichever process dies meanwhile.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar, cast

import structlog

from mayday.domain.incident import Board
from mayday.domain.timeline import Entry
from mayday.domain.timeline_words import Naming
from mayday.language.catalog import Catalog
from mayday.language.naming import naming_of
from mayday.language.plan import Plan
from mayday.records.errors import RecordsUnavailable
from mayday.records.incidents import IncidentRecord
from starter.gateway import TemporalSilent
from starter.parts import Parts
from starter.routes.incidents import live_board, stored_and_fresh

__all__ = ["Feed", "Feeds", "IncidentFeed", "Look", "Overview", "OverviewFeed", "event", "feeds_of", "place_of"]

log = structlog.get_logger(__name__)

OPEN_EVERY, ENDED_EVERY, OVERVIEW_EVERY = 0.4, 2.0, 1.0
"""Seconds between two looks."""
AT_LEAST_APART, FREE_LOOKS = 0.2, 3
"""Seconds between looks while nudge follows on nudge: the first few are answered at once, a storm is seen together, and
whatever it costs to tell all followers is spent five times a second at the most. A page that loads does not wait."""
RENEWED_EVERY = timedelta(seconds=10)
"""Time itself moves what a page shows of an open incident: its strip ends now."""
LINGERS = 20.0
"""Seconds that a feed looks on after its last follower: a page that is loaded again finds it running."""
FIRST_LOOK_WITHIN = 10.0
BEAT_EVERY = 4.0
"""A browser that hears nothing for three times as long knows that the line is dead."""
AT_MOST = 120.0
"""Seconds of one stream; then the caller comes again, and whether it may is asked anew."""
KEPT_TEXTS = 500
LISTED = 200
AT_ONCE = 10
Seen = TypeVar("Seen")
NewFeed = TypeVar("NewFeed", bound="Feed[Any]")


@dataclass(frozen=True)
class Look:
    """An incident at a moment. `live` is false when its run did not answer, and the store's view is shown."""

    record: IncidentRecord
    board: Board | None
    live: bool
    at: datetime


@dataclass(frozen=True)
class Overview:
    """All open incidents at a moment, with their boards; `live` is false when one of them did not answer."""

    items: list[tuple[IncidentRecord, Board | None]]
    recent: list[IncidentRecord]
    live: bool
    at: datetime


@dataclass
class Feed(ABC, Generic[Seen]):
    """Looks at something again and again. `version` rises when what is seen has changed."""

    parts: Parts
    version: int = 0
    seen: Seen | None = None
    followers: int = 0
    closed: bool = False
    #: what followers rendered of this version, so that it is rendered once
    rendered: dict[Any, Any] = field(default_factory=dict)
    _stirred: asyncio.Event = field(default_factory=asyncio.Event)
    _nudged: asyncio.Event = field(default_factory=asyncio.Event)
    _hurried: asyncio.Event = field(default_factory=asyncio.Event)
    _looking: bool = False
    _rounds: int = 0
    _task: asyncio.Task[None] | None = None
    _left_at: float = 0.0

    def start(self) -> None:
        self._left_at = asyncio.get_running_loop().time()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="feed")

    def close(self) -> None:
        """Followers end; their browsers come back to whoever serves then."""
        self.closed = True
        self._stir()
        if self._task is not None:
            self._task.cancel()

    @asynccontextmanager
    async def followed(self) -> AsyncIterator[None]:
        """As long as somebody is inside, it looks."""
        self.followers += 1
        self.start()
        try:
            yield
        finally:
            self.followers -= 1
            self._left_at = asyncio.get_running_loop().time()

    async def fresh(self) -> Seen:
        """What is seen now: a look that began after this call. Raises `TemporalSilent` when none ends in time."""
        self.start()
        wanted = self._rounds + (2 if self._looking else 1)  # what is under way began before
        try:
            async with asyncio.timeout(FIRST_LOOK_WITHIN):
                while (self._rounds < wanted or self.seen is None) and not self.closed:
                    self._hurried.set()
                    self._nudged.set()
                    await self._stirred.wait()
        except TimeoutError:
            pass
        if self.seen is None:
            raise TemporalSilent("neither the run nor the store told anything in time")
        return self.seen

    def nudge(self) -> None:
        """Something has been sent to it: look at once."""
        self._nudged.set()

    async def stirred(self, within: float) -> None:
        """Returns when something was looked at, or after `within` seconds."""
        await _set_within(self._stirred, within)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        looks: deque[float] = deque(maxlen=FREE_LOOKS)
        while not self.closed and (self.followers or loop.time() - self._left_at < LINGERS):
            if len(looks) == FREE_LOOKS and loop.time() - looks[0] < FREE_LOOKS * AT_LEAST_APART:
                await _set_within(self._hurried, looks[-1] + AT_LEAST_APART - loop.time())
            looks.append(loop.time())
            self._hurried.clear()
            self._nudged.clear()
            self._looking = True
            try:
                pause = await self._look()
            except (RecordsUnavailable, TemporalSilent) as error:
                log.warning("feed_blind", reason=str(error))
                pause = 1.0
            except Exception:  # a page that stands still is worse than one that looks again
                log.exception("feed_failed")
                pause = 2.0
            finally:
                self._looking = False
            self._rounds += 1
            self._stir()
            await _set_within(self._nudged, pause)

    def _stir(self) -> None:
        stirred, self._stirred = self._stirred, asyncio.Event()
        stirred.set()

    def _saw(self, seen: Seen) -> None:
        self.seen = seen
        self.version += 1
        self.rendered.clear()

    @abstractmethod
    async def _look(self) -> float:
        """Look once; seconds until the next time."""


@dataclass
class IncidentFeed(Feed[Look]):
    """One incident: its entries in order, and its board."""

    incident: str = ""
    entries: list[Entry] = field(default_factory=list)
    #: what pages and programs are sent of an entry, by its number: made once for all who follow
    rows: dict[int, str] = field(default_factory=dict)
    said: dict[int, str] = field(default_factory=dict)
    #: what the incident is run by; None until the store has it
    plan: Plan | None = None
    #: whose names the entries use: made once a catalog, for each entry holds on to them
    _named_by: tuple[Catalog, Naming] | None = None

    @property
    def seq(self) -> int:
        return self.entries[-1].seq if self.entries else 0

    def after(self, seq: int) -> list[Entry]:
        """Entries with a higher number: they are numbered from 1 without a gap."""
        return self.entries[max(seq, 0) :]

    def forget_old(self) -> None:
        """Only what somebody may just be asking for is kept as text."""
        for made in (self.rows, self.said):
            while len(made) > KEPT_TEXTS:
                del made[next(iter(made))]

    async def _look(self) -> float:
        parts, now = self.parts, self.parts.clock()
        record = await parts.directory.find(self.incident)
        if self.plan is None and record.plan_digest:
            pinned = await parts.records.plans.get(record.plan_digest)
            self.plan = Plan.model_validate(pinned) if pinned is not None else None
        board = await live_board(parts, record)
        live = board is not None or not record.is_open
        if board is None or board.seq > self.seq:
            self._append(await stored_and_fresh(parts, record, self.seq, ask_run=board is not None))
        before = self.seen
        shown = board or record.board
        moved = (
            before is None
            or before.live != live
            or before.record.status != record.status
            or _differs(before.board, shown)
            or (record.is_open and now - before.at >= RENEWED_EVERY)
        )
        if moved:
            self._saw(Look(record, shown, live, now))
        return OPEN_EVERY if record.is_open else ENDED_EVERY

    def _append(self, found: list[Entry]) -> None:
        """Takes only what follows: between two reads some may have moved from the run to the store."""
        catalog = self.parts.playbooks.catalog
        if self._named_by is None or self._named_by[0] is not catalog:
            self._named_by = (catalog, naming_of(catalog))
        for entry in found:
            if entry.seq == self.seq + 1:
                self.entries.append(entry.named(self._named_by[1]))


@dataclass
class OverviewFeed(Feed[Overview]):
    """The open incidents."""

    async def _look(self) -> float:
        parts = self.parts
        listing = await parts.records.incidents.find(limit=LISTED)
        unfinished = await parts.records.incidents.find(open_only=True, limit=LISTED)
        gate = asyncio.Semaphore(AT_ONCE)

        async def board_of(record: IncidentRecord) -> Board | None:
            async with gate:
                return await live_board(parts, record)

        records = [record for record in unfinished.items if record.is_open]
        boards = await asyncio.gather(*(board_of(record) for record in records))
        items = [(record, board or record.board) for record, board in zip(records, boards, strict=True)]
        recent = [record for record in listing.items if not record.is_open][:10]
        seen = Overview(items, recent, all(board is not None for board in boards), parts.clock())
        before = self.seen
        if before is None or _facts(before) != _facts(seen):
            self._saw(seen)
        return max(OVERVIEW_EVERY, 0.05 * len(records))


class Feeds:
    """All feeds of a starter."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._incidents: dict[str, IncidentFeed] = {}
        self._others: dict[str, Feed[Any]] = {}
        self.overview = OverviewFeed(parts)
        self._closed = False

    def incident(self, incident: str) -> IncidentFeed:
        """The feed of an incident, by its whole id."""
        for idle in [name for name, feed in self._incidents.items() if feed._task is not None and feed._task.done()]:
            if idle != incident:
                del self._incidents[idle]
        return self._incidents.setdefault(incident, IncidentFeed(self._parts, incident=incident, closed=self._closed))

    def other(self, name: str, make: Callable[[Parts], NewFeed]) -> NewFeed:
        """The feed of something else, made on first use. One name is one kind of feed."""
        for idle in [each for each, feed in self._others.items() if feed._task is not None and feed._task.done()]:
            if idle != name:
                del self._others[idle]
        if name not in self._others:
            self._others[name] = make(self._parts)
            self._others[name].closed = self._closed
        return cast(NewFeed, self._others[name])

    def nudge(self, incident: str) -> None:
        """A command was sent to this incident, or to its review."""
        if f"review/{incident}" in self._others:
            self._others[f"review/{incident}"].nudge()
        if incident in self._incidents:
            self._incidents[incident].nudge()
        self.overview.nudge()

    async def close(self) -> None:
        """Every stream ends, so that the process can; what they were reading is given back."""
        self._closed = True
        feeds: list[Feed[Any]] = [self.overview, *self._incidents.values(), *self._others.values()]
        for feed in feeds:
            feed.close()
        await asyncio.gather(*(feed._task for feed in feeds if feed._task is not None), return_exceptions=True)


def event(name: str, data: str, *, number: int | None = None) -> str:
    """One server-sent event. `data` is JSON in one line."""
    numbered = f"id: {number}\n" if number is not None else ""
    return f"{numbered}event: {name}\ndata: {data}\n\n"


def place_of(last_event_id: str | None, after: int) -> int:
    """Where a follower is: the number of the last event that it had, else `after`. What is no number counts as none."""
    known = last_event_id or ""
    return int(known) if known.isascii() and known.isdigit() and len(known) <= 15 else after


def feeds_of(parts: Parts) -> Feeds:
    """The feeds of this starter, made on first use."""
    if parts.feeds is None:
        parts.feeds = Feeds(parts)
    feeds: Feeds = parts.feeds
    return feeds


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    """Returns when it is set, or after so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass


def _differs(before: Board | None, after: Board | None) -> bool:
    if before is None or after is None:
        return before is not after
    return before.seq != after.seq or before != after


def _facts(overview: Overview) -> tuple[Any, ...]:
    return (overview.items, [(record.id, record.status) for record in overview.recent], overview.live)
