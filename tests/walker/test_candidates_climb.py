"""A candidate that nobody decides reaches everybody who could, as long as nobody holds a role: also without a route."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.walker.conftest import START, Night
from tests.walker.test_merges_that_come_to_nothing import NEWEST

PROPOSED: dict[str, Any] = {
    **NEWEST, "declare": "propose", "declared_by": None, "source": "alertmanager", "roles": {}, "accept_within": "10m",
}  # fmt: skip


def storm(night: Night, begin: int, count: int) -> None:
    for n in range(begin, begin + count):
        night.alert(f"pod{n}")


def called(night: Night) -> list[list[str]]:
    return [entry.data["people"] for entry in night.of("paged", "notified") if entry.step == "candidate"]


def test_a_route_that_pages_climbs_to_whoever_would_lead(open_night: Callable[..., Night]) -> None:
    night = open_night("major_incident", **PROPOSED, page="schedule.payments_primary").run(45)
    assert called(night) == [["raj"], ["raj"], ["ana"], ["dee"], ["dee"]]


def test_a_route_without_a_page_asks_whoever_would_lead(open_night: Callable[..., Night]) -> None:
    night = open_night("major_incident", **PROPOSED).run(25)
    assert called(night) == [["ana"], ["ana"], ["dee"]]
    assert night.walker.board(night.incident.now).pending[0].for_ == ["ana", "raj"], "who stands on the rota"


def test_a_storm_is_no_reason_to_call_again_and_every_alert_counts(open_night: Callable[..., Night]) -> None:
    night = open_night("major_incident", **PROPOSED, page="schedule.payments_primary").run(1)
    for minute in range(1, 9):
        storm(night, minute * 200, 200)
        night.run(minute + 1)
    assert called(night) == [["raj"]]
    storm(night, 5000, 200)
    assert night.say("candidate", "ana", accept=True, reason="real").refusal is None
    storm(night, 6000, 200)
    night.run(12)
    assert night.walker.state.alerts.seen == 10 * 200
    listed, summed = night.of("alert_fired"), night.of("alerts_summed")
    assert len(listed) + sum(entry.data["fired"] for entry in summed) == 10 * 200
    assert len(night.of("declared")) == 1
    assert "candidate" not in night.walker.state.ringing


def test_a_rejection_in_the_storm_ends_it_and_leaves_nothing_ringing(open_night: Callable[..., Night]) -> None:
    night = open_night("major_incident", **PROPOSED, page="schedule.payments_primary").run(1)
    storm(night, 0, 200)
    assert night.say("candidate", "ana", accept=False, reason="load test").refusal is None
    storm(night, 200, 200)
    night.run(30)
    assert night.entries[-1].kind == "finished"
    assert night.walker.state.ringing == []
    assert called(night) == [["raj"]]


def test_one_that_lapses_while_the_system_is_away_can_still_be_accepted(open_night: Callable[..., Night]) -> None:
    night = open_night("major_incident", **PROPOSED, page="schedule.payments_primary").run(1)
    night.incident.go_away(timedelta(hours=5))
    night.say("candidate", "ana", accept=True, reason="it is real")
    night.incident.run_to(START + timedelta(hours=5, minutes=10))
    assert night.walker.state.status == "investigating"
