"""A duplicate is merged in: what it owed goes on in the survivor, on both engines, and a misspelt handover is told."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from mayday.domain.timeline import Entry
from mayday.language.library import Library
from mayday.language.scenario import Scenario
from mayday.simulator.comparison import roots_of, same_timeline
from mayday.simulator.files import ScenarioFile
from mayday.simulator.on_temporal import time_skipping
from mayday.simulator.runner import Rehearser
from mayday.simulator.stage import open_virtually

HEAD = {"apiVersion": "runbook/v1", "kind": "Scenario", "runbook": "payments_sev1"}
HELD = {"incident_commander": "ana", "deputy": "dee", "comms_lead": "li"}
ACK = {"at": "T+1m", "ack": "page_payments", "by": "raj", "joined": True}
BRIEF = {"what": "merge", "from": "INC-SLOW", "title": "Checkout slow", "by": "ana", "reason": "same cause"}


def night(service: str, *items: dict[str, Any]) -> dict[str, Any]:
    incident = {"title": f"{service} down", "service": service, "severity": "SEV1", "customers_affected": 4200}
    given = {"start": "2026-03-02T02:10:00Z", "incident": incident, "roles": HELD}
    return {**HEAD, "metadata": {"name": service}, "given": given, "timeline": list(items)}


@pytest.fixture
def write(tmp_path: pathlib.Path, library: Library) -> Callable[..., ScenarioFile]:
    def write(*items: dict[str, Any]) -> ScenarioFile:
        path = tmp_path / "survivor.yaml"
        path.write_text(yaml.safe_dump(night("payments", *items), sort_keys=False))
        return ScenarioFile(path, library)

    return write


async def handed_over(library: Library) -> dict[str, Any]:
    """What a duplicate with an open gate, a vendor's case and alerts owes four minutes after it began."""
    duplicate = Scenario.model_validate(
        night("checkout", ACK, {"at": "T+4m", "merge": "INC-SURVIVOR", "by": "ana", "reason": "same cause"})
    )
    plan = library.plan("payments_sev1", service="checkout")
    rehearser = Rehearser(duplicate, plan, library.catalog, opener=open_virtually)
    assert (await rehearser.play()).misses == []
    [merged] = [call.payload["handover"] for call in rehearser.desk.calls if call.kind == "incident.absorb"]
    return dict(merged)


async def test_what_a_duplicate_owed_goes_on_in_the_survivor(
    write: Callable[..., ScenarioFile], library: Library
) -> None:
    handover = await handed_over(library)
    assert "emergency_change" in handover["gates"]
    theirs = f"emergency_change_{handover['from'][-6:].lower()}"
    scenario = write(
        ACK,
        {"at": "T+5m", "absorbed": handover},
        {"at": "T+6m", "expect": {"undecided": theirs}},
        {
            "at": "T+7m",
            "vote": theirs,
            "by": "sam",
            "choice": "reject",
            "reason": "one is enough",
        },
        {"at": "T+8m", "expect": {"decided": theirs, "outcome": "rejected"}},
        {"at": "T+8m", "expect": {"undecided": "emergency_change"}},
    )
    report, _ = await scenario.play()
    assert report.failures == []


async def test_an_author_says_only_what_matters(write: Callable[..., ScenarioFile]) -> None:
    more = {"services": ["checkout"], "responders": ["nina"], "customers_affected": 9000, "alerts": 3}
    scenario = write({"at": "T+2m", "absorbed": {**BRIEF, **more}}, {"at": "T+3m", "note": "one now", "by": "ana"})
    report, _ = await scenario.play()
    assert report.failures == []
    [merged] = [entry for entry in report.entries if entry.kind == "merged_in"]
    assert (merged.data["source"], merged.data["title"], merged.data["alerts"]) == ("INC-SLOW", "Checkout slow", 3)


@pytest.mark.temporal
async def test_both_engines_take_it_over_alike(write: Callable[..., ScenarioFile], library: Library) -> None:
    items = (
        ACK,
        {"at": "T+5m", "absorbed": await handed_over(library)},
        {"at": "T+9m", "note": "one now", "by": "ana"},
    )
    scenario = write(*items)
    assert scenario.plan is not None
    runs: list[list[Entry]] = []
    async with time_skipping() as theatre:
        for opener in (open_virtually, theatre.open):
            report, _ = await scenario.play(opener)
            assert report.failures == []
            runs.append(report.entries)
    assert same_timeline(*runs, roots_of(scenario.plan)) == []


@pytest.mark.parametrize(
    ("handover", "said"),
    [
        ({**BRIEF, "titel": "x"}, "`titel` is no key here"),
        ({"what": "merge", "from": "INC-SLOW"}, "`title` is missing: a handover of `merge` says it"),
        ({"what": "alerts"}, "`events` is missing: a handover of `alerts` says it"),
        ({**BRIEF, "gates": {"x": {"question": 1}}}, "`absorbed`: "),
        ({**BRIEF, "tasks": {"x": "open"}}, "`absorbed`: "),
        ({"what": "alerts", "events": [{"titel": "x"}]}, "`absorbed`: "),
    ],
)
async def test_a_wrong_handover_is_told_with_its_place(
    write: Callable[..., ScenarioFile], handover: dict[str, Any], said: str
) -> None:
    report, _ = await write({"at": "T+2m", "absorbed": handover}).play()
    assert not report.passed
    assert said in report.failures[0].message
    assert report.failures[0].line > 10
