"""Many browsers on one incident: how long after the fact each page has an entry, while entries come fast.

Each watcher is a page's own stream: rows of the timeline, and every piece of the page whenever it changes. A row's
delay is from the moment in the entry to the moment at which the watcher has it. Watchers, server, worker and starter
share this process and its two cores; the floor is one bare query of the run. A whole minute of it:
`python -m bench --only watchers --size watcher_entries=3000`.
"""

from __future__ import annotations

import asyncio
import json
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import psutil

from bench.figures import Figure, percentile
from bench.house import House, mayday_up, workshop
from bench.progress import say
from bench.scenario import Stage
from bench.sender import Sender, notification
from bench.sizes import Sizes
from mayday.domain.incident import Board
from mayday.domain.timeline import Entry, parse_timestamp

NAME = "watchers"
AIM_SECONDS = 1.0
PEOPLE = ("ana", "dee", "raj", "lee", "sam", "kim", "noor", "li", "dana", "max")
ALL_HEARD_WITHIN_SECONDS = 60.0
QUERIES = 50
WRITERS = 8
#: what the pages may take beyond what the incident itself holds of its entries
MOST_FOR_WATCHING_MB = 50.0


@dataclass
class Watcher:
    """One stream: `numbers` holds the last one of each batch of rows, `moments` when it came.

    Bare numbers in arrays: what the bench remembers must not pass for what mayday keeps.
    """

    numbers: array[int] = field(default_factory=lambda: array("l"))
    moments: array[float] = field(default_factory=lambda: array("d"))
    rows: array[int] = field(default_factory=lambda: array("l"))
    counts: bool = False
    received: int = 0

    async def watch(self, url: str, path: str, token: str) -> None:
        """Until it is cancelled."""
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=2**22)
        head = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {token}\r\n\r\n"
        writer.write(head.encode())
        try:
            number = 0
            while line := await reader.readline():
                self.received += len(line)
                if line.startswith(b"id: "):
                    number = int(line[4:])
                elif number and line.startswith(b"data: "):
                    self.numbers.append(number)
                    self.moments.append(time.time())
                    if self.counts:
                        self.rows.extend(seq for seq, _ in json.loads(line[6:]))
                    number = 0
        finally:
            writer.close()


@dataclass(frozen=True)
class Night:
    """What one incident's watchers saw, and what the process grew by meanwhile."""

    delays: list[float]
    whole: bool
    growth_mb: float
    second_half_mb: float
    entries_per_s: float
    megabytes_sent: float
    cpu_s: float


