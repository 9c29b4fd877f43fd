"""The owner: asked, accepted, or climbed past when silent."""

from __future__ import annotations

from mayday.domain.effects import DEADLINE
from tests.review.story import Story, failure, given, utc


def test_the_commander_is_asked_and_accepts() -> None:
    story = Story(given())
    assert story.told[0][1] == ["person.ana"]
    assert not story.case.board().accepted
    story.applied("accept_ownership", "ana")
    assert story.case.board().accepted
    assert story.refused("accept_ownership", "ana") == ("not_open", "the review is yours already")
    assert story.refused("accept_ownership", "dee")[0] == "not_open"
    story.until("2026-03-05T11:00")
    assert [entry.data["to"] for entry in story.of("review_owner_offered")] == [["person.ana"]]


def test_a_silent_owner_is_climbed_past_business_day_by_business_day() -> None:
    story = Story(given())
    story.until("2026-03-04T12:00")
    assert story.told_after("2026-03-04T12:00")[0][1] == ["person.dee"]
    assert "Ana Ruiz has not accepted it" in story.told_after("2026-03-04T12:00")[0][2]
    story.until("2026-03-05T12:00")
    assert ["schedule.payments_primary"] in [people for _, people, _ in story.told_after("2026-03-05T12:00")]
    assert story.refused("accept_ownership", "lee")[0] == "not_yours"
    story.applied("accept_ownership", "raj")
    board = story.case.board()
    assert (board.owner, board.accepted) == ("raj", True)


def test_a_weekend_is_no_silence() -> None:
    """Asked on Friday evening before the bank holiday: the deputy hears of it on Wednesday morning, not on Saturday."""
    story = Story(given(opened_at=utc("2026-05-01T15:00"), resolved_at=utc("2026-05-01T18:30")))
    story.until("2026-05-05T16:00")
    assert len(story.of("review_owner_offered")) == 1
    story.until("2026-05-06T17:00")
    assert [entry.data["to"] for entry in story.of("review_owner_offered")] == [["person.ana"], ["person.dee"]]


def test_where_the_calendar_is_away_a_day_has_24_hours() -> None:
    story = Story(given(), {DEADLINE: lambda request: failure()})
    story.until("2026-03-04T11:59")
    assert len(story.of("review_owner_offered")) == 1
    story.until("2026-03-04T12:00")
    assert len(story.of("review_owner_offered")) == 2


def test_after_everybody_was_asked_all_are_reminded_weekly_until_somebody_accepts() -> None:
    story = Story(given())
    story.until("2026-03-31T00:00")
    rounds = [entry.data for entry in story.of("review_owner_offered") if entry.data["round"] > 1]
    assert len(rounds) >= 2
    assert all(data["to"] == ["person.ana", "person.dee", "schedule.payments_primary"] for data in rounds)
    story.applied("accept_ownership", "dee")
    count = len(story.of("review_owner_offered"))
    story.until("2026-05-31T00:00")
    assert len(story.of("review_owner_offered")) == count


def test_doing_the_owners_work_accepts_it() -> None:
    story = Story(given())
    story.applied("set_state", "ana", state="in_review")
    assert story.case.board().accepted
    assert story.of("review_owner_accepted")[0].data == {"owner": "ana", "by_acting": True}


def test_a_leaderless_incident_asks_the_deputy_first() -> None:
    story = Story(given(owner=None, commander=None))
    assert story.told[0][1] == ["person.dee"]
    story.applied("accept_ownership", "dee")
    assert story.case.board().owner == "dee"


def test_nobody_at_all_still_gives_a_review() -> None:
    story = Story(given(owner=None, commander=None, deputy=None, service_owners=[], responders=[]))
    story.until("2026-04-01T00:00")
    assert not story.case.finished
    assert story.case.board().owner is None


def test_reassigning_offers_it_to_another_person() -> None:
    story = Story(given())
    story.applied("accept_ownership", "ana")
    assert story.refused("reassign_owner", "lee", person="lee")[0] == "not_yours"
    assert story.refused("reassign_owner", "ana", person="zoe")[0] == "unknown"
    assert story.refused("reassign_owner", "ana", person="ana")[0] == "invalid"
    story.applied("reassign_owner", "ana", person="lee", reason="knows the gateway")
    board = story.case.board()
    assert (board.owner, board.accepted) == ("lee", False)
    story.applied("accept_ownership", "lee")
    story.applied("reassign_owner", "dee", person="dee")
    assert story.case.board().accepted
