"""Conditions of no step that a value breaks, and rules of the third edition as starts of before have them."""

from __future__ import annotations

import pathlib
from collections.abc import Callable

import pytest

from mayday.domain.incident import EDITION
from mayday.domain.timeline_words import thing
from tests.walker.conftest import Night

OpenNight = Callable[..., Night]
BEFORE = 2


def notes(night: Night) -> list[str]:
    return [entry.data["inputs"]["text"] for entry in night.of("action_started")]


def test_the_task_for_an_exit_closes_when_it_can_be_worked_out_and_is_not_opened_twice(open_night: OpenNight) -> None:
    night = open_night("odd_conditions", edition=EDITION).run(30)
    opened = [entry.step for entry in night.of("task_opened")]
    assert opened == ["condition:cadence:technical_update", "condition:phase:regions"]
    assert "[5]" in night.of("task_opened")[1].data["text"]
    closed = {entry.step: entry.data["reason"] for entry in night.run(61).of("task_withdrawn")}
    assert closed["condition:phase:regions"] == "it can be worked out again"


def test_a_phase_that_is_ended_by_hand_takes_its_task_along(open_night: OpenNight) -> None:
    night = open_night("odd_conditions", edition=EDITION).run(5)
    assert night.say("override", "ana", step="phase:regions", action="end_phase", reason="done").refusal is None
    closed = {entry.step: entry.data["reason"] for entry in night.run(6).of("task_withdrawn")}
    assert closed["condition:phase:regions"] == "phase regions is left"
    assert notes(night) == ["the phase was left"]


def test_an_event_stops_no_incident_of_before_either(open_night: OpenNight) -> None:
    night = open_night("odd_conditions", edition=BEFORE).run(1)
    night.say("event", "raj", name="logs_arrived", data={"megabytes": "many"})
    assert [entry.step for entry in night.run(2).of("task_opened")][-1] == "condition:event:logs_arrived"


@pytest.mark.parametrize(("edition", "asked"), [(BEFORE, []), (EDITION, ["many customers, says raj"])])
def test_since_when_a_handler_waits_for_a_fact(open_night: OpenNight, edition: int, asked: list[str]) -> None:
    night = open_night("handler_depends", edition=edition).run(1)
    night.say("event", "raj", name="complaint", data={})
    night.run(2).say("impact", "ana", customers_affected=4000)
    assert notes(night.run(3)) == asked


@pytest.mark.parametrize(("edition", "host"), [(BEFORE, "web2"), (EDITION, "web1")])
def test_since_when_a_run_has_its_own_event(open_night: OpenNight, edition: int, host: str) -> None:
    night = open_night("handler_slow", edition=edition).run(1)
    night.say("event", "raj", name="logs_arrived", data={"host": "web1"})
    night.run(5).say("event", "raj", name="logs_arrived", data={"host": "web2"})
    assert notes(night.run(12))[1] == f"read those of {host}"


@pytest.mark.parametrize(("edition", "every_s"), [(BEFORE, 3600), (EDITION, 900)])
def test_since_when_a_later_cadence_has_the_severitys_pace(open_night: OpenNight, edition: int, every_s: int) -> None:
    night = open_night("cadence_later", edition=edition, severity="SEV3").run(5)
    night.say("severity", "ana", severity="SEV1", reason="everybody is hit")
    assert night.run(11).walker.state.cadences["technical_update"].every_s == every_s


def test_before_a_gate_that_nobody_could_approve_was_waited_for(open_night: OpenNight) -> None:
    night = open_night("gate_out_of_reach", edition=BEFORE, roles={"incident_commander": "chris"}).run(29)
    assert not night.of("gate_decided")


def test_whoever_is_required_as_a_role_follows_its_handover(open_night: OpenNight) -> None:
    night = open_night("gate_role_required", edition=EDITION, roles={"tech_lead": "raj", "deputy": "dee"}).run(1)
    gate = night.walker.state.gates["gate"]
    assert gate.required == ["raj"]
    night.say("role", "dee", role="tech_lead", person="lee")
    night.say("accept", "lee", target="tech_lead")
    assert gate.required == ["lee"]
    night.say("vote", "dana", decision="gate", choice="approve", reason="yes")
    night.say("vote", "lee", decision="gate", choice="approve", reason="yes")
    assert night.run(2).of("gate_decided")[0].data["outcome"] == "approved"


def test_a_ratification_has_the_same_stand_in(open_night: OpenNight) -> None:
    night = open_night("gate_required_glass", edition=EDITION, roles={"incident_commander": "chris", "deputy": "dee"})
    for person in ("ana", "dee"):
        night.run(1).say("vote", person, decision="gate", choice="break_glass", reason="the shop is down")
    opened = night.run(2).of("gate_opened")
    assert [entry.data["stands_in"] for entry in opened] == [{"chris": "max"}, {"chris": "max"}]
    assert opened[1].step == "ratify:gate"


def test_the_tasks_have_words() -> None:
    assert thing("condition:event:logs_arrived") == "“is it a case of logs arrived?”"
    assert thing("condition:phase:restore") == "“is phase restore over?”"


JOINED = """
apiVersion: runbook/v1
kind: Runbook
metadata: { name: joined, version: 1.0.0, owner: rules }
phases:
  - id: only
    steps:
      - { id: both, join: 3, parallel: { left: [{ id: a, wait: { for: 1m } }], right: [{ id: b, wait: { for: 2m } }] } }
      - { id: after, log: after both }
"""


def test_a_parallel_waits_for_no_more_branches_than_it_has(open_night: OpenNight, tmp_path: pathlib.Path) -> None:
    (tmp_path / "joined.yaml").write_text(JOINED)
    night = open_night(str(tmp_path / "joined"), edition=EDITION)
    assert not night.run(1.5).of("step_failed", "logged")
    assert [entry.step for entry in night.run(2).of("logged")] == ["after"]
    before = open_night(str(tmp_path / "joined"), edition=BEFORE)
    assert [entry.step for entry in before.run(1).of("step_failed")] == ["both"]
