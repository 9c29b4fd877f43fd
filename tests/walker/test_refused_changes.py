"""A change that was not approved: its own record is told so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mayday.domain.effects import NOTE_CHANGE
from mayday.language.scenario import Mock
from mayday.simulator.mocks import Mocks
from tests.walker.conftest import Night

GATE = "emergency_change"


def told(night: Night) -> list[dict[str, Any]]:
    return [call.payload["inputs"] for call in night.desk.calls if call.kind == NOTE_CHANGE]


@pytest.fixture
def asked(open_night: Callable[..., Night]) -> Callable[..., Night]:
    """The night of a payments outage, up to where the emergency change is asked for."""

    def until_asked(**given: Any) -> Night:
        night = open_night("payments_sev1", inputs={"region": "eu"}, **{"tells_changes": True, **given}).run(9)
        night.say("ack", "lee", page="page_payments", joined=True)
        night.run(11)
        assert GATE in night.walker.state.gates
        return night

    return until_asked


def test_a_rejection_is_written_into_the_change_with_its_reason(asked: Callable[..., Night]) -> None:
    night = asked(base_url="https://mayday.example")
    night.say("vote", "sam", decision=GATE, choice="reject", reason="no rollback plan")
    night.run(12)
    [note] = told(night)
    assert note["change"] == "CHG-GATEWAY-BYPASS"
    [decided] = night.of("gate_decided")
    for words in ("Not approved", "/incidents/INC-", "rejected", "sam reject (no rollback plan)", decided.data["ref"]):
        assert words in note["text"]
    assert decided.data["digest"] in note["text"]


def test_nobody_answered_is_written_there_too(asked: Callable[..., Night]) -> None:
    night = asked().run(90)
    outcomes = {entry.data["outcome"] for entry in night.of("gate_decided") if entry.step == GATE}
    assert outcomes == {"lapsed"}
    [note] = told(night)
    assert "lapsed: no decision in time" in note["text"]


def test_a_question_that_is_left_is_written_there_too(asked: Callable[..., Night]) -> None:
    night = asked()
    night.say("override", "ana", step=GATE, action="cancel", reason="the vendor is back")
    night.run(12)
    [note] = told(night)
    assert "withdrawn: the vendor is back" in note["text"]


def test_an_approval_is_left_to_who_carries_it_out(asked: Callable[..., Night]) -> None:
    night = asked()
    for voter in ("sam", "kim", "noor", "chris", "dana"):
        night.say("vote", voter, decision=GATE, choice="approve", reason="go")
    night.run(12)
    assert [entry.data["outcome"] for entry in night.of("gate_decided") if entry.step == GATE] == ["approved"]
    assert told(night) == []


def test_an_incident_of_before_goes_on_as_it_did(asked: Callable[..., Night]) -> None:
    night = asked(tells_changes=False)
    night.say("vote", "sam", decision=GATE, choice="reject", reason="no rollback plan")
    night.run(12)
    assert told(night) == []
    assert night.walker.state.gates[GATE].change is None


def test_the_timeline_says_that_it_stands_there_or_why_not(asked: Callable[..., Night]) -> None:
    for mock, kind in (({"return": {"noted": True}}, "action_finished"), ({"fail": 9}, "action_failed")):
        night = asked()
        night.desk.mocks = Mocks({NOTE_CHANGE: Mock.model_validate(mock)})
        night.say("vote", "sam", decision=GATE, choice="reject", reason="no")
        night.run(14)
        assert [entry.kind for entry in night.entries if entry.data.get("action") == NOTE_CHANGE] == [kind]
