"""The review's own: its meeting, its board, the draft of its report."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.calendar import CalendarActivities
from activities.dependencies import Dependencies
from activities.review import ReviewActivities
from mayday.domain.effects import IncidentCard
from mayday.domain.review.wire import (
    DraftRequest,
    InviteRequest,
    ReviewBoard,
    SaveReview,
    SlotRequest,
    WrittenSection,
)
from mayday.domain.timeline import GENESIS, append
from mayday.records import Records
from tests.activities.test_actions import Run


async def test_the_review_meeting_is_found_invited_and_kept(
    dependencies: Dependencies, records: Records, card: IncidentCard, run: Run
) -> None:
    after = datetime(2026, 3, 6, 17, 0, tzinfo=UTC)
    calendar = CalendarActivities(dependencies)
    slot = await run(calendar.meeting_slot, SlotRequest(
        effect_key="s", after_at=after, not_before_at=after + timedelta(hours=20), within="5 business days",
        duration="30m",
    ))  # fmt: skip
    assert (slot.starts_at, slot.late, slot.tz) == (datetime(2026, 3, 12, 9, 0, tzinfo=UTC), False, "Europe/London")

    invite = InviteRequest(
        effect_key="INC-1/review/invite#1", incident=card, uid="u", sequence=0, stamped_at=after,
        starts_at=slot.starts_at, ends_at=slot.ends_at, summary="Review", attendees=["ana", "raj", "ghost"],
    )  # fmt: skip
    receipt = await run(calendar.send_invite, invite)
    assert [each.channel for each in receipt.sent] == ["calendar"]
    assert [each.target for each in receipt.unreached] == ["ghost"]
    [event] = await records.desk.outbox.events()
    assert event.attendees == ["ana@example.com", "raj@example.com"]
    with pytest.raises(ApplicationError):
        await run(calendar.send_invite, invite.model_copy(update={"attendees": ["ghost"]}))


async def test_a_reviews_board_is_kept_and_never_set_back(
    dependencies: Dependencies, records: Records, run: Run
) -> None:
    at = datetime(2026, 3, 6, 17, 0, tzinfo=UTC)

    def board(revision: int, state: str) -> SaveReview:
        return SaveReview(effect_key=f"r{revision}", board=ReviewBoard.model_validate({
            "incident_id": "INC-1", "title": "t", "severity": "SEV1", "service": "payments", "state": state,
            "opened_at": at, "resolved_at": at, "revision": revision, "owner": "ana", "actions": [
                {"id": "a1", "title": "Fix it", "owner": "raj", "due_at": at, "added_at": at, "added_by": "ana"},
            ],
        }))  # fmt: skip

    save = ReviewActivities(dependencies).save
    await run(save, board(2, "reviewed"))
    await run(save, board(1, "draft"))
    stored = await records.reviews.get("INC-1")
    assert stored is not None
    assert (stored.state, stored.owner, stored.data["title"]) == ("reviewed", "ana", "t")
    [action] = await records.reviews.actions(owner="raj")
    assert (action.id, action.state, action.data["title"]) == ("a1", "open", "Fix it")


async def test_the_report_is_drafted_from_the_stored_timeline(
    dependencies: Dependencies, records: Records, card: IncidentCard, run: Run
) -> None:
    at = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)
    opened = append(GENESIS, 1, at, "opened", "system", None, {"title": "Payments down", "severity": "SEV1"})
    later = append(opened.hash, 2, at, "note", "ana", None, {"text": "not known to the draft"})
    await records.timeline.append("INC-1", [opened, later])
    written = WrittenSection(text="A *gateway* broke.", version=1, author="ana", at=at)
    receipt = await run(ReviewActivities(dependencies).draft_report, DraftRequest(
        effect_key="INC-1/review#1", incident=card, version=1, drafted_at=at, up_to_seq=1,
        sections={"summary": written},
    ))  # fmt: skip
    report = await records.reviews.report("INC-1")
    assert report is not None
    assert (receipt.version, receipt.entries, receipt.digest) == (1, 1, report.digest)
    assert "Payments down" in report.text
    assert "gateway" in report.text
    assert "not known to the draft" not in report.text
