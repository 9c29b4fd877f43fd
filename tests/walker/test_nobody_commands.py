"""An incident that nobody commands goes on asking for a commander, whatever came in between."""

from __future__ import annotations

from collections.abc import Callable

from mayday.domain.incident import EDITION
from tests.walker.conftest import Night

OpenNight = Callable[..., Night]


def leaderless(open_night: OpenNight, edition: int = EDITION) -> Night:
    given = {"roles": {}, "declare": "auto", "declared_by": None, "later_rules": True, "gives_time_back": True}
    return open_night("roles", **given, edition=edition).run(1)


def asked(night: Night) -> list[list[str]]:
    return [entry.data["to"] for entry in night.of("role_offered") if entry.data["role"] == "incident_commander"]


def test_who_was_to_take_it_is_away_and_the_runbooks_next_is_asked(open_night: OpenNight) -> None:
    night = leaderless(open_night)
    night.say("role", "owner", role="incident_commander", person="max")
    schedule = ["schedule.major_incident_manager"]
    assert asked(night.run(11.5)) == [schedule, ["max"], schedule], "the deputy has not taken their role either"
    assert len(asked(night.run(60))) > 8, "round and round, until somebody takes it"


def test_before_nobody_was_asked_any_more(open_night: OpenNight) -> None:
    night = leaderless(open_night, edition=1)
    night.say("role", "owner", role="incident_commander", person="max")
    assert len(asked(night.run(60))) == 2


def test_it_is_reopened_as_leaderless_as_it_ended(open_night: OpenNight) -> None:
    night = leaderless(open_night)
    night.say("status", "owner", status="resolved", reason="it healed by itself")
    night.run(20)
    before = len(asked(night))
    night.say("reopen", "owner", reason="it is back")
    night.run(20.5)
    assert asked(night)[before:] == [["schedule.major_incident_manager"]]
    assert not [entry for entry in night.of("paged") if entry.step == "relapse:1"], "nobody is paged twice at once"
    assert night.say("accept", "ana", target="incident_commander").refusal is None


def test_a_holder_keeps_what_nobody_took_over(open_night: OpenNight) -> None:
    night = leaderless(open_night)
    night.say("accept", "ana", target="incident_commander")
    night.say("role", "ana", role="incident_commander", person="max")
    before = len(asked(night))
    assert len(asked(night.run(30))) == before
    assert night.walker.state.roles["incident_commander"].person == "ana"


def test_resolved_is_taken_back_before_the_end_and_the_vendor_is_held_to_it_again(open_night: OpenNight) -> None:
    night = open_night("vendor", later_rules=True, gives_time_back=True, edition=EDITION).run(5)
    step = {"id": "too_early", "do": "incident.set_status", "with": {"status": "resolved", "reason": "looks well"}}
    night.say("add_step", "ana", step=step)
    assert night.run(10).walker.state.engagements["case"].ended
    night.say("status", "ana", status="investigating", reason="it was the cache")
    night.run(24.9)
    assert not night.of("vendor_breached"), "five minutes in which it was over do not count"
    assert [entry.step for entry in night.run(25.1).of("vendor_breached")] == ["case"]
