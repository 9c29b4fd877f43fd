"""Stored timelines and incidents: appended once, never edited, never set back."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mayday.domain.incident import Board
from mayday.domain.timeline import GENESIS, Entry, append, first_broken
from mayday.records import ChainConflict, IncidentRecord, Records
from tests.stores import Clock


def chain(clock: Clock, count: int, head: str = GENESIS, first: int = 1, note: str = "n") -> list[Entry]:
    entries: list[Entry] = []
    for seq in range(first, first + count):
        entries.append(append(head, seq, clock(), "note", "ana", "a.b", {"text": f"{note}{seq}", "n": seq}))
        head = entries[-1].hash
    return entries


def incident(clock: Clock, number: int = 1, **fields: object) -> IncidentRecord:
    return IncidentRecord.model_validate({
        "id": f"INC-{number:03}", "workflow_id": "incident/a", "correlation_key": "service=payments",
        "title": "Payments down", "severity": "SEV1", "status": "investigating", "service": "payments",
        "services": ["payments"], "opened_at": clock(), **fields,
    })  # fmt: skip


async def test_a_batch_that_comes_twice_is_stored_once(records: Records, clock: Clock) -> None:
    entries = chain(clock, 5)
    assert await records.timeline.append("INC-1", entries[:3]) == 3
    assert await records.timeline.append("INC-1", entries) == 2
    assert await records.timeline.append("INC-1", entries) == 0

    stored = await records.timeline.entries("INC-1")
    assert stored == entries
    assert first_broken(stored) is None
    assert await records.timeline.head("INC-1") == (5, entries[-1].hash)
    assert [entry.seq for entry in await records.timeline.entries("INC-1", after=2, limit=2)] == [3, 4]


async def test_another_entry_under_a_stored_number_is_refused_whole(records: Records, clock: Clock) -> None:
    entries = chain(clock, 3)
    await records.timeline.append("INC-1", entries)
    forged = chain(clock, 3, head=entries[1].hash, first=3, note="forged")

    with pytest.raises(ChainConflict) as refusal:
        await records.timeline.append("INC-1", forged)
    assert refusal.value.seqs[0] == 3
    assert await records.timeline.entries("INC-1") == entries


async def test_an_entry_that_does_not_follow_is_refused(records: Records, clock: Clock) -> None:
    await records.timeline.append("INC-1", chain(clock, 2))
    with pytest.raises(ChainConflict):
        await records.timeline.append("INC-1", chain(clock, 1, head="f" * 64, first=3))
    with pytest.raises(ChainConflict):
        await records.timeline.append("INC-2", chain(clock, 1, head="f" * 64))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(_JSON)
async def test_what_was_hashed_comes_back_as_it_was(records: Records, clock: Clock, value: object) -> None:
    entry = append(GENESIS, 1, clock(), "note", "ana", None, {"value": value})
    name = f"INC-{entry.hash}"
    await records.timeline.append(name, [entry])
    assert first_broken(await records.timeline.entries(name)) is None


async def test_opening_twice_keeps_the_first(records: Records, clock: Clock) -> None:
    await records.incidents.opened(incident(clock))
    again = await records.incidents.opened(incident(clock, title="Another"))
    assert again.title == "Payments down"


async def test_an_old_board_never_replaces_a_newer_one(records: Records, clock: Clock) -> None:
    def board(seq: int) -> Board:
        return Board(
            id="INC-001", workflow_id="incident/a", title="t", severity="SEV1", priority="P1", status="mitigated",
            service="payments", services=["payments"], drill=False, opened_at=clock(), seq=seq, head="h",
        )  # fmt: skip

    await records.incidents.save(incident(clock, seq=7, status="mitigated", board=board(7)))
    await records.incidents.save(incident(clock, seq=4, board=board(4)))
    stored = await records.incidents.get("INC-001")
    assert stored is not None
    assert stored.board is not None
    assert (stored.status, stored.seq, stored.board.seq) == ("mitigated", 7, 7)


async def test_incidents_are_listed_newest_first_page_by_page(records: Records, clock: Clock) -> None:
    for number in range(5):
        clock.forward(minutes=1)
        await records.incidents.save(incident(clock, number, severity="SEV2" if number == 3 else "SEV1"))

    first = await records.incidents.find(limit=2)
    assert [item.id for item in first.items] == ["INC-004", "INC-003"]
    second = await records.incidents.find(limit=2, after=first.next)
    third = await records.incidents.find(limit=2, after=second.next)
    assert [item.id for item in second.items + third.items] == ["INC-002", "INC-001", "INC-000"]
    assert third.next is None
    assert [item.id for item in (await records.incidents.find(severities=["SEV2"])).items] == ["INC-003"]
    with pytest.raises(ValueError, match="cursor"):
        await records.incidents.find(after="nonsense")


async def test_incidents_are_found_by_service_status_and_words(records: Records, clock: Clock) -> None:
    await records.incidents.save(incident(clock, 1, services=["payments", "pay_100%"]))
    await records.incidents.save(
        incident(clock, 2, services=["dns"], title="DNS slow", status="resolved", ended_at=clock(), drill=True)
    )

    async def ids(**wanted: object) -> list[str]:
        return [item.id for item in (await records.incidents.find(**wanted)).items]  # type: ignore[arg-type]

    assert await ids(service="payments") == ["INC-001"]
    assert await ids(service="pay") == []
    assert await ids(service="pay_100%") == ["INC-001"]
    assert await ids(statuses=["resolved"]) == ["INC-002"]
    assert await ids(open_only=True) == ["INC-001"]
    assert await ids(text="dns") == ["INC-002"]
    assert await ids(drill=False) == ["INC-001"]


async def test_the_newest_incident_of_a_key_is_found(records: Records, clock: Clock) -> None:
    await records.incidents.save(incident(clock, 1, status="resolved", ended_at=clock()))
    clock.forward(hours=1)
    await records.incidents.save(incident(clock, 2))
    for found in (
        await records.incidents.by_correlation_key("service=payments"),
        await records.incidents.by_workflow("incident/a"),
    ):
        assert found is not None
        assert found.id == "INC-002"
        assert found.is_open
    assert await records.incidents.by_workflow("incident/none") is None
