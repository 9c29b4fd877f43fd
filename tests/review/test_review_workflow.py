"""The review as a Temporal workflow: weeks on a time-skipping server, real activities, and the history replays."""

from __future__ import annotations

import pytest
from temporalio.testing import WorkflowEnvironment

from activities.dependencies import Dependencies
from mayday.domain.commands import Answer
from mayday.domain.review import REVIEW_COMMAND, ReviewEnvelope
from mayday.domain.timeline import first_broken
from mayday.records import Records
from mayday.signing import Signer
from mayday.temporal.histories import replay
from tests.review.story import utc
from tests.review.test_obligations import FINAL
from tests.review.weeks import OWED, review_of, stored, walk_through
from workflows.review import ReviewWorkflow

pytestmark = pytest.mark.temporal


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
    assert [entry.data["code"] for entry in entries if entry.kind == "refused"] == ["not_yours", "invalid"]
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
