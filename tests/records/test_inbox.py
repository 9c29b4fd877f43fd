"""The inbox: nothing lost, nothing twice, and fast enough for a storm."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from mayday.domain.incident import AlertEvent
from mayday.records import InboxItem, Records, RecordsUnavailable
from mayday.records.schema import DELIVERIES
from tests.stores import Clock


def alert(key: str, clock: Clock, state: str = "firing", workflow_id: str = "incident/a", title: str = "") -> InboxItem:
    event = AlertEvent.model_validate({
        "source": "alertmanager", "dedupe_key": key, "alert_key": key, "state": state, "title": title or key,
        "received_at": clock(),
    })  # fmt: skip
    return InboxItem(event=event, workflow_id=workflow_id, correlation_key="service=payments", decision={"n": key})


async def test_an_alert_is_kept_with_the_body_that_brought_it(records: Records, clock: Clock) -> None:
    [kept] = await records.inbox.commit([alert("k1", clock)], source="alertmanager", body=b'{"a": 1}')

    row = await records.inbox.get(kept.id)
    assert row is not None
    assert (row.state, row.event.title, row.decision) == ("new", "k1", {"n": "k1"})
    assert row.event.inbox_id == kept.id
    assert await records.inbox.body(kept.id) == b'{"a": 1}'


async def test_a_delivery_that_comes_again_changes_nothing(records: Records, clock: Clock) -> None:
    [first] = await records.inbox.commit([alert("k1", clock)], source="alertmanager", body=b"1")
    [again, other] = await records.inbox.commit(
        [alert("k1", clock), alert("k2", clock)], source="alertmanager", body=b"2"
    )

    assert (first.new, again.new, other.new) == (True, False, True)
    assert again.id == first.id
    assert await records.inbox.body(first.id) == b"1"


async def test_the_same_alert_twice_in_one_body_is_one_row(records: Records, clock: Clock) -> None:
    kept = await records.inbox.commit([alert("k1", clock), alert("k1", clock)], source="x", body=b"")
    assert kept[0].id == kept[1].id


async def test_bodies_that_bring_nothing_new_are_not_kept(records: Records, clock: Clock) -> None:
    for body in (b"1", b"2", b"3"):
        await records.inbox.commit([alert("k1", clock)], source="alertmanager", body=body)
    async with records.store.read() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(DELIVERIES)) == 1


async def test_a_storm_is_committed_in_few_transactions(
    records: Records, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    transactions = 0
    write = records.inbox._write

    async def counted(deliveries: list[Any]) -> Any:
        nonlocal transactions
        transactions += 1
        return await write(deliveries)

    monkeypatch.setattr(records.inbox._group, "_write", counted)
    answers = await asyncio.gather(
        *(records.inbox.commit([alert(f"k{n}", clock)], source="x", body=b"") for n in range(500))
    )

    assert all(kept.new for [kept] in answers)
    assert len({kept.id for [kept] in answers}) == 500
    assert transactions < 20


async def test_two_starters_taking_the_same_storm_keep_it_once(
    database_url: str, records: Records, clock: Clock
) -> None:
    async with await Records.open(database_url, clock=clock) as other:
        answers = await asyncio.gather(*(
            store.inbox.commit([alert(f"k{n}", clock), alert(f"k{n + 1}", clock)], source="x", body=b"")
            for n in range(100) for store in (records, other)
        ))  # fmt: skip
    assert sum(kept.new for answer in answers for kept in answer) == 101
    assert await records.inbox.count() == {"new": 101}


async def test_a_body_with_more_alerts_than_a_statement_holds_is_kept_whole(records: Records, clock: Clock) -> None:
    """Each alert gets its own row, what was there before keeps its own, and nothing shifts from one to the next."""
    [there] = await records.inbox.commit([alert("k100", clock, title="came before")], source="y", body=b"1")
    many = [alert(f"k{n}", clock, "resolved" if n % 3 else "firing", title=f"title {n}") for n in range(5_000)]
    kept = await records.inbox.commit(many, source="x", body=b"2")

    assert [n for n, row in enumerate(kept) if not row.new] == [100]
    assert kept[100].id == there.id
    assert len({row.id for row in kept}) == 5_000
    for n in (0, 99, 101, 2_500, 4_999):
        row = await records.inbox.get(kept[n].id)
        assert row is not None
        assert (row.dedupe_key, row.event.title, row.decision) == (f"k{n}", f"title {n}", {"n": f"k{n}"})
        assert (row.event.state, row.source, row.received_at) == (many[n].event.state, "x", clock())
    assert await records.inbox.count() == {"new": 5_000}


async def test_one_bad_delivery_fails_alone(records: Records, clock: Clock) -> None:
    bad = alert("bad", clock)
    bad.decision = {"not": object()}
    answers = await asyncio.gather(
        records.inbox.commit([alert("k1", clock)], source="x", body=b""),
        records.inbox.commit([bad], source="x", body=b""),
        records.inbox.commit([alert("k2", clock)], source="x", body=b""),
        return_exceptions=True,
    )
    assert isinstance(answers[1], Exception)
    assert await records.inbox.count() == {"new": 2}


async def test_alerts_with_signs_that_a_database_cannot_hold_are_kept(records: Records, clock: Clock) -> None:
    odd = alert("k\x00\ud800", clock, title="nul \x00 \ud800")
    [kept] = await records.inbox.commit([odd], source="x", body=b"\x00")
    row = await records.inbox.get(kept.id)
    assert row is not None
    assert row.event.title == "nul \x00 \ud800"


async def test_a_forwarder_claims_what_is_new_oldest_first(records: Records, clock: Clock) -> None:
    kept = await records.inbox.commit([alert(f"k{n}", clock) for n in range(5)], source="x", body=b"")
    ids = sorted(item.id for item in kept)

    claimed = [row.id for row in await records.inbox.claim(limit=2)]
    assert claimed == ids[:2]
    await records.inbox.settle(claimed, "forwarded", decision={"action": "opened"})
    assert [row.id for row in await records.inbox.claim()] == ids[2:]
    assert await records.inbox.claim() == []  # the rest is still leased

    clock.forward(seconds=11)
    again = await records.inbox.claim()
    assert [row.id for row in again] == ids[2:]
    assert {row.attempts for row in again} == {2}
    assert await records.inbox.count() == {"forwarded": 2, "new": 3}


async def test_what_cannot_be_forwarded_yet_is_given_back(records: Records, clock: Clock) -> None:
    [kept] = await records.inbox.commit([alert("k1", clock)], source="x", body=b"")
    await records.inbox.claim()
    await records.inbox.settle([kept.id], "new", error="Temporal is down")

    [row] = await records.inbox.claim()
    assert row.error == "Temporal is down"


async def test_a_closing_run_finds_the_firing_alerts_that_it_was_not_given(records: Records, clock: Clock) -> None:
    await records.inbox.commit([alert("old", clock)], source="x", body=b"")
    since = clock() + timedelta(seconds=1)
    clock.forward(minutes=1)
    kept = await records.inbox.commit(
        [
            alert("late", clock), alert("calm", clock, state="resolved"), alert("gone", clock),
            alert("other", clock, workflow_id="incident/b"),
        ],
        source="x", body=b"",
    )  # fmt: skip
    await records.inbox.settle([kept[2].id], "forwarded")

    assert [row.dedupe_key for row in await records.inbox.look("incident/a", since)] == ["late"]
    assert [row.dedupe_key for row in await records.inbox.look("incident/a")] == ["old", "late"]


async def test_closing_commits_what_waits_and_then_refuses(records: Records, clock: Clock) -> None:
    waiting = asyncio.create_task(records.inbox.commit([alert("k1", clock)], source="x", body=b""))
    await asyncio.sleep(0)
    await records.inbox.close()
    assert waiting.done()
    with pytest.raises(RecordsUnavailable):
        await records.inbox.commit([alert("k2", clock)], source="x", body=b"")
