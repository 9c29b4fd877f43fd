"""An incident is called off while something is going on: what cannot be called back is told and found out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.walker.conftest import Night
from tests.walker.test_merges_that_come_to_nothing import NEWEST

AMBIGUOUS = {"after": "20m", "fail": 1, "error": "ambiguous"}


def failing_over(open_night: Callable[..., Night], action: dict[str, Any]) -> Night:
    """The fail-over is approved and dispatched; then it turns out to have been a false alarm."""
    night = open_night("disaster_recovery", mocks={"dr.invoke": action}, **NEWEST).run(1)
    night.say("ack", "vik", page="page_platform", joined=True)
    night.run(2)
    night.say("complete", "vik", task="dr_ready", result={"ready": True, "data_loss": "none"})
    night.say("complete", "ana", task="repair_time", result={"hours": 4, "customers_affected": 10})
    night.run(3)
    for voter in ("chris", "dana"):
        assert night.say("vote", voter, decision="invoke_dr", choice="approve", reason="go").refusal is None
    assert night.run(6).walker.state.steps["failover"].effect
    assert night.say("status", "ana", status="cancelled", reason="false alarm").refusal is None
    return night.run(7)


def told(night: Night, page: str) -> list[str]:
    calls = [call.payload for call in night.desk.calls if call.kind == "paging.page_responder"]
    return [call["text"] for call in calls if call["page"] == page]


def test_who_called_it_off_hears_what_is_under_way_and_how_it_went(open_night: Callable[..., Night]) -> None:
    night = failing_over(open_night, {"after": "20m", "return": {"outcome": "done"}})
    (under_way,) = told(night, "failover")
    assert under_way.startswith(
        "Payments down, cancelled: invoking disaster recovery is under way and cannot be called"
    )
    night.run(60)
    assert told(night, "failover")[1:] == [
        "Payments down, cancelled: invoking disaster recovery was carried out after the end: done"
    ]
    assert night.walker.finished


def test_nobody_knowing_whether_it_happened_keeps_the_end_open_until_somebody_does(
    open_night: Callable[..., Night],
) -> None:
    night = failing_over(open_night, AMBIGUOUS).run(60)
    assert not night.walker.finished
    assert [item.kind for item in night.walker.board(night.incident.now).pending if item.id == "failover"] == ["task"]
    assert night.say("complete", "dee", task="failover", result={"happened": "partly"}).refusal is None
    night.run(61)
    assert night.walker.finished
    assert not [entry for entry in night.of("task_withdrawn") if entry.data["task"] == "failover"]


def test_the_end_waits_a_day_for_that_and_no_longer(open_night: Callable[..., Night]) -> None:
    night = failing_over(open_night, AMBIGUOUS)
    night.run(24 * 60)
    assert not night.walker.finished
    night.run(25 * 60)
    assert night.walker.finished


def test_an_alert_while_it_is_called_off_brings_it_back(open_night: Callable[..., Night]) -> None:
    """Its run still holds the cause, so no fresh incident can be opened for it."""
    night = open_night("customer_cadence", **NEWEST).run(5)
    night.say("status", "ana", status="cancelled", reason="false alarm")
    night.run(6)
    assert night.walker.state.ending == "finals"
    night.alert("cards", state="resolved", service="payments")
    assert night.walker.state.status == "cancelled"
    night.alert("cards", service="payments")
    assert night.walker.state.status == "investigating"
    assert [entry.data["reason"] for entry in night.of("reopened")] == ["it fires again"]


@pytest.mark.parametrize(("status", "words"), [("cancelled", "making sure"), ("resolved", "making sure")])
def test_the_holding_line_of_an_end_speaks_of_no_work(
    open_night: Callable[..., Night], status: str, words: str
) -> None:
    night = open_night("customer_cadence", **NEWEST).run(5)
    night.say("status", "ana", status=status, reason="over")
    night.run(30)
    (holding,) = [entry.data["text"] for entry in night.of("message_sent") if entry.data["purpose"] == "holding"]
    assert words in holding
    assert "still working" not in holding


def test_a_message_under_review_is_withdrawn_with_the_incident(open_night: Callable[..., Night]) -> None:
    night = open_night("customer_cadence", **NEWEST).run(15)
    assert "review:customer_update" in [item.id for item in night.walker.board(night.incident.now).pending]
    night.say("status", "ana", status="cancelled", reason="false alarm")
    night.run(60)
    assert night.walker.finished
    assert night.walker.state.ringing == []
    assert not [entry for entry in night.of("message_sent") if entry.data["purpose"] == "update"]
