"""The whole `payments_sev1` night with the vendors outside, then again with each of them down: it ends, and says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
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

pytestmark = [pytest.mark.temporal, pytest.mark.timeout(300)]

THERE = every_double()
VENDORS = [name for name in ("servicenow", "zoom", "statuspage", "pagerduty", "slack") if name in THERE]
#: other houses, with other vendors for the same ports
OTHERS = [
    [name for name in house if name in THERE]
    for house in (("jira", "graph", "statuspage", "everbridge", "teams"), ("bmc", "google", "opsgenie"))
]
#: what people do by hand because a vendor is down
BY_HAND: dict[str, list[dict[str, Any]]] = {
    "servicenow": [
        {"at": "T+1m", "expect": {"task": "ticket"}},
        {"at": "T+2m", "complete": "ticket", "by": "dee", "result": {"number": "INC-ON-PAPER"}},
    ],
    "zoom": [
        {"at": "T+1m", "expect": {"task": "open_bridge"}},
        {"at": "T+2m", "complete": "open_bridge", "by": "ana", "result": {"url": "https://meet.example/1"}},
    ],
}


@pytest.fixture
async def theatre() -> AsyncIterator[Theatre]:
    async with time_skipping() as opened:
        yield opened


@pytest.fixture
def night(request: pytest.FixtureRequest, theatre: Theatre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    return Night(theatre, tmp_path, getattr(request, "param", VENDORS), monkeypatch)


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


async def test_with_everything_up_the_vendors_hold_the_night(night: Night) -> None:
    report, timeline = await night.play()
    assert report.failures == []
    snow, zoom, page = night.doubles["servicenow"], night.doubles["zoom"], night.doubles["statuspage"]
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
    assert_clean(night, timeline)


@pytest.mark.parametrize("night", OTHERS, ids="+".join, indirect=True)
async def test_other_houses_have_the_same_night(night: Night) -> None:
    report, timeline = await night.play()
    assert report.failures == []
    assert_clean(night, timeline)
    assert all(double.asked for double in night.doubles.values())


@pytest.mark.parametrize("down", VENDORS)
async def test_with_one_vendor_down_the_night_ends_and_says_so(night: Night, down: str) -> None:
    report, timeline = await night.play(BY_HAND.get(down), down=down)
    assert report.failures == []
    assert_no_secrets(night, timeline)
    told = [entry.kind for entry in timeline if f"{down} is not reachable" in f"{entry.text} {entry.data}"]
    assert told, f"nobody says that {down} is down"
