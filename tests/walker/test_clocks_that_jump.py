"""A server whose clock is set: forward by an hour, or back by minutes, in the middle of a night and between two runs.

Nothing is lost, nothing is done twice, and the timeline stays in order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from mayday.domain.timeline import first_broken, parse_timestamp
from mayday.walker.state import IncidentState
from mayday.walker.walker import Walker
from tests.walker.conftest import START, Night
from tests.walker.test_merges_that_come_to_nothing import NEWEST

BACK, FORWARD = timedelta(minutes=-3), timedelta(hours=1)


def jump(night: Night, by: timedelta) -> Night:
    night.incident.now += by
    return night.look()


def next_run(night: Night, by: timedelta) -> Night:
    """The history is long: the state goes to the next run, whose server shows another time."""
    old = night.walker
    state = IncidentState.model_validate(old.dump())
    night.incident.now += by
    start = old.start.model_copy(update={"state": old.dump(), "events": []})
    night.incident.walker = Walker.begin(start, night.incident.now)
    assert night.incident.walker.state.seq == state.seq
    return night


def is_in_order(night: Night) -> bool:
    moments = [parse_timestamp(entry.at) for entry in night.entries]
    return moments == sorted(moments) and first_broken(night.entries) is None


@pytest.mark.parametrize("move", [jump, next_run], ids=["in_a_run", "between_two_runs"])
@pytest.mark.parametrize("by", [BACK, FORWARD], ids=["back", "forward"])
@pytest.mark.parametrize("runbook", ["ladder", "gate", "customer_cadence", "vendor", "change", "disaster_recovery"])
def test_whatever_the_clock_does_the_timeline_stays_in_order_and_nothing_is_sent_twice(
    open_night: Callable[..., Night], runbook: str, by: timedelta, move: Callable[[Night, timedelta], Night]
) -> None:
    night = open_night(runbook, **NEWEST).run(4)
    move(night, by)
    assert night.say("note", "raj", text="still looking").refusal is None
    night.alert("cards", service="payments")
    begin = (night.incident.now - START) / timedelta(minutes=1)
    night.run(begin + 30)
    move(night, -by if by > timedelta() else by)
    night.alert("more", service="payments")
    night.run(begin + 120)
    assert night.say("status", "ana", status="resolved", reason="fixed").refusal is None
    night.run(begin + 200)
    assert night.entries[-1].kind == "finished"
    assert is_in_order(night)
    keys = Counter(call.payload["effect_key"] for call in night.desk.calls if "effect_key" in call.payload)
    assert [key for key, times in keys.items() if times > 1] == []
    assert len(night.of("noted")) == 1
    assert [entry.data["alert"] for entry in night.of("alert_fired")] == ["cards", "more"]


def test_an_hour_forward_takes_no_ones_time_to_answer(open_night: Callable[..., Night]) -> None:
    night = jump(open_night("gate", **NEWEST).run(5), FORWARD)
    assert not night.of("gate_decided")
    assert night.say("vote", "sam", decision="gate", choice="approve", reason="go").refusal is None
    assert night.say("vote", "kim", decision="gate", choice="approve", reason="go").refusal is None
    assert [entry.data["outcome"] for entry in night.of("gate_decided")] == ["approved"]


def test_an_hour_forward_sends_one_update_and_says_how_many_it_merged(open_night: Callable[..., Night]) -> None:
    night = jump(open_night("technical_cadence", **NEWEST).run(5), FORWARD)
    assert len([entry for entry in night.of("message_sent") if entry.data["purpose"] == "update"]) == 1


def test_what_was_answered_before_the_question_by_the_clock_took_no_time(open_night: Callable[..., Night]) -> None:
    """The clock of the door is not the server's: an answer may bear a time before the question."""
    night = open_night("one_level", **NEWEST).run(1)
    early: dict[str, Any] = {"received_at": START - timedelta(minutes=2)}
    assert night.say("ack", "raj", page="call_raj", **early).refusal is None
    assert [entry.data["after_s"] for entry in night.of("acknowledged")] == [0]
    gate = open_night("gate", **NEWEST).run(1)
    assert gate.say("vote", "sam", decision="gate", choice="approve", reason="go", **early).refusal is None
    assert [entry.data["after_s"] for entry in gate.of("voted")] == [0]
