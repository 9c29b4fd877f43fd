"""A duplicate is merged into an incident that is over: somebody stays in charge, and what was begun goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mayday.domain.incident import EDITION
from tests.walker.conftest import Night
from tests.walker.test_merging import OLDER, THIRD, YOUNGER, Post, merge

NEWEST: dict[str, Any] = {
    "merges_cross": True, "gives_time_back": True, "later_rules": True, "edition": EDITION, "settles_told": True,
}  # fmt: skip


def closing(night: Night, status: str) -> Night:
    """The second reader of the last word has not answered yet: the end is under way for minutes."""
    assert night.say("status", "ana", status=status, reason="done").refusal is None
    assert night.walker.state.ending == "finals"
    return night


@pytest.mark.parametrize("status", ["resolved", "cancelled"])
def test_what_is_merged_into_an_incident_under_its_end_goes_on(open_night: Callable[..., Night], status: str) -> None:
    duplicate = open_night("gate", incident=OLDER, **NEWEST).run(5)
    ending = open_night("customer_cadence", incident=YOUNGER, **NEWEST).run(5)
    post = Post(duplicate, ending)
    duplicate.say("vote", "sam", decision="gate", choice="approve", reason="go")
    due = duplicate.walker.state.gates["gate"].due_at
    closing(ending, status)
    merge(duplicate, YOUNGER)
    post.carry(times=2)
    assert duplicate.walker.state.status == "investigating"
    assert (
        duplicate.of("reopened")[0].data["reason"] == f"{YOUNGER} is {status} and takes nothing over: this one goes on"
    )
    assert len(duplicate.of("reopened")) == 1
    assert [list(gate.ballots) for gate in duplicate.walker.state.gates.values()] == [["sam"]]
    assert duplicate.walker.state.gates["gate"].due_at == due
    assert not ending.of("merged_in")
    duplicate.run(6)
    assert duplicate.of("paged")[-1].data["people"] == ["kim", "noor"], "who has voted is left alone"
    assert duplicate.say("vote", "kim", decision="gate", choice="approve", reason="yes").refusal is None
    duplicate.run(7)
    assert [entry.data["outcome"] for entry in duplicate.of("gate_decided")] == ["approved"]
    assert not ending.run(60).of("gate_decided")


def test_a_survivor_that_is_gone_leaves_the_duplicate_open(open_night: Callable[..., Night]) -> None:
    gone = {"incident.absorb": {"fail": 1, "error": "refused", "message": "nothing is open there"}}
    night = open_night("change_phases", incident=OLDER, mocks=gone, **NEWEST).run(5)
    before = [entry.data["action"] for entry in night.of("action_started")]
    merge(night, YOUNGER)
    night.run(20)
    assert night.walker.state.status == "investigating"
    assert not night.walker.finished
    assert [entry.data["action"] for entry in night.of("action_started")] == before, "nothing is done twice"


def test_its_cases_tasks_and_calls_stand_where_they_stood(open_night: Callable[..., Night]) -> None:
    gone = {"incident.absorb": {"fail": 1, "error": "refused"}}
    night = open_night("vendor", incident=OLDER, mocks=gone, **NEWEST).run(5)
    due = night.walker.state.engagements["case"].response.due_at
    merge(night, YOUNGER)
    night.run(6)
    assert night.walker.state.engagements["case"].response.due_at == due
    assert [entry.data["task"] for entry in night.of("task_opened")] == ["work", "work"]
    assert len(night.of("vendor_engaged")) == 1
    assert night.say("complete", "ana", task="work", result={}).refusal is None
    night.run(7)
    assert night.walker.state.steps["work"].status == "done"
    calling = open_night("one_level", incident=OLDER, mocks=gone, **NEWEST).run(2)
    merge(calling, YOUNGER)
    calling.run(3)
    assert [entry.data["people"] for entry in calling.of("paged") if entry.step == "call_raj"] == [["raj"], ["raj"]]
    assert calling.say("ack", "raj", page="call_raj").refusal is None
    assert calling.walker.state.steps["call_raj"].status == "acknowledged"


def test_it_can_be_merged_again_later(open_night: Callable[..., Night]) -> None:
    duplicate, ending, third = (
        open_night(name, incident=incident, **NEWEST).run(5)
        for name, incident in (("gate", OLDER), ("customer_cadence", YOUNGER), ("vendor", THIRD))
    )
    post = Post(duplicate, ending, third)
    closing(ending, "resolved")
    merge(duplicate, YOUNGER)
    post.carry()
    merge(duplicate, THIRD)
    post.carry()
    assert duplicate.walker.state.status == "merged"
    assert [entry.data["source"] for entry in third.of("merged_in")] == [OLDER]


def test_an_incident_that_is_only_proposed_takes_nothing_over(open_night: Callable[..., Night]) -> None:
    duplicate = open_night("gate", incident=OLDER, **NEWEST).run(5)
    proposed = open_night("gate", incident=YOUNGER, declare="propose", declared_by=None, roles={}, **NEWEST).run(5)
    merge(duplicate, YOUNGER)
    Post(duplicate, proposed).carry()
    assert duplicate.walker.state.status == "investigating"
    assert not proposed.walker.state.gates


def test_what_was_passed_on_comes_back_to_whom_it_belongs(open_night: Callable[..., Night]) -> None:
    first, second, third = (
        open_night(name, incident=incident, **NEWEST).run(5)
        for name, incident in (("gate", OLDER), ("vendor", YOUNGER), ("customer_cadence", THIRD))
    )
    post = Post(first, second, third)
    closing(third, "resolved")
    second.say("merge", "ana", into=THIRD, into_workflow="incident/nobody", reason="same cause")
    first.say("merge", "ana", into=YOUNGER, into_workflow=second.walker.start.workflow_id, reason="same cause")
    second.walker.state.merged_into_workflow = third.walker.start.workflow_id
    sent = [call.payload["handover"] for call in first.desk.calls if call.kind == "incident.absorb"]
    second.absorb(sent[0])
    passed = [call.payload["handover"] for call in second.desk.calls if call.kind == "incident.absorb"][-1]
    third.absorb(passed)
    returned = [call.payload["handover"] for call in third.desk.calls if call.kind == "incident.absorb"][-1]
    second.absorb(returned)
    home = [call.payload for call in second.desk.calls if call.kind == "incident.absorb"][-1]
    assert home["workflow_id"] == first.walker.start.workflow_id
    first.absorb(home["handover"])
    assert first.walker.state.status == "investigating"
    assert post


def test_a_forwarded_alert_brings_a_survivor_back_whose_end_is_under_way(open_night: Callable[..., Night]) -> None:
    survivor = open_night("customer_cadence", incident=OLDER, **NEWEST).run(5)
    duplicate = open_night("vendor", incident=YOUNGER, **NEWEST).run(5)
    post = Post(survivor, duplicate)
    merge(duplicate, OLDER)
    post.carry()
    closing(survivor, "resolved")
    duplicate.alert("cards", service="payments")
    post.carry()
    assert survivor.walker.state.status == "investigating"
    assert [entry.data["alert"] for entry in survivor.of("alert_fired")] == ["cards"]


def test_an_alert_that_the_survivor_does_not_take_opens_the_duplicate_again(open_night: Callable[..., Night]) -> None:
    mocks = {"incident.absorb": [{"return": {}}, {"fail": 1, "error": "refused"}]}
    night = open_night("vendor", incident=YOUNGER, mocks=mocks, **NEWEST).run(5)
    merge(night, OLDER)
    night.run(6)
    assert night.walker.state.status == "merged"
    night.alert("cards", service="payments")
    night.run(7)
    assert night.walker.state.status == "investigating"
    assert [entry.data["alert"] for entry in night.of("alert_fired")] == ["cards"]


@pytest.mark.parametrize("what", ["merge", "alerts", "ended"])
def test_nothing_is_written_after_the_last_entry(open_night: Callable[..., Night], what: str) -> None:
    """The run is storing its last entries; from there on the chain is the review's."""
    over = open_night("vendor", incident=OLDER, **NEWEST).run(5)
    duplicate = open_night("gate", incident=YOUNGER, **NEWEST).run(5)
    over.say("status", "ana", status="cancelled", reason="nothing there")
    over.run(6)
    assert over.walker.finished
    merge(duplicate, OLDER)
    (handover,) = [call.payload["handover"] for call in duplicate.desk.calls if call.kind == "incident.absorb"]
    over.absorb({"merge": handover, "alerts": {"what": "alerts", "events": []}, "ended": {"what": "ended"}}[what])
    assert over.entries[-1].kind == "finished"
    if what == "merge":
        Post(over, duplicate).carry()
        assert duplicate.walker.state.status == "investigating"
        assert over.entries[-1].kind == "finished"
