"""Years of incidents that are over: how long trends, board and search take as they become 4 and 16 times as many."""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from bench.figures import Figure, percentile
from bench.house import House, mayday_up, workshop
from bench.past_incidents import PastIncident, fill, nights, past_incidents, write
from bench.progress import say
from bench.scenario import Stage
from bench.sizes import Sizes

NAME = "archive"
TIMES = (1, 4, 16)
TRENDS_MS, LIST_MS = 300, 100
SETTLED_S = 3.0
"""Seconds after a starter began: what trends are made of is read meanwhile, before somebody has logged in."""
YEARS_AGO = date(2020, 1, 1)


async def run(sizes: Sizes, stage: Stage) -> Figure:
    """The pages over HTTP, from a starter of its own. Each look at the trends asks something new, so nothing is kept
    of the answer before; every other one follows an incident that has just ended."""
    told = await nights()
    took: dict[int, dict[str, list[float]]] = {}
    entries = done = 0
    with workshop() as folder:
        async with mayday_up(folder, worker=False) as house:
            token, _ = await house.records.tokens.create("ana", level="responder")
            headers = {"Authorization": f"Bearer {token}", "Accept": "text/html"}
            async with httpx.AsyncClient(base_url=house.url, headers=headers, timeout=60, trust_env=False) as http:
                for times in TIMES:
                    wanted = sizes.archived_incidents * times // TIMES[-1]
                    entries += await fill(house.records, told, done, wanted - done)
                    done = wanted
                    until = datetime.now(UTC)
                    fresh = list(past_incidents(told, until, 10_000_000 + times * 1000, sizes.archive_rounds))
                    took[times] = await _looked_at(http, house, sizes, fresh)
                    say(f"  {done:,} incidents: {', '.join(f'{k} {_ms(v):.0f} ms' for k, v in took[times].items())}")
            megabytes = _file(house).stat().st_size / 1e6
            floor = _read_by_sqlite(_file(house), sizes.archive_rounds)
        async with mayday_up(folder, worker=False) as house:  # the same store, a starter that has just begun
            async with httpx.AsyncClient(base_url=house.url, headers=headers, timeout=60, trust_env=False) as http:
                await asyncio.sleep(SETTLED_S)
                fresh_start = await _timed(lambda _: _get(http, f"/trends?from={YEARS_AGO}"), 0)
                say(f"  first trends of a starter that has just begun {fresh_start * 1000:.0f} ms")
    last = took[TIMES[-1]]
    measured = {f"{name}_p50_ms": statistics.median(values) * 1000 for name, values in last.items()}
    measured |= {f"{name}_p99_ms": percentile(values, 99) * 1000 for name, values in last.items()}
    measured["first_of_a_fresh_starter_ms"] = fresh_start * 1000
    met = (
        measured["first_of_a_fresh_starter_ms"] <= TRENDS_MS
        and measured["trends_p50_ms"] <= TRENDS_MS
        and all(measured[f"{name}_p50_ms"] <= LIST_MS for name in ("board", "search", "search_nothing"))
    )
    return Figure(
        name=NAME,
        what=f"pages over {done:,} ended incidents with {entries:,} entries: trends (a new question each time, every "
        "other one after an incident has ended), board, search; floor: SQLite reading all rows of facts",
        aim=f"trends at most {TRENDS_MS} ms, also the first look of a starter that has just begun; board and search at "
        f"most {LIST_MS} ms (p50)",
        measured=measured,
        floor={"facts_ms": floor * 1000},
        ratio={"trends": measured["trends_p50_ms"] / (floor * 1000)},
        met=met,
        detail={
            "growth": {
                str(times): {f"{name}_ms": _ms(values) for name, values in looked.items()}
                for times, looked in took.items()
            },
            "incidents": done, "entries": entries,
            "megabytes": megabytes,
        },
    )  # fmt: skip


async def _looked_at(
    http: httpx.AsyncClient, house: House, sizes: Sizes, fresh: list[PastIncident]
) -> dict[str, list[float]]:
    async def trends(number: int) -> None:
        if number % 2:
            await write(house.records, [fresh[number]])
        since = YEARS_AGO + timedelta(days=number + 1)  # no answer to this is kept
        await _get(http, f"/trends?from={since}&by={('month', 'service', 'severity')[number % 3]}")

    pages: dict[str, Callable[[int], Awaitable[None]]] = {
        "trends": trends,
        "board": lambda _: _get(http, "/"),
        "search": lambda _: _get(http, "/incidents?text=Singapore"),
        "search_nothing": lambda number: _get(http, f"/incidents?text=nothing%20like%20{number}"),
    }
    took = {"first_trends": [await _timed(lambda _: _get(http, f"/trends?from={YEARS_AGO}"), 0)]}
    await _get(http, "/incidents")
    return took | {
        name: [await _timed(look, number) for number in range(sizes.archive_rounds)] for name, look in pages.items()
    }


async def _timed(look: Callable[[int], Awaitable[None]], number: int) -> float:
    started = time.perf_counter()
    await look(number)
    return time.perf_counter() - started


async def _get(http: httpx.AsyncClient, path: str) -> None:
    (await http.get(path)).raise_for_status()


def _ms(values: list[float]) -> float:
    return statistics.median(values) * 1000


def _file(house: House) -> Path:
    return Path(str(house.records.store.url.database))


def _read_by_sqlite(file: Path, rounds: int) -> float:
    """Seconds that all rows of facts take to arrive in Python, unparsed: the best of some rounds."""
    connection = sqlite3.connect(file)
    try:
        best = float("inf")
        for _ in range(rounds):
            started = time.perf_counter()
            rows: list[Any] = connection.execute("SELECT incident_id, seq, facts FROM trend_facts").fetchall()
            best = min(best, time.perf_counter() - started)
            assert rows
        return best
    finally:
        connection.close()
