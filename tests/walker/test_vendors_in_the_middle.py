"""Vendors who answer late, after their step, after the end, two at a time, and while their desk is closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from mayday.domain.timeline import parse_timestamp
from tests.walker.conftest import START, Night
from tests.walker.test_merges_that_come_to_nothing import NEWEST

HOUR = 60


def says(night: Night, kind: str, step: str = "case", by: str = "ana") -> Night:
    assert night.say("vendor_reply", by, step=step, reply=kind, text="as they say").refusal is None
    return night


def breached_at(night: Night, clock: str = "response") -> list[float]:
    found = [parse_timestamp(entry.at) for entry in night.of("vendor_breached") if entry.data["clock"] == clock]
    return [(at - START) / timedelta(minutes=1) for at in found]


def test_two_vendors_have_a_clock_each(open_night: Callable[..., Night]) -> None:
    night = open_night("two_vendors", **NEWEST).run(5)
    says(night, "waiting_on_us", "dns")
    says(night.run(10), "reply", "gateway")
    says(night.run(30), "resumed", "dns")
    night.run(HOUR)
    assert [(entry.step, entry.data["clock"]) for entry in night.of("vendor_breached")] == [("dns", "response")]
    assert breached_at(night) == [15 + 25]


@pytest.mark.parametrize("kind", ["reply", "eta", "downgrade", "resolved"])
def test_an_answer_after_its_step_has_ended_stops_the_clock_all_the_same(
    open_night: Callable[..., Night], kind: str
) -> None:
    night = open_night("two_vendors", **NEWEST).run(5)
    night.say("status", "ana", status="mitigated", reason="routed around")
    assert night.run(6).walker.state.steps["dns"].status == "cancelled"
    says(night, kind, "dns")
    night.run(16)
    assert not breached_at(night)
    assert night.walker.state.steps["dns"].status == "cancelled"


def test_what_they_say_after_the_end_is_refused_in_words_and_changes_nothing(open_night: Callable[..., Night]) -> None:
    night = open_night("two_vendors", **NEWEST).run(5)
    night.say("status", "ana", status="resolved", reason="fixed")
    night.run(6)
    for kind in ("reply", "eta", "downgrade", "resolved"):
        answer = night.say("vendor_reply", "ana", step="dns", reply=kind, text="late")
        assert night.refused(answer) == "closed"
    assert night.entries[-1].kind == "finished"


def test_a_clock_of_office_hours_loses_only_open_time_while_they_wait_for_us(open_night: Callable[..., Night]) -> None:
    """Monday: an hour from nine, half of it used when they ask for logs. At eight in the evening they have them, and
    the other half is over on Tuesday at half past nine: nobody breaks a promise at night."""
    night = open_night("vendor_office_hours", **NEWEST)
    says(night.run(7.5 * HOUR), "waiting_on_us")
    says(night.run(18 * HOUR), "resumed")
    assert breached_at(night.run(31 * HOUR)) == []
    assert breached_at(night.run(32 * HOUR)) == [31.5 * HOUR]


def test_so_does_one_that_rested_with_the_incident(open_night: Callable[..., Night]) -> None:
    night = open_night("vendor_office_hours", **NEWEST).run(7.5 * HOUR)
    night.say("status", "ana", status="resolved", reason="fixed")
    night.run(18 * HOUR)
    assert night.say("reopen", "ana", reason="it is back").refusal is None
    assert breached_at(night.run(32 * HOUR)) == [31.5 * HOUR]


def test_without_the_calendar_all_of_it_counts_as_rest(open_night: Callable[..., Night]) -> None:
    mocks = {"calendar.deadline": [{"return": {"due_at": "2026-03-02T10:00:00Z"}}] * 2 + [{"fail": 1}] * 2}
    night = open_night("vendor_office_hours", mocks=mocks, **NEWEST)
    says(night.run(7.5 * HOUR), "waiting_on_us")
    says(night.run(9.5 * HOUR), "resumed")
    assert breached_at(night.run(20 * HOUR)) == [10 * HOUR]


def test_who_leads_hears_what_others_enter(open_night: Callable[..., Night]) -> None:
    night = open_night("vendor", **NEWEST).run(2)
    says(night, "eta", by="dee"), says(night, "waiting_on_us", by="dee"), says(night, "resumed", by="dee")
    says(night, "resolved", by="dee")
    texts = [call.payload["text"] for call in night.desk.calls if call.payload.get("page") == "case"]
    assert texts == [
        "Payments down: Gateway Co waits for us, and its clocks stand still: as they say",
        "Payments down: Gateway Co has repaired it: as they say",
    ]
    own = says(open_night("vendor", **NEWEST).run(2), "resolved")
    assert not [call for call in own.desk.calls if call.payload.get("page") == "case"]
