"""The whole `payments_sev1` night with the vendors outside, then again with each of them down: it ends, and says so."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable
from pathlib import Path
from typing import Any

import pytest

from mayday.domain.timeline import Entry
from mayday.simulator.on_temporal import Theatre, time_skipping
from tests.doubles.fleet import every_double
from tests.doubles.servicenow import ServiceNow
from tests.doubles.statuspage import Statuspage
from tests.doubles.zoom import Zoom
from tests.providers.contract.outcomes import assert_no_secret
from tests.providers.nights.outside import Night

pytestmark = [pytest.mark.timeout(300)]

THERE = every_double()
#: which vendors serve the ports in three houses
HOUSES = [
    [name for name in house if name in THERE]
    for house in (
        ("servicenow", "zoom", "statuspage", "pagerduty", "slack"),
        ("jira", "graph", "statuspage", "everbridge", "teams"),
        ("bmc", "google", "opsgenie"),
    )
]
#: what people do by hand because nobody is left who serves a port
TICKET_BY_HAND: list[dict[str, Any]] = [
    {"at": "T+20s", "expect": {"task": "ticket"}},
    {"at": "T+30s", "complete": "ticket", "by": "dee", "result": {"number": "INC-ON-PAPER"}},
]
#: which is asked for once there is a ticket
BRIDGE_BY_HAND: list[dict[str, Any]] = [
    {"at": "T+1m", "expect": {"task": "open_bridge"}},
    {"at": "T+2m", "complete": "open_bridge", "by": "ana", "result": {"url": "https://meet.example/1"}},
]
BY_HAND = {
    **dict.fromkeys(("servicenow", "jira", "bmc"), TICKET_BY_HAND),
    **dict.fromkeys(("zoom", "graph", "google"), BRIDGE_BY_HAND),
}


def by_hand(down: Iterable[str]) -> list[dict[str, Any]]:
    return [item for name in down for item in BY_HAND.get(name, [])]


@pytest.fixture
async def theatre() -> AsyncIterator[Theatre]:
    async with time_skipping() as opened:
        yield opened


@pytest.fixture
def on_temporal(
    request: pytest.FixtureRequest, theatre: Theatre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Night:
    return Night(tmp_path, request.param, monkeypatch, theatre)


@pytest.fixture
def virtually(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    return Night(tmp_path, request.param, monkeypatch)


def texts(timeline: list[Entry], *kinds: str) -> list[str]:
    return [entry.text for entry in timeline if not kinds or entry.kind in kinds]


def assert_clean(night: Night, timeline: list[Entry]) -> None:
    """Nothing failed, and every request was one that the vendor's description allows."""
    assert [violation for double in night.doubles.values() for violation in double.violations] == []
    assert texts(timeline, "step_failed") == []
    assert_no_secrets(night, timeline)


def assert_no_secrets(night: Night, timeline: list[Entry]) -> None:
    for double in night.doubles.values():
        for entry in timeline:
            assert_no_secret(f"{entry.text} {entry.data}", double)


@pytest.mark.temporal
@pytest.mark.parametrize("on_temporal", HOUSES[:1], ids="+".join, indirect=True)
async def test_with_everything_up_the_vendors_hold_the_night(on_temporal: Night) -> None:
    report, timeline = await on_temporal.play()
    assert report.failures == []
    snow, zoom, page = (on_temporal.doubles[name] for name in ("servicenow", "zoom", "statuspage"))
    assert isinstance(snow, ServiceNow)
    assert isinstance(zoom, Zoom)
    assert isinstance(page, Statuspage)

    [ticket] = snow.records("incident")
    assert ticket["short_description"] == "payments outage in eu"
    notes = snow.notes(ticket["number"])
    assert any("Timeline up to" in note for note in notes)
    assert len({note.rsplit("[mayday ", 1)[1] for note in notes}) == len(notes)
    assert len(zoom.calls("POST", "/v2")) == 1
    assert zoom.meetings == {}  # closed at the end
    [told] = page.incidents.values()
    assert told["status"] == "resolved"
    assert len(told["incident_updates"]) > 5
    assert_clean(on_temporal, timeline)


@pytest.mark.temporal
@pytest.mark.parametrize("on_temporal", HOUSES[1:], ids="+".join, indirect=True)
async def test_other_houses_have_the_same_night(on_temporal: Night) -> None:
    report, timeline = await on_temporal.play()
    assert report.failures == []
    assert_clean(on_temporal, timeline)
    assert all(double.asked for double in on_temporal.doubles.values())


