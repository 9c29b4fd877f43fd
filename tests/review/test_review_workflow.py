"""The review as a Temporal workflow: weeks on a time-skipping server, real activities, and the history replays."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.dependencies import Dependencies
from activities.registry import build
from mayday.domain.commands import Answer
from mayday.domain.effects import FlushRequest
from mayday.domain.review import REVIEW_COMMAND, ReviewBoard, ReviewEnvelope, ReviewInput
from mayday.domain.timeline import Entry, first_broken
from mayday.records import Records
from mayday.signing import Signer
from mayday.temporal.histories import replay
from tests.review.one_night import night
from tests.review.story import FORM, given, utc
from tests.review.test_obligations import FINAL, RATIFICATION, RCA
from workflows.review import ReviewEnd, ReviewWorkflow

pytestmark = pytest.mark.temporal

START = utc("2026-05-01T18:30")
"""A Friday evening before a bank holiday."""


class Run:
    """One review on the server; `at` moves its clock to a moment."""

    def __init__(self, environment: WorkflowEnvironment, start: ReviewInput, queue: str) -> None:
        self.environment = environment
        self.start = start
        self.queue = queue
        self.commands = 0
        self.handle: WorkflowHandle[Any, ReviewEnd]

    async def open(self) -> None:
        self.handle = await self.environment.client.start_workflow(
            ReviewWorkflow.run, self.start, id=f"review/{self.start.incident_id}", task_queue=self.queue
        )

    async def now(self) -> datetime:
        return await self.environment.get_current_time() + timedelta(seconds=self.start.clock_offset_s)

    async def at(self, moment: str) -> None:
        await self.environment.sleep(utc(moment) - await self.now())

    async def do(self, kind: str, by: str, **fields: Any) -> Answer:
        self.commands += 1
        command = {"id": f"c{self.commands}", "actor": by, "received_at": await self.now(), **fields}
        return await self.handle.execute_update(kind, command, result_type=Answer)

    async def refused(self, kind: str, by: str, **fields: Any) -> str | None:
        with pytest.raises(WorkflowUpdateFailedError) as caught:
            await self.do(kind, by, **fields)
        assert isinstance(caught.value.cause, ApplicationError)
        return caught.value.cause.type

    async def board(self) -> ReviewBoard:
        return await self.handle.query(ReviewWorkflow.review)


@asynccontextmanager
async def review_of(
    environment: WorkflowEnvironment, dependencies: Dependencies, records: Records, **changes: Any
) -> AsyncIterator[Run]:
    """The review of the night of `test_report`, whose entries the store already holds."""
    entries = night().entries
    await records.flushes.keep(FlushRequest(incident_id="INC-1", entries=entries, note_to_ticket=False))
    offset = START - await environment.get_current_time()
    start = given(
        opened_at=utc("2026-05-01T15:00"),
        resolved_at=START,
        head=entries[-1].hash,
        next_seq=entries[-1].seq + 1,
        clock_offset_s=round(offset.total_seconds()),
        people={},
        **changes,
    )
    queue = f"review-{uuid.uuid4()}"
    async with Worker(environment.client, task_queue=queue, workflows=[ReviewWorkflow], activities=build(dependencies)):
        run = Run(environment, start, queue)
        await run.open()
        yield run


async def walk_through(run: Run) -> ReviewEnd:
    """Ten weeks, as the people of this review live them."""
    await run.at("2026-05-02T09:00")
    await run.do("accept_ownership", "ana")
    assert await run.refused("close", "lee") == "not_yours"
    assert await run.refused("release", "ana", item=FINAL["id"]) == "excluded"
    await run.do("release", "li", item=FINAL["id"])
    await run.at("2026-05-05T09:00")
    await run.do("edit_report", "dee", section="summary", text="The gateway failed.", version=0)
    await run.do("answer_finding", "dana", finding=RATIFICATION["id"], yes=True, reason="the only way")
    await run.do("set_state", "ana", state="in_review")
    await run.do("add_action", "ana", title="Second gateway", owner="lee", priority="normal")
    await run.do("set_state", "ana", state="reviewed")
    assert await run.refused("close", "ana") == "invalid"
    await run.do("closing_form", "ana", **FORM)
    await run.do("close", "ana")
    await run.at("2026-05-20T09:00")
    await run.do("receive_rca", "raj", vendor="gateway_co", text="a bad route")
    await run.at("2026-07-15T09:00")
    await run.do("complete_action", "lee", action="A1", result="live")
    return await run.handle.result()


OWED: dict[str, Any] = {
    "finals": [FINAL],
    "findings": [{**RATIFICATION, "due_at": "2026-05-05T12:00:00Z"}],
    "vendor_rcas": [RCA],
}


async def stored(records: Records) -> list[Entry]:
    return await records.timeline.entries("INC-1")


async def test_ten_weeks_of_a_review(
    skipping: WorkflowEnvironment, dependencies: Dependencies, records: Records
) -> None:
    async with review_of(skipping, dependencies, records, **OWED) as run:
        end = await walk_through(run)
        history = await run.handle.fetch_history()

    entries = await stored(records)
    assert (end.status, end.seq, end.head) == ("closed", entries[-1].seq, entries[-1].hash)
    assert first_broken(entries) is None
    assert entries[-1].kind == "review_finished"
    kinds = [entry.kind for entry in entries]
    assert kinds.count("action_overdue") == 3
    assert kinds.count("vendor_rca_asked") == 3
    assert "review_notice_failed" not in kinds

    (meeting,) = await records.desk.outbox.events("INC-1")
    assert (meeting.uid, meeting.sequence, meeting.start_at) == ("INC-1-review@mayday", 0, utc("2026-05-05T08:00"))
    assert "METHOD:REQUEST" in meeting.ics
    (post,) = await records.desk.outbox.status_posts("INC-1")
    assert post.text == FINAL["text"]
    review = await records.reviews.get("INC-1")
    assert review is not None
    assert (review.state, review.owner, review.data["finished"]) == ("closed", "ana", True)
    assert [action.state for action in await records.reviews.actions(incident_id="INC-1")] == ["done"]
    report = await records.reviews.report("INC-1")
    assert report is not None
    assert "The gateway failed." in report.text
    assert "review closed" in report.text

    assert len(history.events) < 750
    await replay(history, workflows=[ReviewWorkflow])
    await replay(history, workflows=[ReviewWorkflow], strict=True)


async def test_going_on_in_new_runs_changes_nothing(
    skipping: WorkflowEnvironment, dependencies: Dependencies, records: Records
) -> None:
    async with review_of(skipping, dependencies, records, continue_as_new_after=20, **OWED) as run:
        end = await walk_through(run)
    entries = await stored(records)
    assert first_broken(entries) is None
    assert end.head == entries[-1].hash
    kinds = [entry.kind for entry in entries]
    assert (kinds.count("action_overdue"), kinds.count("vendor_rca_asked"), kinds.count("released")) == (3, 3, 1)
    assert len(await records.desk.outbox.status_posts("INC-1")) == 1


async def test_a_signal_has_the_same_rules_and_its_refusal_is_an_entry(
    skipping: WorkflowEnvironment, dependencies: Dependencies, records: Records
) -> None:
    async with review_of(skipping, dependencies, records) as run:
        now = (await run.now()).isoformat()
        for number, by in enumerate(("lee", "ana")):
            command = {"kind": "accept_ownership", "id": f"s{number}", "actor": by, "received_at": now}
            await run.handle.signal("command_sent", {"command": command})
        await run.handle.signal("command_sent", {"command": {"kind": "make_coffee"}})
        board = await run.board()
        assert (board.owner, board.accepted) == ("ana", True)
        await run.do("withdraw", "system", reason="relapse")
        end = await run.handle.result()
    entries = await stored(records)
    assert end.status == "withdrawn"
    assert [entry.data["code"] for entry in entries if entry.kind == "refused"] == ["not_yours"]
    assert entries[-1].kind == "review_withdrawn"
    (meeting,) = await records.desk.outbox.events("INC-1")
    assert (meeting.method, meeting.sequence) == ("CANCEL", 1)


async def test_commands_that_cannot_be_read_are_refused_with_the_place(
    skipping: WorkflowEnvironment, dependencies: Dependencies, records: Records
) -> None:
    async with review_of(skipping, dependencies, records) as run:
        assert await run.refused("extend_action", "ana", action="A1", due_at="soon", reason="x") == "invalid"
        await run.handle.terminate()


async def test_a_review_believes_what_a_starter_signed(
    skipping: WorkflowEnvironment, dependencies: Dependencies, records: Records
) -> None:
    signer = Signer(records.keys, records.store.now)
    async with review_of(skipping, dependencies, records, decision_keys=await signer.pinned()) as run:
        assert await run.refused("accept_ownership", "ana") == "unsigned"
        body = {"kind": "accept_ownership", "id": "s1", "actor": "ana", "received_at": await run.now()}
        signed = await signer.for_review("INC-1", REVIEW_COMMAND.validate_python(body))
        await run.handle.signal("command_sent", ReviewEnvelope(command=signed.command))
        answer = await run.handle.execute_update("accept_ownership", signed, result_type=Answer)
        assert answer.state == "applied"
        assert (await run.board()).accepted
        history = await run.handle.fetch_history()
        await run.handle.terminate()
    turned_away = [entry for entry in await stored(records) if entry.kind == "refused"]
    assert {(entry.actor, entry.data["code"]) for entry in turned_away} <= {("unknown", "unsigned")}
    await replay(history, workflows=[ReviewWorkflow])
