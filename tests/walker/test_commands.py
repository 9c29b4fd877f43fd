"""Commands: asked twice and answered once, refused with a reason, and never half done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from mayday.domain.commands import COMMAND
from mayday.walker import walker
from tests.walker.conftest import START, Night


def test_the_same_command_id_gets_the_first_answer_again(open_night: Callable[..., Night]) -> None:
    night = open_night("gate").run(1)
    first = night.say("vote", "sam", command="vote-1", decision="gate", choice="approve", reason="go")
    again = night.say("vote", "sam", command="vote-1", decision="gate", choice="reject", reason="no")
    assert again == first
    assert [entry.data["choice"] for entry in night.of("voted")] == ["approve"]


def test_a_validator_leaves_nothing_behind(open_night: Callable[..., Night]) -> None:
    night = open_night("gate").run(1)
    before = night.walker.dump()
    vote = {"kind": "vote", "actor": "raj", "id": "x", "received_at": START, "decision": "gate", "choice": "approve"}
    later = START + timedelta(hours=9)
    assert night.walker.refusal(COMMAND.validate_python(vote), later).code == "not_a_voter"
    assert night.walker.dump() == before
    assert night.walker.now < later


def test_a_signalled_command_that_breaks_a_rule_is_an_entry(open_night: Callable[..., Night]) -> None:
    night = open_night("gate").run(1)
    vote = {"kind": "vote", "actor": "raj", "id": "s1", "received_at": START, "decision": "gate", "choice": "approve"}
    answer = night.walker.deliver(COMMAND.validate_python(vote), night.incident.now, signalled=True)
    night.look()
    assert answer.state == "refused"
    (refused,) = night.of("refused")
    assert (refused.actor, refused.data["code"], refused.data["command"]) == ("raj", "not_a_voter", "vote")


def test_nothing_is_taken_after_the_end_but_a_reopening(open_night: Callable[..., Night]) -> None:
    night = open_night("gate").run(1)
    assert night.say("status", "ana", status="resolved", reason="fixed").refusal is None
    night.run(10)
    assert night.walker.finished
    assert night.refused(night.say("note", "ana", text="late")) == "closed"
    assert night.refused(night.say("reopen", "raj", reason="me")) == "not_yours"
    assert night.say("reopen", "ana", reason="it is back").refusal is None
    assert not night.walker.finished


def test_after_a_day_a_fresh_incident_is_needed(open_night: Callable[..., Night]) -> None:
    night = open_night("gate").run(1)
    night.say("status", "ana", status="resolved", reason="fixed")
    night.run(25 * 60)
    assert night.refused(night.say("reopen", "ana", reason="late")) == "closed"


def test_a_form_takes_its_own_types_and_names_the_field(open_night: Callable[..., Night]) -> None:
    night = open_night("payments_sev1").run(1)
    night.say("override", "ana", step="phase:bridge", action="end_phase", reason="go on")
    night.say("status", "ana", status="mitigated", reason="better")
    night.run(60)
    assert "confirm" in night.walker.state.tasks
    wrong = night.say("complete", "ana", task="confirm", result={"stable": "yes"})
    assert night.refused(wrong) == "invalid"
    assert "result.stable" in wrong.refusal.reason
    missing = night.say("complete", "ana", task="confirm", result={"stable": True})
    assert "result.restored_at: missing" in missing.refusal.reason
    unknown = night.say("complete", "ana", task="confirm", result={"stabel": True})
    assert "unknown field" in unknown.refusal.reason


def test_an_answer_after_the_deadline_does_not_count_even_if_the_lapse_is_not_judged_yet(
    open_night: Callable[..., Night],
) -> None:
    night = open_night("gate").run(1)
    now = START + timedelta(minutes=15, seconds=2)
    late = {"kind": "vote", "actor": "sam", "id": "l", "received_at": now, "decision": "gate", "choice": "approve"}
    assert night.walker.refusal(COMMAND.validate_python(late), now).code == "closed"
    in_time = {**late, "id": "m", "received_at": START + timedelta(minutes=14, seconds=59)}
    assert night.walker.refusal(COMMAND.validate_python(in_time), now) is None


def test_a_command_sent_again_after_a_thousand_others_is_not_applied_twice(open_night: Callable[..., Night]) -> None:
    """Whole answers are kept of the last 500; of those before it is known that they were applied, and where."""
    night = open_night("authority").run(1)
    first = night.say("note", "ana", command="mine", text="the router restarts")
    refused = night.say("severity", "raj", command="not-mine", severity="SEV2", reason="r")
    for number in range(1_000):
        night.say("note", "dee", text=f"note {number}")
    assert "mine" not in night.walker.state.applied
    night.walker.state = type(night.walker.state).model_validate_json(night.walker.state.model_dump_json())
    before = night.walker.state.seq
    again = night.say("note", "ana", command="mine", text="the router restarts")
    assert (again.state, again.entry, night.walker.state.seq) == ("applied", first.entry, before)
    assert refused.refusal is not None
    assert night.say("severity", "raj", command="not-mine", severity="SEV2", reason="r").refusal == refused.refusal
    assert len(night.walker.state.model_dump_json()) < 500_000


def test_what_is_known_of_old_commands_is_bounded(open_night: Callable[..., Night], monkeypatch: Any) -> None:
    monkeypatch.setattr(walker, "KEPT_ANSWERS", 3)
    monkeypatch.setattr(walker, "KEPT_IDS", 5)
    night = open_night("authority").run(1)
    for number in range(20):
        night.say("note", "dee", command=f"n{number}", text="x")
    assert list(night.walker.state.applied) == ["n17", "n18", "n19"]
    assert list(night.walker.state.applied_before) == ["n12", "n13", "n14", "n15", "n16"]
