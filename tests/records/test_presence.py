"""When was the system last alive? Known to the last beat before an outage."""

from __future__ import annotations

from datetime import timedelta

from mayday.records import Records
from tests.stores import Clock


async def test_the_last_beat_before_the_outage(records: Records, clock: Clock) -> None:
    begin = clock.at
    await records.presence.began("worker-1")
    clock.forward(minutes=5)
    await records.presence.seen("worker-1")
    clock.forward(minutes=20)
    await records.presence.began("worker-2")
    assert await records.presence.last_alive(begin + timedelta(minutes=15)) == begin + timedelta(minutes=5)


async def test_a_system_that_lived_lost_no_time(records: Records, clock: Clock) -> None:
    begin = clock.at
    await records.presence.began("worker-1")
    clock.forward(minutes=30)
    await records.presence.seen("worker-1")
    wanted = begin + timedelta(minutes=15)
    assert await records.presence.last_alive(wanted) == wanted


async def test_before_the_first_life_nobody_knows(records: Records, clock: Clock) -> None:
    assert await records.presence.last_alive(clock.at) is None


async def test_who_lives_and_what_it_told(records: Records, clock: Clock) -> None:
    begin = clock.at
    assert not await records.presence.told("worker-1", {"host": "early"}), "it has not begun"
    await records.presence.began("worker-1")
    assert await records.presence.told("worker-1", {"host": "a"})
    clock.forward(minutes=5)
    await records.presence.began("worker-2")
    assert [(each.process, each.report) for each in await records.presence.living(begin)] == [
        ("worker-2", None), ("worker-1", {"host": "a"}),
    ]  # fmt: skip
    assert [each.process for each in await records.presence.living(clock.at)] == ["worker-2"]


async def test_a_life_that_was_interrupted_is_two(records: Records, clock: Clock) -> None:
    """A machine that slept: what it said before stays, and nobody lived in between."""
    begin = clock.at
    await records.presence.began("worker-1")
    clock.forward(minutes=5)
    await records.presence.seen("worker-1")
    clock.forward(minutes=60)
    await records.presence.began_again("worker-1")
    assert await records.presence.last_alive(begin + timedelta(minutes=30)) == begin + timedelta(minutes=5)
    assert [each.process for each in await records.presence.living(begin)] == ["worker-1"]
    assert await records.presence.told("worker-1", {"host": "a"})


async def test_who_was_forgotten_begins_again(records: Records, clock: Clock) -> None:
    await records.presence.began_again("worker-1")
    assert await records.presence.last_life() == clock.at


async def test_what_a_wrong_clock_wrote_into_the_future_hides_no_outage(records: Records, clock: Clock) -> None:
    begin = clock.at
    assert await records.presence.last_life() is None
    await records.presence.began("worker-1")
    clock.forward(days=2)
    await records.presence.began("worker-2")
    clock.forward(days=-2)
    clock.forward(minutes=30)
    assert await records.presence.last_life() == begin
