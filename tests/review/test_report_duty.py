"""When the report is drafted, and how people write in it."""

from __future__ import annotations

from mayday.domain.effects import EffectResult
from mayday.domain.review.wire import DRAFT_REPORT
from tests.review.story import Story, failure, given, utc, value


def test_the_draft_is_made_24_hours_before_the_meeting() -> None:
    story = Story(given())
    assert story.case.board().meeting.starts_at == utc("2026-03-05T09:00")  # type: ignore[union-attr]
    story.until("2026-03-04T08:59")
    assert not story.effects(DRAFT_REPORT)
    story.until("2026-03-04T09:00")
    assert len(story.effects(DRAFT_REPORT)) == 1
    assert any("draft report" in text for _, _, text in story.told_after("2026-03-04T09:00"))


def test_at_once_where_the_meeting_is_sooner() -> None:
    story = Story(given())
    story.applied("reschedule_meeting", "ana", starts_at=utc("2026-03-04T08:00"))
    assert story.case.board().report_version == 1


def test_a_later_meeting_moves_the_draft() -> None:
    story = Story(given())
    story.applied("reschedule_meeting", "ana", starts_at=utc("2026-03-06T10:00"))
    story.until("2026-03-05T09:59")
    assert story.case.board().report_version == 0
    story.until("2026-03-05T10:00")
    assert story.case.board().report_version == 1


def test_each_edit_is_a_version_and_a_writer_who_saw_an_old_one_is_told() -> None:
    story = Story(given())
    story.applied("edit_report", "lee", section="summary", text="It broke.", version=0)
    assert story.case.board().report_version == 0  # kept for the draft
    story.until("2026-03-04T09:00")
    assert story.effects(DRAFT_REPORT)[0].payload["sections"]["summary"]["text"] == "It broke."
    assert story.applied("edit_report", "dee", section="summary", text="It broke at 8.", version=1)["version"] == 2
    assert story.case.board().report_version == 2
    code, reason = story.refused("edit_report", "lee", section="summary", text="Mine", version=1)
    assert code == "invalid"
    assert "Dee Park wrote version 2" in reason
    assert story.refused("edit_report", "lee", section="blame", text="Raj", version=0)[0] == "unknown"
    assert story.refused("edit_report", "lee", section="lessons", text="  ", version=0)[0] == "invalid"
    assert story.refused("edit_report", "lee", section="lessons", text="x" * 20_001, version=0)[0] == "invalid"
    entry = story.of("review_edited")[-1]
    assert entry.data["version"] == 2
    assert "text" not in entry.data  # the text is in the report's versions, its digest on the chain


def test_a_draft_that_fails_is_tried_again_after_an_hour() -> None:
    answers = [failure(message="store away"), value(version=2, digest="d", entries=3)]

    def draft(_: object) -> EffectResult:
        return answers.pop(0)

    story = Story(given(), {DRAFT_REPORT: draft})
    story.until("2026-03-04T09:59")
    assert story.of("review_draft_failed")[0].data == {"reason": "store away"}
    assert len(story.effects(DRAFT_REPORT)) == 1
    story.until("2026-03-04T10:00")
    assert story.of("review_drafted")[0].data["version"] == 2