@pytest.mark.temporal
@pytest.mark.parametrize("on_temporal", HOUSES, ids="+".join, indirect=True)
async def test_with_all_vendors_down_temporal_carries_the_night_to_its_end(on_temporal: Night) -> None:
    """The same on a real server: real activities, their retries, and nobody outside who answers."""
    report, timeline = await on_temporal.play(by_hand(on_temporal.names), down=on_temporal.names)
    assert report.failures == []
    assert_says_so(on_temporal, timeline, on_temporal.names)


@pytest.mark.parametrize("virtually", HOUSES, ids="+".join, indirect=True)
async def test_the_virtual_clock_has_the_same_night(virtually: Night) -> None:
    """So that what follows is about the vendor that is down, and not about the clock."""
    report, timeline = await virtually.play()
    assert report.failures == []
    assert_clean(virtually, timeline)
    assert all(double.asked for double in virtually.doubles.values())


ONE_DOWN = [pytest.param(house, name, id=f"{name} of {house[0]}") for house in HOUSES for name in house]
#: each vendor once: a night on a real server takes seconds
ONE_DOWN_ON_TEMPORAL = list({param.values[1]: param for param in ONE_DOWN}.values())


@pytest.mark.parametrize(("virtually", "down"), ONE_DOWN, indirect=["virtually"])
async def test_with_one_vendor_down_the_night_ends_and_says_so(virtually: Night, down: str) -> None:
    report, timeline = await virtually.play(by_hand([down]), down=[down])
    assert report.failures == []
    assert_says_so(virtually, timeline, [down])


@pytest.mark.soak
@pytest.mark.temporal
@pytest.mark.parametrize(("on_temporal", "down"), ONE_DOWN_ON_TEMPORAL, indirect=["on_temporal"])
async def test_with_one_vendor_down_temporal_carries_the_night_to_its_end(on_temporal: Night, down: str) -> None:
    report, timeline = await on_temporal.play(by_hand([down]), down=[down])
    assert report.failures == []
    assert_says_so(on_temporal, timeline, [down])


@pytest.mark.parametrize("virtually", HOUSES, ids="+".join, indirect=True)
async def test_with_all_vendors_down_the_night_ends_and_says_so(virtually: Night) -> None:
    """Nobody outside answers: our own desk and the people's hands hold it."""
    report, timeline = await virtually.play(by_hand(virtually.names), down=virtually.names)
    assert report.failures == []
    assert_says_so(virtually, timeline, virtually.names)


@pytest.mark.parametrize("virtually", HOUSES, ids="+".join, indirect=True)
async def test_a_drill_is_the_same_night_in_the_sandboxes_and_nowhere_else(virtually: Night) -> None:
    report, timeline = await virtually.play(drill=virtually.names)
    assert report.failures == []
    assert [name for name, double in virtually.doubles.items() if double.asked] == []
    assert [name for name, box in virtually.boxes.items() if not box.asked] == []
    assert [violation for box in virtually.boxes.values() for violation in box.violations] == []
    assert texts(timeline, "step_failed") == []
    for box in virtually.boxes.values():
        for entry in timeline:
            assert_no_secret(f"{entry.text} {entry.data}", box)


async def test_in_a_drill_the_desk_stands_in_for_who_has_no_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = Night(tmp_path, HOUSES[0], monkeypatch)
    report, timeline = await night.play(drill=["slack"])
    assert report.failures == []
    assert [name for name, double in night.doubles.items() if double.asked] == []
    assert night.boxes["slack"].asked
    assert timeline[-1].kind == "finished"


def assert_says_so(night: Night, timeline: list[Entry], down: Collection[str]) -> None:
    """Each that is down is named with the reason and with who did it instead, and the incident went to its end."""
    assert_no_secrets(night, timeline)
    told = [f"{entry.text} {entry.data}" for entry in timeline]
    for name in down:
        said = f"{name} is not reachable: ConnectError"
        if name in BY_HAND or name == "statuspage":
            assert any(
                said in entry.text and "by hand" in entry.text for entry in timeline if entry.kind == "task_opened"
            )
        else:
            others = {"desk", *night.names} - {*down}
            assert any(f"{said} ({other} stood in" in each for each in told for other in others), name
    assert timeline[-1].kind == "finished"
