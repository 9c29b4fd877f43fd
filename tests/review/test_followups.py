"""Follow-up actions: chased until each is done, weeks later, also after closure."""

from __future__ import annotations

import pytest

from tests.review.story import FORM, Story, given, utc


def owned() -> Story:
    story = Story(given())
    story.applied("accept_ownership", "ana")
    return story.until("2026-03-05T12:15")  # in the meeting


def closed(story: Story) -> Story:
    for state in ("in_review", "reviewed"):
        story.applied("set_state", "ana", state=state)
    story.applied("closing_form", "ana", **FORM)
    story.applied("close", "ana")
    return story


def actions_told(story: Story) -> list[tuple[str, list[str]]]:
    return [
        (at.strftime("%m-%d"), [person.removeprefix("person.") for person in people])
        for at, people, text in story.told
        if text.startswith(("Open after", "Overdue after"))
    ]


@pytest.mark.parametrize(("priority", "due"), [("high", "2026-04-02T12:15"), ("normal", "2026-04-30T12:15")])
def test_the_runbook_says_when_it_is_due(priority: str, due: str) -> None:
    story = owned()
    detail = story.applied("add_action", "ana", title="Second gateway", owner="lee", priority=priority)
    assert detail == {"action": "A1", "due_at": due.replace("T", "T") + ":00.000Z"}
    assert any("Yours after" in text for _, people, text in story.told if people == ["person.lee"])


def test_an_action_is_chased_for_eight_weeks_and_beyond_with_ever_more_people() -> None:
    story = owned()
    story.applied("add_action", "ana", title="Second gateway", owner="lee")
    closed(story)
    story.until("2026-05-22T00:00")
    assert actions_told(story) == [
        *[(day, ["lee"]) for day in ("03-12", "03-19", "03-26", "04-02", "04-09", "04-16", "04-23")],
        ("04-30", ["lee"]),  # due
        ("05-07", ["lee", "dee"]),
        ("05-14", ["lee", "dee", "schedule.payments_primary"]),
        ("05-21", ["lee", "dee", "schedule.payments_primary"]),
    ]
    assert not story.case.finished
    assert story.applied("complete_action", "lee", action="a1", result="live since Monday")["on_time"] is False
    assert story.case.finished
    assert [entry.kind for entry in story.entries[-2:]] == ["action_done", "review_finished"]
    assert len(story.of("action_overdue")) == 4


def test_actions_of_one_person_are_one_message() -> None:
    story = owned()
    for title in ("Alert on latency", "Runbook for the gateway", "Drill"):
        story.applied("add_action", "ana", title=title, owner="lee")
    story.until("2026-03-12T12:15")
    reminders = [text for _, people, text in story.told if people == ["person.lee"] and text.startswith("Open after")]
    assert len(reminders) == 1
    assert "A1 Alert on latency" in reminders[0]
    assert "A3 Drill" in reminders[0]


def test_completion_is_for_the_owner_of_the_action_or_of_the_review() -> None:
    story = owned()
    story.applied("add_action", "sam", title="Ask the vendor", owner="kim")
    assert story.refused("complete_action", "lee", action="A1")[0] == "not_yours"
    assert story.refused("complete_action", "kim", action="A9")[0] == "unknown"
    assert story.applied("complete_action", "kim", action="A1")["on_time"] is True
    assert story.refused("complete_action", "kim", action="A1") == ("not_open", "A1 is done")
    assert story.refused("add_action", "ana", title=" ", owner="kim")[0] == "invalid"
    assert story.refused("add_action", "ana", title="x", owner="nobody")[0] == "unknown"
    assert story.refused("add_action", "ana", title="x", owner="kim", due_at=utc("2026-01-01T00:00"))[0] == "invalid"


def test_an_owner_extends_once_then_somebody_responsible_has_to() -> None:
    story = owned()
    story.applied("add_action", "ana", title="Second gateway", owner="lee", priority="high")
    assert (
        story.refused("extend_action", "lee", action="A1", due_at=utc("2026-03-20T00:00"), reason="x")[0] == "invalid"
    )
    assert (
        story.refused("extend_action", "lee", action="A1", due_at=utc("2026-05-01T00:00"), reason=" ")[0] == "invalid"
    )
    story.applied("extend_action", "lee", action="A1", due_at=utc("2026-05-01T00:00"), reason="hardware is late")
    code, _ = story.refused("extend_action", "lee", action="A1", due_at=utc("2026-06-01T00:00"), reason="again")
    assert code == "not_yours"
    story.applied("extend_action", "ana", action="A1", due_at=utc("2026-06-01T00:00"), reason="agreed")
    story.until("2026-05-31T00:00")
    assert not story.of("action_overdue")
    story.until("2026-06-01T00:00")
    assert story.of("action_overdue")


def test_reassigning_and_dropping() -> None:
    story = owned()
    story.applied("add_action", "ana", title="Second gateway", owner="lee")
    assert story.refused("reassign_action", "lee", action="A1", to="lee")[0] == "invalid"
    story.applied("reassign_action", "lee", action="A1", to="kim", reason="her system")
    assert story.refused("drop_action", "kim", action="A1", reason="no time")[0] == "not_yours"
    assert story.refused("drop_action", "ana", action="A1", reason="")[0] == "invalid"
    story.applied("drop_action", "ana", action="A1", reason="the gateway is retired")
    assert "A1" not in story.owed()
