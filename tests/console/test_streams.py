"""What followers of an incident hear: everything, in order, once; however many they are."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

from mayday.domain.timeline import GENESIS, Entry, append
from starter import feed as feeds
from starter import stream
from starter.access import Principal
from starter.console import incident_page
from starter.console.visitor import Visitor
from starter.feed import IncidentFeed, feeds_of
from tests.console.test_pages import pending, shown
from tests.starter.conftest import House

ANA = Visitor(Principal("ana", "responder", "t"), "Ana Ruiz", "proof")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "OPEN_EVERY", 0.01)
    monkeypatch.setattr(feeds, "AT_LEAST_APART", 0.0)
    monkeypatch.setattr(incident_page, "PIECES_EVERY", 0.02)


async def heard(events: AsyncIterator[str], until: int) -> tuple[list[int], list[str]]:
    """Numbers of the entries up to `until`, and the names of the pieces that came meanwhile."""
    numbers: list[int] = []
    pieces: list[str] = []
    async with asyncio.timeout(20):
        async for event in events:
            name, data = _parsed(event)
            if name == "rows":
                numbers += [number for number, _ in data]
            elif name == "entry":
                numbers.append(data["seq"])
            elif name == "region":
                pieces.append(data["name"])
            if numbers and numbers[-1] >= until:
                return numbers, pieces
    raise AssertionError("the stream ended")


async def each(chunks: AsyncIterator[str]) -> AsyncIterator[str]:
    """One event after the other: several leave in one write."""
    async for chunk in chunks:
        for event in chunk.strip().split("\n\n"):
            yield event


def _parsed(event: str) -> tuple[str, Any]:
    lines = dict(line.split(": ", 1) for line in event.strip().splitlines())
    return lines.get("event", ""), json.loads(lines.get("data", "null"))


async def feed_of(house: House) -> IncidentFeed:
    incident = await house.declared()
    shown(house, incident)
    return feeds_of(house.parts).incident(incident)


def say(house: House, feed: IncidentFeed, count: int) -> None:
    """The run writes `count` notes more."""
    run = house.run(feed.incident)
    assert run.board is not None
    for _ in range(count):
        seq, head = run.board.seq + 1, run.board.head or GENESIS
        entry: Entry = append(head, seq, house.clock.at, "noted", "ana", None, {"words": f"note {seq}"})
        run.entries.append(entry)
        run.board = run.board.model_copy(update={"seq": seq, "head": entry.hash})


async def test_followers_hear_everything_in_order_and_share_one_look(house: House) -> None:
    feed = await feed_of(house)
    asked = house.gateway.board
    looks = 0

    async def counted(*args: Any) -> Any:
        nonlocal looks
        looks += 1
        return await asked(*args)

    house.gateway.board = counted  # type: ignore[method-assign]

    async def follow() -> list[int]:
        async with aclosing(each(stream._events(house.parts, feed, 0))) as events:  # type: ignore[type-var]
            return (await heard(events, 200))[0]

    followers = [asyncio.create_task(follow()) for _ in range(50)]
    for _ in range(20):
        say(house, feed, 10)
        await asyncio.sleep(0.005)
    for numbers in await asyncio.gather(*followers):
        assert numbers == list(range(1, 201))
    assert looks < 200, "each follower asks by itself"
    feed.close()


async def test_whoever_comes_back_misses_nothing_and_hears_nothing_twice(house: House) -> None:
    feed = await feed_of(house)
    say(house, feed, 5)
    numbers, _ = await heard(each(stream._events(house.parts, feed, 0)), 5)
    say(house, feed, 3)
    again, _ = await heard(each(stream._events(house.parts, feed, numbers[-1])), 8)
    assert numbers + again == list(range(1, 9))
    feed.close()


async def test_entries_that_move_to_the_store_between_two_reads_are_not_skipped(house: House) -> None:
    feed = await feed_of(house)
    say(house, feed, 6)
    run = house.run(feed.incident)
    late, run.entries = run.entries[:4], run.entries[4:]  # flushed after the store was read: the run knows 5 and 6 only
    events = each(stream._events(house.parts, feed, 0))
    hearing = asyncio.create_task(heard(events, 6))
    await asyncio.sleep(0.1)
    assert feed.seq == 0
    await house.parts.records.timeline.append(feed.incident, late)
    assert (await hearing)[0] == [1, 2, 3, 4, 5, 6]
    feed.close()


async def test_a_page_gets_rows_and_the_pieces_that_changed(house: House) -> None:
    feed = await feed_of(house)
    events = each(incident_page._events(house.parts, feed, ANA, 0))
    say(house, feed, 1)
    _, pieces = await heard(events, 1)
    assert pieces == []
    first = [_parsed(await anext(events))[1]["name"] for _ in range(len(incident_page.OWN + incident_page.COMMON))]
    assert first == [*incident_page.OWN, *incident_page.COMMON]
    run = house.run(feed.incident)
    assert run.board is not None
    waits = pending(id="t", kind="task", text="Look", **{"for": ["ana"]})
    run.board = run.board.model_copy(update={"pending": [waits]})
    name, data = _parsed(await anext(events))
    assert (name, data["name"]) == ("region", "now")
    assert 'value="proof"' in data["html"], "its forms carry the proof of this browser"
    feed.close()


async def test_while_nothing_happens_only_time_moves_the_page(house: House) -> None:
    feed = await feed_of(house)
    say(house, feed, 1)
    events = each(incident_page._events(house.parts, feed, ANA, 0))
    await heard(events, 1)
    for _ in (*incident_page.OWN, *incident_page.COMMON):
        await anext(events)
    house.clock.forward(minutes=10)
    assert _parsed(await anext(events))[1]["name"] == "strip", "and no other piece: clocks are ticked by the browser"
    feed.close()


async def test_a_stream_ends_when_the_starter_stops(house: House) -> None:
    feed = await feed_of(house)
    events = each(stream._events(house.parts, feed, 0))
    await anext(events)
    await feeds_of(house.parts).close()
    async with asyncio.timeout(5):
        assert [event async for event in events] == []
    assert (await house.http.get("/healthz")).status_code == 200


async def test_a_fact_is_on_the_page_within_a_second(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """By design: the longest time until the next look, and then the longest until the pieces are rendered again."""
    monkeypatch.undo()
    assert feeds.OPEN_EVERY + incident_page.PIECES_EVERY < 1
    feed = await feed_of(house)
    events = each(incident_page._events(house.parts, feed, ANA, 0))
    for _ in range(len(incident_page.COMMON) + 2):
        await anext(events)
    for _ in range(3):  # whenever it comes
        say(house, feed, 1)
        written = asyncio.get_running_loop().time()
        await heard(events, feed.seq + 1)
        looked = asyncio.get_running_loop().time() - written
        assert looked < feeds.OPEN_EVERY + 0.5, "a look, and what it takes on a busy machine"
    feed.close()


async def test_what_a_person_does_here_is_looked_at_without_waiting(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "OPEN_EVERY", 3600.0)
    feed = await feed_of(house)
    events = each(stream._events(house.parts, feed, 0))
    await anext(events)
    say(house, feed, 1)
    feeds_of(house.parts).nudge(feed.incident)
    assert (await heard(events, 1))[0] == [1]
    feed.close()


async def test_a_storm_is_looked_at_together(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    feed = await feed_of(house)
    loop = asyncio.get_running_loop()
    events = each(stream._events(house.parts, feed, 0))
    await anext(events)
    began, before = loop.time(), feed._rounds
    hearing = asyncio.create_task(heard(events, 100))
    for _ in range(100):
        say(house, feed, 1)
        feeds_of(house.parts).nudge(feed.incident)
        await asyncio.sleep(0.005)
    assert (await hearing)[0] == list(range(1, 101))
    took = loop.time() - began
    assert feed._rounds - before <= feeds.FREE_LOOKS + 1 + took / feeds.AT_LEAST_APART
    feed.close()


async def test_a_page_that_is_loaded_in_a_storm_waits_for_no_pause(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "AT_LEAST_APART", 3600.0)
    feed = await feed_of(house)
    for _ in range(3 * feeds.FREE_LOOKS):
        say(house, feed, 1)
        found = await feed.fresh()
        assert found.board is not None
        assert found.board.seq == feed.seq
    feed.close()


async def test_who_reads_slowly_holds_one_piece_of_the_night_at_a_time(house: House) -> None:
    """What a follower has not taken yet waits in the feed, once for all; it comes in pieces, whole and in order."""
    feed = await feed_of(house)
    async with aclosing(incident_page._events(house.parts, feed, ANA, 0)) as events:
        assert "hello" in await anext(events)
        say(house, feed, 3 * incident_page.AT_A_TIME)
        await feed.fresh()
        numbers: list[int] = []
        async with asyncio.timeout(20):
            while not numbers or numbers[-1] < feed.seq:
                for piece in [_parsed(event) for event in (await anext(events)).strip().split("\n\n")]:
                    rows = [number for number, _ in piece[1]] if piece[0] == "rows" else []
                    assert len(rows) <= incident_page.AT_A_TIME
                    numbers += rows
        assert numbers == list(range(1, feed.seq + 1))
