"""Who was asked says that they cannot: what rings for them stops, and nobody waits for them."""

from __future__ import annotations

from collections.abc import Callable

from mayday.domain.effects import CLOSE_PAGE
from tests.walker.conftest import Night

OpenNight = Callable[..., Night]
COMMANDER = "role:incident_commander"


def test_only_what_rings_for_them_stops(open_night: OpenNight) -> None:
    night = open_night("ladder").run(1)
    assert night.say("decline", "raj", target="call_them", reason="no computer here").refusal is None
    closing = [call.payload for call in night.desk.calls if call.kind == CLOSE_PAGE]
    assert [(each["page"], each["person"], each["over"]) for each in closing] == [("call_them", "raj", False)]
    assert "call_them" in night.walker.state.ringing, "it goes on for whoever is called next"


def test_a_change_of_mind_counts_until_somebody_else_has_answered(open_night: OpenNight) -> None:
    night = open_night("ladder").run(1)
    night.say("decline", "raj", target="call_them", reason="no computer here")
    night.run(2)
    assert night.say("ack", "raj", page="call_them").refusal is None
    assert [entry.actor for entry in night.of("acknowledged")] == ["raj"]


def test_of_two_who_are_called_together_both_have_to_decline(open_night: OpenNight) -> None:
    night = open_night("authority").run(1)
    night.say(
        "add_step", "ana", step={"id": "both", "page": "group.duty_directors", "background": True, "message": "come"}
    )
    night.run(2)
    night.say("decline", "dana", target="both", reason="abroad")
    night.run(3)
    assert not [entry for entry in night.of("page_exhausted", "page_escalated") if entry.step == "both"]
    assert night.walker.board(night.incident.now).may["decline:both"] == ["max"]
    night.say("decline", "max", target="both", reason="ill")
    night.run(3.1)
    assert [entry.step for entry in night.of("page_exhausted")] == ["both"]


def test_votes_and_tasks_are_not_declined_but_the_refusal_says_what_is_done_instead(open_night: OpenNight) -> None:
    night = open_night("authority").run(1)
    vote = night.say("decline", "sam", target="gate", reason="no idea")
    assert vote.refusal is not None
    assert "abstain" in vote.refusal.reason
    task = night.say("decline", "lee", target="chore", reason="no time")
    assert task.refusal is not None
    assert "give it to somebody else" in task.refusal.reason


def test_a_reason_is_needed_and_a_person(open_night: OpenNight) -> None:
    night = open_night("ladder").run(1)
    assert night.refused(night.say("decline", "raj", target="call_them", reason="  ")) == "invalid"
    assert night.refused(night.say("decline", "owner", target="call_them", reason="for raj")) == "not_yours"
    assert night.refused(night.say("decline", "raj", target="nothing", reason="x")) == "unknown"


def test_a_role_that_a_person_gave_and_nobody_held_goes_on_to_whom_the_runbook_names(open_night: OpenNight) -> None:
    night = open_night("roles", roles={}, declare="auto", declared_by=None).run(1)
    night.say("role", "owner", role="incident_commander", person="max")
    night.run(2).say("decline", "max", target=COMMANDER, reason="on leave")
    night.run(2.1)
    assert night.of("role_offered")[-1].data["to"] == ["person.dee"], "ana was asked first, then max"


def test_everybody_declined_and_it_is_resolved_meanwhile(open_night: OpenNight) -> None:
    night = open_night("roles", roles={}, declare="auto", declared_by=None).run(1)
    night.say("decline", "ana", target=COMMANDER, reason="ill")
    night.say("decline", "dee", target=COMMANDER, reason="ill too")
    board = night.run(1.5).walker.board(night.incident.now)
    pause = next(item for item in board.pending if item.id == COMMANDER)
    assert (pause.text, pause.then) == ("everybody declined incident commander", "offered once more")
    night.say("status", "owner", status="resolved", reason="false alarm")
    offers = len(night.of("role_offered"))
    assert len(night.run(30).of("role_offered")) == offers, "nobody is asked to command what is over"


def test_who_declined_is_not_called_as_somebody_else_on_call_either(open_night: OpenNight) -> None:
    night = open_night("sev3_incident", severity="SEV3").run(1)
    night.say("decline", "raj", target="page_owner", reason="on a plane")
    night.run(2)
    assert [entry.data["people"] for entry in night.of("paged") if entry.step == "page_owner"] == [["raj"], ["ana"]]
    assert night.of("page_failed")[-1].data["reason"] == "nobody was reached: raj declined", "of the second level"
