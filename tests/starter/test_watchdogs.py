"""An alert that always fires: nobody hears of one that comes, and somebody is paged for one that does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mayday.language.catalog import Catalog, Watchdog
from mayday.providers.inbound import Delivery
from mayday.records.errors import RecordsUnavailable
from starter.watchdogs import EVERY, MISSING, MissingWatchdog, WatchdogWatch
from tests.starter.conftest import WEBHOOK_TOKEN, House

DOG = Watchdog.model_validate({"match": {"alertname": "Watchdog"}, "labels": {"service": "payments"}})


@pytest.fixture
def watched(house: House) -> House:
    """The house with one watchdog in its catalog."""
    catalog: Catalog = house.parts.playbooks.catalog
    changed = catalog.model_copy(update={"watchdogs": {"prometheus": DOG}})
    house.parts.watchdogs = WatchdogWatch(house.parts.records, lambda: changed, house.clock, house.parts.intake.take)
    house.parts.intake._catalog = lambda: changed
    return house


async def barks(house: House, status: str = "firing", **labels: str) -> dict[str, Any]:
    alert = {"status": status, "labels": {"alertname": "Watchdog", **labels}, "startsAt": "2026-03-01T00:00:00Z"}
    answer = await house.http.post(
        "/webhooks/alertmanager", json={"alerts": [alert]}, headers={"Authorization": f"Bearer {WEBHOOK_TOKEN}"}
    )
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def pass_by(house: House, seconds: float) -> None:
    """Time goes by, with a look every quarter of a minute."""
    while seconds > 0:
        house.clock.forward(seconds=min(EVERY, seconds))
        seconds -= EVERY
        await house.parts.watchdogs.look()


def incidents(house: House) -> list[str]:
    return [run.start.title for run in house.gateway.all_runs]


async def test_one_that_comes_opens_nothing(watched: House) -> None:
    for _ in range(10):
        assert await barks(watched) == {"incidents": []}
        await pass_by(watched, 120)
    assert incidents(watched) == []
    [row] = await watched.parts.records.watchdogs.all()
    assert (row.name, row.missing_since) == ("prometheus", None)


async def test_one_that_is_missing_for_five_minutes_opens_an_incident_once_and_its_return_ends_the_alert(
    watched: House,
) -> None:
    await barks(watched)
    await pass_by(watched, 299)
    assert incidents(watched) == []
    await pass_by(watched, 600)
    assert incidents(watched) == ["The watchdog prometheus has been silent for 5 minutes"]
    [run] = watched.gateway.all_runs
    assert (run.start.service, run.events[0].labels["alertname"]) == ("payments", MISSING)
    assert run.events[0].source == "watchdog"
    assert await barks(watched) == {"incidents": []}
    await pass_by(watched, 30)
    assert [event.state for event in run.events] == ["firing", "resolved"]
    await pass_by(watched, 600)
    assert [event.state for event in run.events] == ["firing", "resolved", "firing"], "a second silence is a new one"


async def test_one_that_never_came_is_missing_too(watched: House) -> None:
    await pass_by(watched, 330)
    assert len(incidents(watched)) == 1


async def test_a_restart_neither_forgets_a_silence_nor_begins_one(watched: House) -> None:
    """Nobody listened while all starters were down: that time does not count, the time before does."""
    await barks(watched)
    await pass_by(watched, 240)
    watched.clock.forward(minutes=30)  # no starter
    await watched.parts.watchdogs.look()
    assert incidents(watched) == []
    await pass_by(watched, 75)
    assert len(incidents(watched)) == 1
    watched.clock.forward(minutes=30)
    await pass_by(watched, 600)
    assert len(incidents(watched)) == 1, "it was told before the restart"
    [run] = watched.gateway.all_runs
    assert [event.state for event in run.events] == ["firing"]


async def test_two_starters_tell_it_once(watched: House) -> None:
    await barks(watched)
    second = WatchdogWatch(
        watched.parts.records, watched.parts.intake._catalog, watched.clock, watched.parts.intake.take
    )
    for _ in range(25):
        watched.clock.forward(seconds=EVERY)
        await watched.parts.watchdogs.look()
        await second.look()
    [run] = watched.gateway.all_runs
    assert len(run.events) == 1


async def test_the_alarm_is_kept_while_temporal_is_silent(watched: House) -> None:
    await barks(watched)
    watched.gateway.silent = True
    await pass_by(watched, 330)
    watched.gateway.silent = False
    watched.clock.forward(minutes=1)
    await watched.parts.forwarder.forward_once()
    assert len(incidents(watched)) == 1


async def test_other_alerts_of_the_source_and_the_end_of_the_watchdog_count_for_nothing(watched: House) -> None:
    assert (await barks(watched, alertname="DiskFull", service="payments"))["incidents"][0]["action"] == "opened"
    assert await barks(watched, "resolved") == {"incidents": []}
    assert await watched.parts.records.watchdogs.all() == []


async def test_a_store_that_cannot_note_it_stops_no_alert(watched: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_disk(*_: Any) -> None:
        raise RecordsUnavailable("no disk")

    monkeypatch.setattr(watched.parts.records.watchdogs, "seen", no_disk)
    assert await barks(watched) == {"incidents": []}


def test_its_own_alert_is_critical_unless_the_catalog_says_otherwise(watched: House) -> None:
    body = {"watchdog": "x", "missing": True, "since": "2026", "minutes": "5", "labels": {"severity": "warning"}}
    [event] = MissingWatchdog().events(Delivery(raw=json.dumps(body).encode(), received_at=watched.clock()))
    assert (event.labels["severity"], event.labels["service"]) == ("warning", "monitoring")
