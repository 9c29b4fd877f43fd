"""What the runbook owes beyond the end: a regulator's three reports, chased after everybody has gone home."""

from __future__ import annotations

from typing import Any

from tests.review.story import Story, given, utc

INTERMEDIATE: dict[str, Any] = {
    "id": "intermediate", "text": "Intermediate report to the supervisor", "owner": "li", "within": "72h",
    "due_at": utc("2026-03-06T08:30"),
}  # fmt: skip
FINAL: dict[str, Any] = {
    "id": "final", "text": "Final report to the supervisor", "owner": "li", "within": "30d", "after": "intermediate",
}  # fmt: skip


def chased(story: Story) -> list[str]:
    return [at.strftime("%m-%d %H:%M") for at, people, text in story.told if "A1" in text and "person.li" in people]


def test_it_is_a_follow_up_from_the_first_moment_and_its_owner_hears_of_it() -> None:
    story = Story(given(obligations=[INTERMEDIATE]))
    (added,) = story.of("action_added")
    assert (added.actor, added.data["obligation"], added.data["due_at"]) == (
        "system", "intermediate", "2026-03-06T08:30:00.000Z",
    )  # fmt: skip
    assert chased(story) == ["03-03 12:00"]


def test_its_owner_is_reminded_in_its_own_rhythm_and_more_people_hear_of_it_when_it_is_late() -> None:
    """A quarter of 72 hours, not the week of other follow-ups."""
    story = Story(given(obligations=[INTERMEDIATE])).until("2026-03-07T04:00")
    assert chased(story) == [
        "03-03 12:00", "03-04 06:00", "03-05 00:00", "03-05 18:00", "03-06 08:30", "03-07 02:30",
    ]  # fmt: skip
    late = [people for at, people, text in story.told_after("2026-03-07T00:00") if text.startswith("Overdue")]
    assert late == [["person.li", "person.dee"]]


def test_the_next_is_owed_from_the_moment_that_the_one_before_it_is_done() -> None:
    story = Story(given(obligations=[INTERMEDIATE, FINAL]))
    waiting = [item for item in story.case.ledger() if item.id == "final"]
    assert [item.text for item in waiting] == ["Final report to the supervisor (30 days after A1 is done)"]
    story.until("2026-03-05T10:00").applied("complete_action", "li", action="A1", result="sent, reference 17")
    last = story.of("action_added")[-1]
    assert (last.data["obligation"], last.data["due_at"]) == ("final", "2026-04-04T10:00:00.000Z")
    assert not [item for item in story.case.ledger() if item.id == "final"]


def test_what_follows_from_a_dropped_one_is_not_owed() -> None:
    story = Story(given(obligations=[INTERMEDIATE, FINAL])).until("2026-03-04T10:00")
    assert story.refused("drop_action", "li", action="A1", reason="not major after all")[0] == "not_yours"
    story.applied("drop_action", "ana", action="A1", reason="the supervisor was asked: not major")
    assert len(story.of("action_added")) == 1
    assert "final" not in story.owed()


def test_the_review_does_not_end_while_a_report_is_owed() -> None:
    story = Story(given(obligations=[INTERMEDIATE, FINAL], spec=None)).until("2026-03-05T10:00")
    story.applied("complete_action", "li", action="A1")
    story.until("2026-06-05T10:00")
    assert not story.case.finished
    assert any(text.startswith("Overdue") and "A2" in text for _, _, text in story.told)


def test_a_reopening_starts_no_clock_anew() -> None:
    """The law's time runs on while the incident is open again: what was owed is carried, not owed twice."""
    story = Story(given(obligations=[INTERMEDIATE, FINAL])).until("2026-03-03T18:00")
    carried = story.case.state.actions[0].model_dump(mode="json")
    again = Story(
        given(
            obligations=[{**INTERMEDIATE, "due_at": utc("2026-03-09T08:30")}, FINAL],
            carried={"revision": 1, "counters": {}, "actions": [carried]},
        )
    )
    assert [(item.obligation, item.due_at) for item in again.case.state.actions] == [
        ("intermediate", utc("2026-03-06T08:30"))
    ]


def test_one_that_was_done_before_the_reopening_brings_the_next_from_then() -> None:
    story = Story(given(obligations=[INTERMEDIATE])).until("2026-03-03T18:00")
    story.applied("complete_action", "li", action="A1")
    carried = story.case.state.actions[0].model_dump(mode="json")
    again = Story(
        given(obligations=[INTERMEDIATE, FINAL], carried={"revision": 1, "counters": {}, "actions": [carried]})
    )
    assert [(item.obligation, item.due_at) for item in again.case.state.actions[1:]] == [
        ("final", utc("2026-04-02T18:00"))
    ]
