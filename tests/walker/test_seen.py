"""What somebody has only seen can still be answered: it stops ringing, and is closed when it is over."""

from __future__ import annotations

from collections.abc import Callable

from mayday.domain.effects import CLOSE_PAGE
from tests.walker.conftest import Night

PAGE = "role:deputy"


def closings(night: Night) -> list[tuple[bool, str]]:
    """(over, reason) of every closing of the page, in order."""
    calls = [call.payload for call in night.desk.calls if call.kind == CLOSE_PAGE]
    return [(call["over"], call["reason"]) for call in calls if call["page"] == PAGE]


def test_a_role_that_was_seen_is_closed_when_it_is_taken(open_night: Callable[..., Night]) -> None:
    night = open_night("roles", roles={}, settles_seen=True).run(1)
    assert night.say("ack", "dee", page=PAGE).refusal is None
    night.run(2)
    assert closings(night) == [(False, "seen by dee")]
    assert night.say("accept", "dee", target="deputy").refusal is None
    night.run(3)
    assert closings(night) == [(False, "seen by dee"), (True, "taken by dee")]
    assert night.walker.state.seen == []


def test_the_end_of_an_incident_closes_what_was_only_seen(open_night: Callable[..., Night]) -> None:
    night = open_night("roles", roles={}, settles_seen=True).run(1)
    night.say("ack", "dee", page=PAGE)
    night.say("status", "ana", status="cancelled", reason="nothing")
    night.run(3)
    assert closings(night)[0] == (False, "seen by dee")
    assert closings(night)[-1][0] is True


def test_an_incident_of_before_goes_on_as_it_did(open_night: Callable[..., Night]) -> None:
    """Its history has no second closing."""
    night = open_night("roles", roles={}).run(1)
    night.say("ack", "dee", page=PAGE)
    night.say("accept", "dee", target="deputy")
    night.run(3)
    assert closings(night) == [(False, "seen by dee")]


def test_who_sees_an_open_gate_leaves_it_open(open_night: Callable[..., Night]) -> None:
    night = open_night("gate", settles_seen=True).run(1)
    gate = next(iter(night.walker.state.gates))
    night.say("ack", "sam", page=gate)
    night.run(1.2)
    calls = [call.payload for call in night.desk.calls if call.kind == CLOSE_PAGE]
    assert [(call["page"], call["over"]) for call in calls] == [(gate, False)]


def told_of(night: Night, task: str) -> list[str]:
    calls = [call.payload for call in night.desk.calls if call.kind == CLOSE_PAGE]
    return [call["reason"] for call in calls if call["page"] == task and call["over"]]


def test_the_cards_of_a_task_are_settled_wherever_it_is_done(open_night: Callable[..., Night]) -> None:
    night = open_night("authority", settles_told=True).run(1)
    assert told_of(night, "chore") == []
    assert night.say("complete", "ana", task="chore").refusal is None
    night.run(2)
    assert told_of(night, "chore") == ["completed by ana"]
    assert night.walker.state.seen == []


def test_the_cards_of_a_task_that_nobody_needs_are_settled_too(open_night: Callable[..., Night]) -> None:
    night = open_night("authority", settles_told=True).run(1)
    assert night.say("override", "ana", step="chore", action="skip", reason="no need").refusal is None
    night.run(2)
    assert len(told_of(night, "chore")) == 1


def test_tasks_of_an_incident_of_before_go_on_as_they_did(open_night: Callable[..., Night]) -> None:
    night = open_night("authority").run(1)
    night.say("complete", "ana", task="chore")
    night.run(2)
    assert told_of(night, "chore") == []
