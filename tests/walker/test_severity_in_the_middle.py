"""The severity changes while a page rings, a role is offered, a message waits for its reader, a question is open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mayday.domain.timeline import parse_timestamp
from tests.walker.conftest import START, Night
from tests.walker.test_merges_that_come_to_nothing import NEWEST


def minutes(night: Night, *kinds: str, step: str | None = None) -> list[float]:
    found = [entry for entry in night.of(*kinds) if step in (None, entry.step)]
    return [(parse_timestamp(entry.at) - START).total_seconds() / 60 for entry in found]


def set_severity(night: Night, severity: str) -> Night:
    assert night.say("severity", "ana", severity=severity, reason="it turned out so").refusal is None
    return night


def test_a_page_that_rings_may_ring_as_long_as_the_new_severity_says(open_night: Callable[..., Night]) -> None:
    raised = set_severity(open_night("one_level", severity="SEV4", **NEWEST).run(2), "SEV1").run(40)
    assert minutes(raised, "page_exhausted") == [5]
    lowered = set_severity(open_night("one_level", severity="SEV1", **NEWEST).run(2), "SEV4").run(40)
    assert minutes(lowered, "page_exhausted") == [30]
    late = set_severity(open_night("one_level", severity="SEV4", **NEWEST).run(12), "SEV1").run(40)
    assert minutes(late, "page_exhausted") == [12], "it is overdue at once"


def test_a_policys_own_time_to_answer_stays(open_night: Callable[..., Night]) -> None:
    night = set_severity(open_night("ladder", severity="SEV4", **NEWEST).run(2), "SEV1").run(12)
    assert minutes(night, "page_escalated") == [5, 10]


def test_what_nobody_answered_is_called_again_once_it_is_major_and_no_more_when_it_is_not(
    open_night: Callable[..., Night],
) -> None:
    night = open_night("one_level", severity="SEV4", **NEWEST).run(45)
    assert minutes(night, "paged", step="call_raj") == [0, 30]
    set_severity(night, "SEV1").run(56)
    assert minutes(night, "paged", step="call_raj") == [0, 30, 50, 55]
    set_severity(night, "SEV4").run(90)
    assert minutes(night, "paged", step="call_raj") == [0, 30, 50, 55]


def test_an_offer_of_the_command_climbs_at_the_new_pace(open_night: Callable[..., Night]) -> None:
    nobody: dict[str, Any] = {"roles": {"deputy": "dee"}, "declare": "auto", "declared_by": None}
    night = open_night("major_incident", severity="SEV3", **NEWEST, **nobody).run(4)
    assert night.say("severity", "dee", severity="SEV1", reason="it spreads").refusal is None
    night.run(6)
    assert minutes(night, "role_lapsed", step="role:incident_commander") == [5]


@pytest.mark.parametrize(("raised_at", "leaves_at"), [(15, 23), (21, 29), (25, 30), (27, 30)])
def test_a_raised_severity_leaves_the_reader_time_to_read(
    open_night: Callable[..., Night], raised_at: int, leaves_at: int
) -> None:
    """The message leaves sooner, but not before anybody could have read it, and not later than was promised."""
    night = open_night("slow_customer_cadence", severity="SEV2", **NEWEST).run(raised_at)
    set_severity(night, "SEV1").run(leaves_at - 1)
    assert not night.of("update_missed")
    assert night.say("complete", "ana", task="review:customer_update", result={"release": True}).refusal is None
    night.run(leaves_at + 1)
    sent = [entry for entry in night.of("message_sent") if entry.data["purpose"] == "update"]
    assert [(parse_timestamp(entry.at) - START).total_seconds() / 60 for entry in sent] == [leaves_at]
    night.run(leaves_at + 21)
    assert minutes(night, "update_missed") == [leaves_at + 20], "from then on at the new pace"


def test_a_released_message_leaves_at_once_where_the_new_pace_says_so(open_night: Callable[..., Night]) -> None:
    night = open_night("slow_customer_cadence", severity="SEV2", **NEWEST).run(23)
    assert night.say("complete", "ana", task="review:customer_update", result={"release": True}).refusal is None
    set_severity(night.run(24), "SEV1").run(25)
    assert [entry.data["purpose"] for entry in night.of("message_sent")][-1] == "update"


def test_the_call_about_two_holding_lines_stops_when_the_update_is_written(open_night: Callable[..., Night]) -> None:
    night = open_night("slow_customer_cadence", severity="SEV2", **NEWEST).run(61)
    assert "cadence:customer_update" in night.walker.state.ringing
    night.run(85)
    night.say("complete", "ana", task="review:customer_update", result={"release": True})
    night.run(91)
    assert "cadence:customer_update" not in night.walker.state.ringing


def test_that_call_can_be_acknowledged(open_night: Callable[..., Night]) -> None:
    night = open_night("slow_customer_cadence", severity="SEV2", **NEWEST).run(61)
    assert night.say("ack", "ana", page="cadence:customer_update").refusal is None
    assert night.walker.state.ringing == []


def test_an_open_question_and_a_vendors_clock_stay_as_they_were(open_night: Callable[..., Night]) -> None:
    gate, vendor = open_night("gate", **NEWEST).run(2), open_night("vendor", **NEWEST).run(2)
    due, promise = gate.walker.state.gates["gate"].due_at, vendor.walker.state.engagements["case"].response.due_at
    for severity in ("SEV3", "SEV1"):
        set_severity(gate, severity), set_severity(vendor, severity)
    assert gate.run(3).walker.state.gates["gate"].due_at == due
    assert vendor.run(3).walker.state.engagements["case"].response.due_at == promise
    assert len([entry for entry in gate.of("paged") if entry.step == "gate"]) == 1
