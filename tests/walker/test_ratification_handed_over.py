"""A ratification that outlives the incident goes to the review with what it takes, and with what it has already."""

from __future__ import annotations

from collections.abc import Callable

from mayday.walker.handing_over import review_input
from tests.walker.conftest import Night


def test_what_was_said_before_the_end_still_counts(open_night: Callable[..., Night]) -> None:
    night = open_night("gate_glass").run(2)
    for person in ("dana", "dee"):
        night.say("vote", person, decision="gate", choice="break_glass", reason="it burns")
    voter = night.walker.state.gates["ratify:gate"].seats[0]
    night.say("vote", voter, decision="ratify:gate", choice="approve", reason="right so")
    (finding,) = review_input(night.walker).findings
    gate = night.walker.state.gates["ratify:gate"]
    assert (finding.approvals, finding.required, finding.yes) == (gate.approvals, gate.required, [voter])
    assert finding.approvals == 2
    assert {"dana", "dee"} <= set(finding.excluded)


def test_the_review_refuses_by_the_rule_of_the_gate(open_night: Callable[..., Night]) -> None:
    night = open_night("gate_glass").run(2)
    for person in ("dana", "dee"):
        night.say("vote", person, decision="gate", choice="break_glass", reason="it burns")
    gate = night.walker.state.gates["ratify:gate"]
    gate.veto = False
    night.say("vote", gate.seats[0], decision="ratify:gate", choice="reject", reason="I was reachable")
    assert gate.outcome is None, "two others can still ratify it"
    (finding,) = review_input(night.walker).findings
    assert (finding.as_gate, finding.veto, finding.no) == (True, False, [gate.seats[0]])