async def run(sizes: Sizes, stage: Stage) -> Figure:
    """Two nights of the same entries: one that few look at, and one that all do. What an incident holds of its own
    entries is in both, so the difference is what watching takes."""
    few = max(1, sizes.watchers // 20)
    with workshop() as folder:
        async with mayday_up(folder) as house:
            quiet = await _night(house, 1, few, sizes)
            _, workflow_id = await _opened(house, 2)
            floor = await _bare_queries(house, workflow_id)
            night = await _night(house, 3, sizes.watchers, sizes)
    p99 = percentile(night.delays, 99)
    for_watching = max(night.growth_mb - quiet.growth_mb, 0.1)
    each = for_watching * 1e6 / (sizes.watchers - few or 1) / sizes.watcher_entries
    return Figure(
        name=NAME,
        what=f"seconds from an entry to its row on {sizes.watchers} pages of one incident, while "
        f"{sizes.watcher_entries_per_s} entries a second are written; floor: one bare query of the run, "
        f"and the memory that the same night takes with {few} pages",
        aim=f"p99 under {AIM_SECONDS:.0f} s, every page complete and in order, memory flat",
        measured={
            "p50_s": percentile(night.delays, 50), "p99_s": p99, "entries_per_s": night.entries_per_s,
            "growth_mb": max(night.growth_mb, 0.1),
        },
        floor={"query_p99_s": floor, "growth_mb": max(quiet.growth_mb, 0.1)},
        ratio={"p99": p99 / floor},
        met=p99 < AIM_SECONDS and night.whole and for_watching < MOST_FOR_WATCHING_MB,
        detail={
            "watchers": sizes.watchers, "entries": sizes.watcher_entries, "complete": night.whole,
            "megabytes_sent": night.megabytes_sent,
            "cpu_ms_an_entry": night.cpu_s * 1e3 / sizes.watcher_entries,
            "growth_in_second_half_mb": night.second_half_mb,
            "bytes_an_entry_and_page": each,
        },
    )  # fmt: skip


async def _night(house: House, number: int, how_many: int, sizes: Sizes) -> Night:
    """An incident of its own, watched by so many pages while all entries are written."""
    incident, workflow_id = await _opened(house, number)
    watchers = [Watcher(counts=each % 20 == 0) for each in range(how_many)]
    tokens = [(await house.records.tokens.create(person))[0] for person in PEOPLE]
    path = f"/incidents/{incident}/stream"
    watching = [
        asyncio.create_task(watcher.watch(house.url, path, tokens[each % len(tokens)]))
        for each, watcher in enumerate(watchers)
    ]
    await asyncio.sleep(2)
    memory = _megabytes()
    first = (await _board(house, workflow_id)).seq + 1
    memories: list[float] = []
    looking = asyncio.create_task(_look_at_memory(memories))
    burnt = time.process_time()
    rate = await _write(house, incident, tokens[0], sizes)
    last = await _all_heard(house, workflow_id, watchers, first + sizes.watcher_entries - 1)
    burnt = time.process_time() - burnt
    looking.cancel()
    growth = _megabytes() - memory
    written = {
        entry.seq: parse_timestamp(entry.at).timestamp() for entry in await _entries(house, incident, workflow_id)
    }
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    return Night(
        delays=[delay for watcher in watchers for delay in _delays(watcher, written, first)],
        whole=all(list(watcher.rows) == list(range(1, last + 1)) for watcher in watchers if watcher.counts),
        growth_mb=growth,
        second_half_mb=memories[-1] - memories[len(memories) // 2] if memories else 0.0,
        entries_per_s=rate,
        megabytes_sent=sum(watcher.received for watcher in watchers) / 1e6,
        cpu_s=burnt,
    )


async def _opened(house: House, night: int) -> tuple[str, str]:
    async with Sender(house.url) as sender:
        [touched] = await sender.post(sender.request(notification(NAME, [f"night-{night}"], number=999_990 + night)))
    return str(touched["id"]), str(touched["workflow_id"])


async def _bare_queries(house: House, workflow_id: str) -> float:
    took = []
    for _ in range(QUERIES):
        started = time.perf_counter()
        await _board(house, workflow_id)
        took.append(time.perf_counter() - started)
    return percentile(took, 99)


async def _board(house: House, workflow_id: str) -> Board:
    return await house.client.get_workflow_handle(workflow_id).query("board", result_type=Board)


async def _write(house: House, incident: str, token: str, sizes: Sizes) -> float:
    """Notes over the API, as evenly as the clock and the starter allow; how many a second it became."""
    numbers = iter(range(sizes.watcher_entries))
    started = time.perf_counter()

    async def write() -> None:
        async with Sender(house.url, f"/api/v1/incidents/{incident}/notes", token) as sender:
            for number in numbers:  # shared: each connection takes the next one
                await asyncio.sleep(max(0.0, started + number / sizes.watcher_entries_per_s - time.perf_counter()))
                await sender.answer(sender.request(json.dumps({"text": f"note {number}"}).encode()))

    async with asyncio.TaskGroup() as group:
        for _ in range(WRITERS):
            group.create_task(write())
    return sizes.watcher_entries / (time.perf_counter() - started)


async def _all_heard(house: House, workflow_id: str, watchers: Sequence[Watcher], at_least: int) -> int:
    """The number of the last entry, once every watcher has it; or when it is clear that one never will."""
    deadline = time.monotonic() + ALL_HEARD_WITHIN_SECONDS
    while True:
        last = (await _board(house, workflow_id)).seq
        if last >= at_least and all(watcher.numbers and watcher.numbers[-1] >= last for watcher in watchers):
            return last
        if time.monotonic() > deadline:
            say(f"  not every page has all {last} entries after {ALL_HEARD_WITHIN_SECONDS:.0f} s")
            return last
        await asyncio.sleep(0.2)


async def _entries(house: House, incident: str, workflow_id: str) -> list[Entry]:
    """Those of the store, and those that the run has not flushed yet."""
    stored = await house.records.timeline.entries(incident)
    handle = house.client.get_workflow_handle(workflow_id)
    return [*stored, *await handle.query("timeline", stored[-1].seq if stored else 0, result_type=list[Entry])]


def _delays(watcher: Watcher, written: dict[int, float], first: int) -> list[float]:
    found, before = [], first - 1
    for number, at in zip(watcher.numbers, watcher.moments, strict=True):
        found += [max(at - written[seq], 0.001) for seq in range(max(before + 1, first), number + 1) if seq in written]
        before = max(before, number)
    return found


async def _look_at_memory(seen: list[float]) -> None:
    """Once a second, so that what grows on and on is told from what is taken once."""
    while True:
        seen.append(_megabytes())
        await asyncio.sleep(1)


def _megabytes() -> float:
    return float(psutil.Process().memory_info().rss) / 1e6
