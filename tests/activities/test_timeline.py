"""Flushes: the store first, then one note a batch to the ticket, each entry told exactly once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.dependencies import Dependencies
from activities.inbox import InboxActivities
from activities.timeline import TimelineActivities
from mayday.domain.effects import FlushRequest, IncidentCard, LookRequest
from mayday.domain.errors import Refused, Unreachable
from mayday.domain.incident import AlertEvent, Board
from mayday.domain.ports import ChildTicket, TicketOrder, WorkNote
from mayday.domain.timeline import GENESIS, Entry, append
from mayday.records import InboxItem, Records, RecordsUnavailable
from tests.stores import Clock

Run = Callable[..., Any]


class Story:
    """An incident that goes on: entries and boards that follow from each other."""

    def __init__(self, clock: Clock, ticket: str | None) -> None:
        self.clock, self.ticket, self.entries = clock, ticket, list[Entry]()
        self.status, self.finished = "investigating", False

    def happen(self, count: int = 1, kind: str = "note") -> list[Entry]:
        added = []
        for _ in range(count):
            head = self.entries[-1].hash if self.entries else GENESIS
            seq = len(self.entries) + 1
            self.entries.append(append(head, seq, self.clock(), kind, "ana", None, {"text": f"fact {seq}"}))
            added.append(self.entries[-1])
        return added

    def flush(self, entries: list[Entry], **more: Any) -> FlushRequest:
        last = entries[-1]
        board = Board(
            id="INC-1", workflow_id="incident/a", title="Payments down", severity="SEV1", priority="P1",
            status=self.status, service="payments", services=["payments"], drill=False, opened_at=self.clock(),
            ticket=self.ticket, finished=self.finished, seq=last.seq, head=last.hash,
        )  # fmt: skip
        return FlushRequest(incident_id="INC-1", entries=entries, board=board, **more)


@pytest.fixture
async def story(dependencies: Dependencies, card: IncidentCard, clock: Clock) -> Story:
    order = TicketOrder(effect_key="t", incident=card, kind="incident", summary="Payments down")
    ticket = await dependencies.ports.tickets[0].open(order)
    return Story(clock, ticket.number)


async def test_a_batch_is_stored_and_noted_once(
    dependencies: Dependencies, records: Records, story: Story, run: Run
) -> None:
    flush = TimelineActivities(dependencies).flush
    request = story.flush(story.happen(3))
    receipt = await run(flush, request)
    again = await run(flush, request)

    assert (receipt.stored, receipt.seq, receipt.head, receipt.noted) == (3, 3, story.entries[-1].hash, True)
    assert (again.stored, again.noted) == (0, False)
    [note] = await records.desk.tickets.notes("MI-1001")
    assert note.text.endswith(f"Timeline up to 3, sha256 {story.entries[-1].hash}")
    stored = await records.incidents.get("INC-1")
    assert stored is not None
    assert (stored.status, stored.seq, stored.ended_at) == ("investigating", 3, None)


async def test_what_came_out_of_the_ticket_is_not_written_into_it_again(
    dependencies: Dependencies, records: Records, story: Story, run: Run
) -> None:
    flush = TimelineActivities(dependencies).flush
    said = {"words": "INC0010456: quota raised", "channel": "servicenow"}
    head = story.happen(1)[-1].hash
    story.entries.append(append(head, 2, story.clock(), "noted", "owner", None, said))
    await run(flush, story.flush(story.entries))
    [note] = await records.desk.tickets.notes("MI-1001")
    assert "quota raised" not in note.text
    assert note.text.endswith(f"Timeline up to 2, sha256 {story.entries[-1].hash}")

    story.entries.append(append(story.entries[-1].hash, 3, story.clock(), "noted", "owner", None, said))
    receipt = await run(flush, story.flush(story.entries[-1:]))
    assert receipt.noted
    assert len(await records.desk.tickets.notes("MI-1001")) == 1


async def test_tickets_of_alerts_and_of_merged_incidents_become_its_children(
    dependencies: Dependencies, records: Records, card: IncidentCard, story: Story, run: Run
) -> None:
    desk = dependencies.ports.tickets[0]
    merged = await desk.open(TicketOrder(effect_key="m", incident=card, kind="incident", summary="the same"))
    other = Story(story.clock, merged.number)
    await run(TimelineActivities(dependencies).flush, other.flush(other.happen(1)).model_copy(update={
        "incident_id": "INC-2", "board": other.flush(other.entries).board.model_copy(update={"id": "INC-2"}),  # type: ignore[union-attr]
    }))  # fmt: skip
    adopted: list[tuple[str, str]] = []

    class Vendor:
        name = "servicenow"

        async def note(self, note: WorkNote) -> None:
            """Taken."""

        async def adopt(self, child: ChildTicket) -> None:
            adopted.append((child.ticket, child.child))
            if child.child == "INC0000002":
                raise Refused("no such ticket")

    given = replace(dependencies, ports=replace(dependencies.ports, tickets=[Vendor()]))  # type: ignore[list-item]
    for kind, actor, data in (
        ("alert_fired", "servicenow", {"labels": {"number": "INC0000002"}}),
        ("alert_fired", "servicenow", {"labels": {"number": "INC0000001"}}),
        ("alert_fired", "alertmanager", {"labels": {"number": "7"}}),
        ("alert_fired", "jira", {"labels": {"number": "OPS-1"}}),  # that desk is not set up
        ("merged_in", "ana", {"source": "INC-2"}),
    ):
        head = story.entries[-1].hash if story.entries else GENESIS
        story.entries.append(append(head, len(story.entries) + 1, story.clock(), kind, actor, None, data))
    receipt = await run(TimelineActivities(given).flush, story.flush(story.entries))
    assert receipt.noted
    assert adopted == [("MI-1001", "INC0000002"), ("MI-1001", "INC0000001"), ("MI-1001", merged.number)]


async def test_the_ticket_hears_later_what_it_missed(
    dependencies: Dependencies, records: Records, story: Story, run: Run
) -> None:
    class Away:
        name = "servicenow"
        is_away = True
        told: list[str] = []

        async def note(self, note: WorkNote) -> None:
            self.told.append(note.effect_key)
            if self.is_away:
                raise Unreachable("maintenance")

    desk = Away()
    given = replace(dependencies, ports=replace(dependencies.ports, tickets=[desk]))  # type: ignore[list-item]
    flush = TimelineActivities(given).flush
    assert not (await run(flush, story.flush(story.happen(2)))).noted
    assert (await records.timeline.head("INC-1")).seq == 2  # a ticket desk that is away holds up nothing

    desk.is_away = False
    assert (await run(flush, story.flush(story.happen(3)))).noted
    # the note that may have arrived keeps its key, so that it is not written twice; the rest follows as its own
    assert desk.told == ["INC-1/note/1-2", "INC-1/note/1-2", "INC-1/note/3-5"]


async def test_a_silent_store_fails_the_flush_and_nothing_is_noted(
    dependencies: Dependencies, records: Records, story: Story, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(_: FlushRequest) -> object:
        raise RecordsUnavailable("disk full")

    monkeypatch.setattr(records.flushes, "keep", silent)
    with pytest.raises(ApplicationError) as failed:
        await run(TimelineActivities(dependencies).flush, story.flush(story.happen()))
    assert (failed.value.type, failed.value.non_retryable) == ("unreachable", False)
    assert await records.desk.tickets.notes("MI-1001") == []


async def test_entries_that_contradict_the_store_are_named_and_never_stored(
    dependencies: Dependencies, records: Records, story: Story, run: Run
) -> None:
    flush = TimelineActivities(dependencies).flush
    await run(flush, story.flush(story.happen(2)))
    story.entries.pop()
    story.status = "mitigated"
    receipt = await run(flush, story.flush(story.happen(1, kind="forged")))
    assert receipt.conflicts == [2]
    assert [entry.kind for entry in await records.timeline.entries("INC-1")] == ["note", "note"]
    stored = await records.incidents.get("INC-1")
    assert stored is not None
    assert stored.status == "mitigated"


async def test_an_incident_ends_with_its_run_and_opens_again(
    dependencies: Dependencies, records: Records, story: Story, run: Run, clock: Clock
) -> None:
    flush = TimelineActivities(dependencies).flush
    await run(flush, story.flush(story.happen(2)))
    clock.forward(hours=2)
    story.status, story.finished = "resolved", True
    await run(flush, story.flush(story.happen(1, kind="finished")))
    ended = await records.incidents.get("INC-1")
    assert ended is not None
    assert (ended.ended_at, ended.is_open) == (datetime(2026, 3, 2, 4, 10, tzinfo=UTC), False)

    # the review goes on with the chain, and closes
    clock.forward(hours=48)
    last = story.happen(1, kind="closed")
    await run(flush, FlushRequest(incident_id="INC-1", entries=last, status="closed"))
    closed = await records.incidents.get("INC-1")
    assert closed is not None
    assert (closed.status, closed.ended_at, closed.head) == ("closed", ended.ended_at, last[-1].hash)

    story.status, story.finished = "investigating", False
    await run(flush, story.flush(story.happen(1, kind="reopened")))
    reopened = await records.incidents.get("INC-1")
    assert reopened is not None
    assert reopened.is_open


async def test_a_closing_run_is_given_the_alerts_that_nobody_forwarded(
    dependencies: Dependencies, records: Records, run: Run, clock: Clock
) -> None:
    event = AlertEvent(
        source="alertmanager", dedupe_key="k", alert_key="k", state="firing", title="Payments down", received_at=clock()
    )
    await records.inbox.commit([InboxItem(event=event, workflow_id="incident/a")], source="alertmanager", body=b"")
    look = InboxActivities(dependencies).look
    receipt = await run(look, LookRequest(workflow_id="incident/a"))
    assert [each.dedupe_key for each in receipt.events] == ["k"]
    assert receipt.events[0].inbox_id is not None
    assert (await run(look, LookRequest(workflow_id="incident/b"))).events == []


async def test_a_drills_notes_stay_at_the_desk_also_those_of_its_review(
    dependencies: Dependencies, records: Records, story: Story, run: Run
) -> None:
    outside = replace(dependencies, ports=replace(dependencies.ports, tickets=[]))
    flush = TimelineActivities(outside).flush
    request = story.flush(story.happen())
    assert request.board is not None
    request.board.drill = True
    assert (await run(flush, request)).noted
    assert (await run(flush, FlushRequest(incident_id="INC-1", entries=story.happen()))).noted
    assert len(await records.desk.tickets.notes("MI-1001")) == 2
