"""A shift that ends: who is asked, when nobody follows, and when the rota was changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from mayday.domain.effects import NextHandoff
from tests.walker.conftest import START, Night

Rota = dict[str, Any]


@pytest.fixture
def night(open_night: Callable[..., Night], monkeypatch: pytest.MonkeyPatch) -> Callable[[Rota], Night]:
    """Pia commands; `rota` says who follows her and when, and may be changed while it goes on."""

    def opened(rota: Rota) -> Night:
        def handoff(_: object, target: str, now: datetime) -> NextHandoff | None:
            return NextHandoff(**rota) if rota and target == "schedule.web_primary" else None

        monkeypatch.setattr("mayday.simulator.desk.ScenarioDesk.next_handoff", handoff)
        monkeypatch.setattr("mayday.simulator.desk.ScenarioDesk.people_of", lambda *_: ["pia"])
        return open_night("shift", roles={"incident_commander": "pia", "deputy": "dee"})

    return opened


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def test_nobody_follows_so_the_holder_names_a_successor(night: Callable[[Rota], Night]) -> None:
    told = night({"at": at(100), "incoming": None}).run(69)
    assert "successor:incident_commander" not in told.walker.state.tasks
    told.run(71)
    task = told.walker.state.tasks["successor:incident_commander"]
    assert task.to == "role.incident_commander"
    assert "nobody follows on schedule.web_primary" in task.text


def test_somebody_whom_the_plan_does_not_know_is_nobody(night: Callable[[Rota], Night]) -> None:
    told = night({"at": at(100), "incoming": "somebody_new"}).run(71)
    assert "successor:incident_commander" in told.walker.state.tasks


def test_an_override_that_moves_the_end_moves_the_offer(night: Callable[[Rota], Night]) -> None:
    rota: Rota = {"at": at(100), "incoming": "joel"}
    told = night(rota).run(60)
    rota["at"] = at(200)
    told.run(169)
    assert not told.of("role_offered")
    told.run(171)
    offered = told.of("role_offered")[-1]
    assert offered.data["to"] == ["joel"]
    assert offered.data["handover"] is True
    assert offered.data["shift_ends_at"] == "2026-03-02T05:20:00.000Z"
    assert offered.data["brief"]


def test_who_takes_command_at_the_end_of_a_shift_is_relieved_at_once(night: Callable[[Rota], Night]) -> None:
    told = night({"at": at(10), "incoming": "joel"}).run(1)
    assert told.of("role_offered")[-1].data["to"] == ["joel"]


def test_a_shift_without_an_end_asks_nobody(night: Callable[[Rota], Night]) -> None:
    assert not night({}).run(600).of("role_offered")


def test_it_is_offered_once(night: Callable[[Rota], Night]) -> None:
    told = night({"at": at(100), "incoming": "joel"}).run(240)
    assert len(told.of("role_offered")) == 1
    assert len(told.of("role_lapsed")) == 1
    assert told.walker.state.roles["incident_commander"].person == "pia"


def test_the_new_holder_has_a_shift_of_his_own(night: Callable[[Rota], Night], monkeypatch: pytest.MonkeyPatch) -> None:
    rota: Rota = {"at": at(100), "incoming": "joel"}
    told = night(rota).run(71)
    monkeypatch.setattr("mayday.simulator.desk.ScenarioDesk.people_of", lambda *_: ["joel"])
    rota |= {"at": at(500), "incoming": "pia"}
    told.say("accept", "joel", target="incident_commander")
    told.run(469)
    assert told.walker.state.roles["incident_commander"].offer is None
    told.run(471)
    assert told.of("role_offered")[-1].data["to"] == ["pia"]
