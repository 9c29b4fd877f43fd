"""Rules that came after the first histories; incidents that began before keep those of their day."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.walker.conftest import Night

OpenNight = Callable[..., Night]


@pytest.fixture
def house(open_night: OpenNight) -> Callable[..., Night]:
    """`major_incident` a minute after ana, who commands it alone, began it."""

    def opened(**more: Any) -> Night:
        return open_night(
            "major_incident", **{"later_rules": True, "roles": {"incident_commander": "ana"}, **more}
        ).run(1)

    return opened


def offered(night: Night) -> str:
    return str(night.of("role_offered")[-1].data["brief"])


def test_the_brief_says_who_does_not_answer_and_which_role_nobody_has(house: OpenNight) -> None:
    night = house()
    assert night.say("role", "ana", role="incident_commander", person="omar").refusal is None
    brief = offered(night)
    assert "called, no answer yet, due" in brief
    assert "then the call climbs [page_responders]" in brief
    assert "nobody is tech lead" in brief
    assert "nobody is comms lead, offered to Li Chen" in brief
    assert "(for Ana Ruiz)" in brief


def test_the_brief_tells_how_a_decision_stands(house: OpenNight) -> None:
    night = house()
    move = {"move": "emergency_change", "what": "roll back 77", "change": "CHG77", "backout": "apply it again"}
    night.say("complete", "ana", task="moves[1].next_move", result=move)
    night.run(2).say("vote", "sam", decision="moves[1].emergency_change", choice="approve", reason="fine")
    night.say("role", "ana", role="incident_commander", person="omar")
    brief = offered(night)
    assert "roll back 77? (Sam Reilly approve; waits for Kim Larsen, Noor Haddad)" in brief
    assert "then escalates to Dana Okafor" in brief, "what happens next, not what happens in the end"


def test_before_the_brief_was_shorter(house: OpenNight) -> None:
    night = house(later_rules=False)
    night.say("role", "ana", role="incident_commander", person="omar")
    assert "nobody is tech lead" not in offered(night)


def test_a_task_is_given_to_nobody_who_does_not_exist(house: OpenNight) -> None:
    night = house()
    given = {"step": "moves[1].next_move", "action": "reassign", "reason": "knows it"}
    assert night.say("override", "ana", to="nobodyx", **given).refusal.code == "unknown"  # type: ignore[union-attr]
    assert night.say("override", "ana", **given).refusal.code == "invalid"  # type: ignore[union-attr]
    assert night.say("override", "ana", to="lee", **given).refusal is None


@pytest.mark.parametrize(
    ("result", "why"),
    [
        ({"move": "wat"}, "result.move: 'wat' is not one of"),
        ({"moves": "wait"}, "result.moves: unknown field"),
        ({"what": 7}, "result.what: 7 is no string"),
    ],
)
def test_what_an_operator_fills_in_has_to_fit_the_form(house: OpenNight, result: dict[str, Any], why: str) -> None:
    given = {"step": "moves[1].next_move", "action": "complete", "reason": "said aloud"}
    answer = house().say("override", "ana", result=result, **given)
    assert answer.refusal is not None
    assert why in answer.refusal.reason


def test_an_operator_may_leave_fields_out(house: OpenNight) -> None:
    given = {"step": "moves[1].next_move", "action": "complete", "reason": "said aloud"}
    assert house().say("override", "ana", result={"move": "wait"}, **given).refusal is None


def test_a_late_yes_to_a_role_that_nobody_took_counts(house: OpenNight) -> None:
    night = house().run(40)
    assert [entry.data["role"] for entry in night.of("role_unfilled")].count("deputy") == 1
    assert night.say("accept", "omar", target="deputy").refusal is not None, "nobody asked omar"
    assert night.say("accept", "dee", target="deputy").refusal is None
    assert night.walker.state.roles["deputy"].person == "dee"


def test_before_a_late_yes_came_too_late(house: OpenNight) -> None:
    assert house(later_rules=False).run(40).say("accept", "dee", target="deputy").refusal is not None


def test_words_to_customers_find_a_reader_also_where_one_person_holds_every_role(house: OpenNight) -> None:
    night = house().run(40)
    answer = night.say("update", "ana", audience="customers", text="We are at work on it.")
    task = night.walker.state.tasks[answer.detail["task"]]
    assert (task.to, task.by_not) == ("schedule.communications", ["ana"])
    assert night.say("complete", "ana", task=task.id).refusal.code == "excluded"  # type: ignore[union-attr]
    reader = night.walker.plan.schedules[task.to.removeprefix("schedule.")].people[0]
    assert night.say("complete", reader, task=task.id).refusal is None
    assert "We are at work on it." in [sent.text for sent in night.walker.state.sent]


@pytest.mark.parametrize(("later", "every_s"), [(True, 3600), (False, 900)])
def test_a_severity_that_promises_no_updates_leaves_the_pace_to_the_runbook(
    open_night: OpenNight, later: bool, every_s: int
) -> None:
    """Raised by mistake and lowered again: a SEV4 does not keep the pace of a SEV1."""
    night = open_night("sev3_incident", severity="SEV4", later_rules=later).run(5)
    assert night.walker.state.cadences["technical_update"].every_s == 3600
    night.say("severity", "ana", severity="SEV1", reason="the whole site")
    assert night.walker.state.cadences["technical_update"].every_s == 900
    night.say("severity", "ana", severity="SEV4", reason="one floor")
    assert night.walker.state.cadences["technical_update"].every_s == every_s


def ended(house: OpenNight, **more: Any) -> Night:
    night = house(**more)
    night.say("status", "ana", status="resolved", reason="it holds")
    night.run(40)
    assert night.walker.state.finished
    return night


def test_a_relapse_wakes_who_led_and_climbs(house: OpenNight) -> None:
    """An alert at 4 a.m. reopens it; everybody is in bed."""
    night = ended(house)
    bridge = night.walker.state.bridge_url
    night.alert("PaymentsDown")
    assert night.of("reopened")
    paged = night.run(41).of("paged")[-1]
    assert (paged.step, paged.data["people"]) == ("relapse:1", ["ana"])
    assert bridge
    assert night.walker.bridge()[0] != bridge, "the bridge of before was closed"
    night.run(47)
    assert [entry.data["to"] for entry in night.of("page_escalated") if entry.step == "relapse:1"]
    assert night.say("ack", "ana", page="relapse:1").refusal is None


def test_who_reopens_it_is_awake_and_the_others_are_called(house: OpenNight) -> None:
    alone = ended(house)
    alone.say("reopen", "ana", reason="down again")
    assert not [entry for entry in alone.run(60).of("paged") if entry.step == "relapse:1"]
    two = ended(house, roles={"incident_commander": "ana", "deputy": "dee"})
    two.say("reopen", "dee", reason="down again")
    assert two.run(41).of("paged")[-1].data["people"] == ["ana"]


def test_before_nobody_was_woken_by_a_relapse(house: OpenNight) -> None:
    night = ended(house, later_rules=False)
    night.alert("PaymentsDown")
    assert night.of("reopened")
    assert "relapse:1" not in night.run(41).walker.state.ladders
