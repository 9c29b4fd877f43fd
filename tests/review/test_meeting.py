"""The review meeting: by the rule of the severity, in office hours, with an invitation that follows every change."""

from __future__ import annotations

from typing import Any

from mayday.domain.effects import EffectRequest, EffectResult
from mayday.domain.review.wire import MEETING_SLOT, SEND_INVITE
from tests.review.story import Story, failure, given, utc, value


def test_a_sev1_is_reviewed_within_three_days_in_office_hours() -> None:
    story = Story(given())
    meeting = story.case.board().meeting
    assert meeting is not None
    assert meeting.starts_at == utc("2026-03-05T09:00")  # a morning, a day before the rule ends
    assert meeting.deadline_at == utc("2026-03-06T12:00")
    assert not meeting.late
    (invite,) = story.effects(SEND_INVITE)
    assert invite.payload["uid"] == "INC-1-review@mayday"
    assert invite.payload["sequence"] == 0
    assert invite.payload["attendees"] == ["ana", "dee", "lee"]
    assert story.of("review_meeting_scheduled")[0].data["late"] is False


def test_friday_evening_before_a_bank_holiday_gives_tuesday_morning_and_says_that_it_is_late() -> None:
    """3 calendar days end on the bank holiday Monday of May 2026: nobody is at work before Tuesday 09:00 in London."""
    story = Story(given(opened_at=utc("2026-05-01T15:00"), resolved_at=utc("2026-05-01T18:30")))
    meeting = story.case.board().meeting
    assert meeting is not None
    assert meeting.starts_at == utc("2026-05-05T08:00")
    assert meeting.deadline_at == utc("2026-05-04T18:30")
    assert meeting.late
    assert story.of("review_meeting_scheduled")[0].data["late"] is True


def test_a_thursday_evening_is_reviewed_on_friday_because_the_rule_ends_on_sunday() -> None:
    story = Story(given(opened_at=utc("2026-03-05T15:00"), resolved_at=utc("2026-03-05T18:30")))
    meeting = story.case.board().meeting
    assert meeting is not None
    assert utc("2026-03-06T09:00") <= meeting.starts_at <= utc("2026-03-06T17:00")
    assert not meeting.late


def test_a_sev2_counts_business_days_over_easter() -> None:
    """Resolved on Thursday 2 April 2026; Good Friday, the weekend and Easter Monday do not count: due on 10 April."""
    story = Story(given(severity="SEV2", opened_at=utc("2026-04-02T08:00"), resolved_at=utc("2026-04-02T13:00")))
    meeting = story.case.board().meeting
    assert meeting is not None
    assert meeting.deadline_at == utc("2026-04-13T13:00")
    assert utc("2026-04-10T00:00") <= meeting.starts_at <= utc("2026-04-13T13:00")


def test_a_sev3_has_a_review_without_a_meeting_and_its_draft_at_once() -> None:
    story = Story(given(severity="SEV3"))
    assert story.case.board().meeting is None
    assert not story.effects(MEETING_SLOT)
    assert story.case.board().report_version == 1


def test_moving_the_meeting_keeps_the_uid_and_raises_the_sequence() -> None:
    story = Story(given())
    detail = story.applied("reschedule_meeting", "ana", starts_at=utc("2026-03-06T10:00"), reason="Lee is away")
    assert detail["sequence"] == 1
    first, second = story.effects(SEND_INVITE)
    assert (second.payload["uid"], second.payload["sequence"]) == (first.payload["uid"], 1)
    assert second.payload["stamped_at"] >= first.payload["stamped_at"]
    assert story.of("review_meeting_moved")[0].data["reason"] == "Lee is away"
    assert story.applied("reschedule_meeting", "dee", starts_at=utc("2026-03-09T10:00"))["late"] is True


def test_who_may_move_it_and_when() -> None:
    story = Story(given())
    assert story.refused("reschedule_meeting", "lee", starts_at=utc("2026-03-06T10:00"))[0] == "not_yours"
    assert story.refused("reschedule_meeting", "ana", starts_at=utc("2026-03-01T10:00"))[0] == "invalid"
    assert story.refused("reschedule_meeting", "ana", starts_at=utc("2026-03-05T09:00"))[0] == "invalid"


def test_no_slot_means_that_the_owner_is_asked_to_schedule_it_and_the_draft_is_made_at_once() -> None:
    story = Story(given(), {MEETING_SLOT: lambda request: failure(message="no calendar `default`")})
    assert "meeting" in story.owed()
    assert any("by hand" in text for _, _, text in story.told)
    assert story.case.board().report_version == 1
    story.applied("reschedule_meeting", "ana", starts_at=utc("2026-03-05T10:00"))
    assert [item.text for item in story.case.ledger() if item.id == "meeting"] == ["Hold the review meeting"]


def test_an_invitation_that_nobody_got_is_said() -> None:
    def nobody(request: EffectRequest) -> EffectResult:
        unreached: list[dict[str, Any]] = [
            {"target": person, "reason": "no address"} for person in request.payload["attendees"]
        ]
        return value(sent=[], unreached=unreached)

    story = Story(given(), {SEND_INVITE: nobody})
    assert story.of("review_invite_failed")
    assert any("could not be sent" in text for _, _, text in story.told)


def test_a_reopened_incident_takes_its_chain_and_its_invitation_back() -> None:
    story = Story(given())
    story.applied("add_action", "lee", title="Second route", owner="lee")
    detail = story.applied("withdraw", "system", reason="relapse")
    assert story.effects(SEND_INVITE)[-1].payload["method"] == "CANCEL"
    assert story.effects(SEND_INVITE)[-1].payload["sequence"] == 1
    assert story.case.finished
    assert (detail["head"], detail["next_seq"]) == (story.entries[-1].hash, story.entries[-1].seq + 1)

    again = Story(
        given(
            resolved_at=utc("2026-03-03T20:00"),
            head=detail["head"],
            next_seq=detail["next_seq"],
            carried=detail["carried"],
        )
    )
    assert [item.title for item in again.case.board().actions] == ["Second route"]
    assert again.case.board().problem == "PRB-7"
    assert len(again.effects("itsm.open_problem")) == 0
    assert again.effects(SEND_INVITE)[0].payload["sequence"] == 2
    assert again.case.board().report_version == 0
    assert not {request.key for request in again.done} & {request.key for request in story.done}  # each effect once
    assert again.case.board().revision > story.case.board().revision  # the records keep the newer of two boards
