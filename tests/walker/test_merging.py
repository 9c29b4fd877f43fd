"""Two incidents, one cause: the duplicate hands over what it owes, and nothing is decided on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.walker.conftest import Night

SURVIVOR, DUPLICATE = "INC-01SURVIVOR00000000000000", "INC-01DUPLICATE0000000000000"


def merged(open_night: Callable[..., Night], runbook: str, minutes: float = 5) -> tuple[Night, Night, dict[str, Any]]:
    survivor, duplicate = (
        open_night(runbook, incident=SURVIVOR).run(minutes),
        open_night(runbook, incident=DUPLICATE).run(minutes),
    )
    answer = duplicate.say("merge", "ana", into=SURVIVOR, into_workflow="incident/survivor", reason="same cause")
    assert answer.refusal is None
    (handover,) = [call.payload["handover"] for call in duplicate.desk.calls if call.kind == "incident.absorb"]
    survivor.absorb(handover)
    survivor.run(minutes)
    return survivor, duplicate, handover


def test_a_gate_moves_with_its_votes_and_its_deadline(open_night: Callable[..., Night]) -> None:
    survivor, duplicate = open_night("gate", incident=SURVIVOR).run(5), open_night("gate", incident=DUPLICATE).run(5)
    duplicate.say("vote", "sam", decision="gate", choice="approve", reason="go")
    duplicate.say("merge", "ana", into=SURVIVOR, into_workflow="incident/survivor", reason="same cause")
    (handover,) = [call.payload["handover"] for call in duplicate.desk.calls if call.kind == "incident.absorb"]
    due = duplicate.walker.state.gates["gate"].due_at
    survivor.absorb(handover)
    survivor.run(6)
    moved = next(gate for path, gate in survivor.walker.state.gates.items() if path != "gate")
    assert list(moved.ballots) == ["sam"]
    assert moved.due_at == due
    assert not duplicate.of("gate_decided")
    assert duplicate.walker.state.gates["gate"].outcome == "withdrawn"
    assert survivor.say("vote", "kim", decision=moved.path, choice="approve", reason="yes").refusal is None
    survivor.run(7)
    assert [entry.data["outcome"] for entry in survivor.of("gate_decided")] == ["approved"]
    assert survivor.walker.state.steps[moved.path].over


def test_the_duplicate_ends_without_words_and_forwards_until_the_survivor_ends(
    open_night: Callable[..., Night],
) -> None:
    survivor, duplicate, _ = merged(open_night, "customer_cadence")
    assert not [entry for entry in duplicate.of("message_sent") if entry.data["purpose"] == "final"]
    duplicate.run(30)
    assert not duplicate.walker.finished
    duplicate.alert("cards", service="payments")
    forwarded = [c.payload["handover"] for c in duplicate.desk.calls if c.kind == "incident.absorb"][-1]
    assert forwarded["what"] == "alerts"
    survivor.absorb(forwarded)
    survivor.run(31)
    assert [entry.data["alert"] for entry in survivor.of("alert_fired")] == ["cards"]
    survivor.say("status", "ana", status="resolved", reason="fixed")
    survivor.run(60)
    ended = [c.payload["handover"] for c in survivor.desk.calls if c.kind == "incident.absorb"]
    assert [handover["what"] for handover in ended] == ["ended"]
    duplicate.absorb(ended[0])
    duplicate.run(61)
    assert duplicate.walker.finished
    assert duplicate.entries[-1].kind == "finished"


def test_a_vendor_clock_goes_on_where_it_was(open_night: Callable[..., Night]) -> None:
    survivor, duplicate, _ = merged(open_night, "vendor")
    theirs = duplicate.walker.state.engagements["case"]
    moved = next(case for path, case in survivor.walker.state.engagements.items() if path != "case")
    assert moved.response.due_at == theirs.response.due_at
    survivor.run(21)
    assert len(survivor.of("vendor_breached")) == 2
    assert not duplicate.run(21).of("vendor_breached")


def test_the_same_handover_twice_is_taken_once(open_night: Callable[..., Night]) -> None:
    survivor, _, handover = merged(open_night, "vendor")
    survivor.absorb(handover)
    survivor.run(6)
    assert len(survivor.of("merged_in")) == 1
