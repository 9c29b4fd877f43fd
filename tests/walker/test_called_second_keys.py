"""Breaking the glass takes two: as soon as one has done it, the other is called, also when nobody waits any more."""

from __future__ import annotations

from collections.abc import Callable

from tests.walker.conftest import Night
from tests.walker.test_merges_that_come_to_nothing import NEWEST


def calls(night: Night) -> list[list[str]]:
    return [
        call.payload["targets"]
        for call in night.desk.calls
        if call.kind == "paging.page_responder"
        and call.payload["purpose"] == "notice"
        and call.payload["page"] == "gate"
    ]


def test_the_second_is_called_while_the_question_is_open(open_night: Callable[..., Night]) -> None:
    night = open_night("gate_glass", **NEWEST).run(5)
    gate = night.walker.state.gates["gate"]
    assert (
        night.say("vote", gate.break_by[0], decision="gate", choice="break_glass", reason="nobody answers").refusal
        is None
    )
    assert calls(night) == [[f"person.{person}" for person in gate.break_second]]


def test_the_second_is_called_after_it_lapsed_and_the_call_ends_with_the_outcome(
    open_night: Callable[..., Night],
) -> None:
    night = open_night("gate_glass", **NEWEST).run(60)
    gate = night.walker.state.gates["gate"]
    assert gate.outcome == "lapsed"
    night.say("vote", gate.break_second[0], decision="gate", choice="break_glass", reason="it burns")
    assert calls(night) == [[f"person.{person}" for person in gate.break_by if person != gate.break_second[0]]]
    assert "gate" in night.walker.state.ringing
    assert night.say("vote", gate.break_by[0], decision="gate", choice="break_glass", reason="yes").refusal is None
    night.run(61)
    assert gate.outcome == "unapproved_emergency"
    assert "gate" not in night.walker.state.ringing
    assert len(calls(night)) == 1
