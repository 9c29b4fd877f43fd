"""What goes wrong around an incident is part of its scenario: forged decisions, a provider or the system itself away,
floods of alerts, and what a merged incident brings along. Recorded on a real server, played again on the virtual clock.
"""

from __future__ import annotations

import pathlib
from datetime import datetime, timedelta
from typing import Any

import pytest

from mayday.archive.pseudonyms import Pseudonyms, people_of, unnamed
from mayday.archive.reproduction import reproduced
from mayday.archive.tape import Tape, listen
from mayday.domain.commands import COMMAND
from mayday.language.library import Library
from mayday.language.plan import Plan
from mayday.language.scenario import Scenario
from mayday.simulator.desk import ScenarioDesk
from mayday.simulator.on_temporal import TemporalStage, time_skipping
from mayday.simulator.opening import alert_of, start_of
from mayday.simulator.runner import rehearse
from mayday.simulator.virtual import VirtualIncident
from tests.archive.listening import ListeningRehearsal
from workflows.rehearsal import RehearsedReview

pytestmark = [pytest.mark.temporal, pytest.mark.timeout(180)]

RUNBOOKS = pathlib.Path(__file__).parents[2] / "runbooks"
START = "2026-03-02T02:10:00Z"
GIVEN = {
    "start": START,
    "incident": {"title": "Payments down", "service": "payments", "severity": "SEV1", "customers_affected": 4200},
    "roles": {"incident_commander": "ana", "deputy": "dee", "comms_lead": "li"},
}


@pytest.fixture(autouse=True)
def short_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in test_recorded_incidents: a busy night takes longer than one call may."""
    monkeypatch.setattr(TemporalStage, "longest_sleep", timedelta(minutes=5))


async def taped(timeline: list[dict[str, Any]], mocks: dict[str, Any] | None = None) -> tuple[list[Tape], Plan]:
    library = Library.load(RUNBOOKS)
    data = {
        "apiVersion": "runbook/v1", "kind": "Scenario", "metadata": {"name": "recorded"}, "runbook": "payments_sev1",
        "given": GIVEN, "timeline": timeline, "mocks": mocks or {},
    }  # fmt: skip
    plan = library.plan("payments_sev1", service="payments")
    async with time_skipping() as theatre:
        rehearsal = await rehearse(Scenario.model_validate(data), plan, library.catalog, opener=theatre.open)
        assert rehearsal.misses == []
        histories = await theatre.stages[-1].histories()
    return [await listen(one, listener=ListeningRehearsal, others=[RehearsedReview]) for one in histories], plan


async def made_again(tapes: list[Tape]) -> dict[str, int]:
    """How often each kind stands in the timeline that the exported scenario makes again, named and pseudonymised."""
    for identified in (False, True):
        made = await reproduced(tapes, "recorded", identified=identified)
        assert made.differences == []
        assert made.misses == []
    kinds = [entry.kind for entry in made.entries]
    return {kind: kinds.count(kind) for kind in kinds}


async def test_decisions_that_were_turned_away_are_turned_away_again() -> None:
    tapes, plan = await taped([
        {"at": "T+1m", "ack": "page_payments", "by": "raj", "joined": True},
        {"at": "T+2m", "turned_away": {"command": "vote", "claimed": "sam"}},
        {"at": "T+2m30s", "turned_away": {"command": "status", "claimed": "max"}},
        {"at": "T+3m", "turned_away": {"command": "vote", "claimed": "mallory"}},
        {"at": "T+4m", "turned_away": {"command": "absorbed", "claimed": "another incident"}},
        {"at": "T+5m", "vote": "emergency_change", "by": "sam", "choice": "reject", "reason": "no"},
        {"at": "T+6m", "expect": {"decided": "emergency_change", "outcome": "rejected"}},
    ])  # fmt: skip
    kinds = await made_again(tapes)
    assert kinds["refused"] == 4
    scenario = (await reproduced(tapes, "recorded", identified=True)).scenario
    assert [item["turned_away"]["claimed"] for item in scenario["timeline"] if "turned_away" in item] == [
        "sam", "max", "mallory", "another incident",
    ]  # fmt: skip
    pseudonyms = Pseudonyms(plan, people_of(scenario, plan))
    hidden = (await reproduced(tapes, "recorded")).scenario
    assert unnamed(hidden, pseudonyms) == []
    assert "mallory" not in str(hidden)


async def test_providers_that_were_away_are_away_again() -> None:
    tapes, _ = await taped(
        [
            {"at": "T+9m", "ack": "page_payments", "by": "lee", "joined": True},
            {
                "at": "T+10m",
                "complete": "ticket",
                "by": "ana",
                "result": {"number": "INC1", "url": "https://t.example/1"},
            },
            {"at": "T+20m", "complete": "open_bridge", "by": "ana", "result": {"url": "https://meet.example/1"}},
            {"at": "T+50m", "expect": {"never": {"finished": True}}},
        ],
        {
            "pager": {"fail": 3, "message": "502"},
            "bridge.open": {"fail": 3, "error": "unreachable"},
            "chat": [{"hang": True}, {"fail": 1, "error": "rate_limited"}, {"after": "40s"}],
            "itsm.open_major_incident": {"fail": 4, "error": "broken", "message": "500"},
        },
    )
    kinds = await made_again(tapes)
    assert (kinds["page_failed"], kinds["action_failed"]) == (3, 2)


async def test_the_system_that_was_away_is_away_again() -> None:
    tapes, _ = await taped([
        {"at": "T+1m", "ack": "page_payments", "by": "raj", "joined": True},
        {"at": "T+4m", "outage": "10m"},
        {"at": "T+6m", "vote": "emergency_change", "by": "sam", "choice": "approve", "reason": "go"},
        {"at": "T+7m", "turned_away": {"command": "vote", "claimed": "kim"}},
        {"at": "T+8m", "alert": {"title": "cards", "labels": {"service": "checkout"}}},
        {"at": "T+14m50s", "outage": "20s"},
        {"at": "T+40m", "expect": {"never": {"finished": True}}},
    ])  # fmt: skip
    kinds = await made_again(tapes)
    scenario = (await reproduced(tapes, "recorded", identified=True)).scenario
    outages = [item["outage"] for item in scenario["timeline"] if "outage" in item]
    assert len(outages) == 2, "one a gap, however much waited for its end"
    assert kinds["outage_ended"] == 1, "twenty seconds are no outage, and still make what was due late"


async def test_floods_of_alerts_and_what_a_merged_incident_brings_come_again() -> None:
    flood = [{"title": f"pod {number}", "dedupe_key": f"pod-{number}"} for number in range(45)]
    handover, forwarded = _from_a_duplicate()
    tapes, _ = await taped([
        {"at": "T+1m", "ack": "page_payments", "by": "raj", "joined": True},
        {"at": "T+3m", "alert": flood},
        {"at": "T+3m20s", "alert": [{**flood[0], "state": "resolved", "dedupe_key": "pod-0-over"}]},
        {"at": "T+5m", "absorbed": handover},
        {"at": "T+6m", "absorbed": handover},
        {"at": "T+8m", "absorbed": forwarded},
        {"at": "T+12m", "vote": "emergency_change", "by": "sam", "choice": "approve", "reason": "go"},
        {"at": "T+30m", "expect": {"never": {"finished": True}}},
    ])  # fmt: skip
    kinds = await made_again(tapes)
    assert kinds["alerts_summed"] >= 1
    assert kinds["alert_fired"] == 20
    assert kinds["merged_in"] == 1


async def test_an_incident_that_was_merged_away_forwards_its_alerts_again() -> None:
    tapes, _ = await taped([
        {"at": "T+1m", "ack": "page_payments", "by": "raj", "joined": True},
        {"at": "T+4m", "merge": "INC-SURVIVOR", "by": "ana", "reason": "same cause"},
        {"at": "T+7m", "alert": {"title": "cards", "dedupe_key": "cards"}},
        {"at": "T+9m", "alert": {"title": "cards", "dedupe_key": "cards"}},
        {"at": "T+40m", "absorbed": {"what": "ended", "from": "INC-SURVIVOR", "status": "resolved"}},
        {"at": "T+50m", "expect": {"finished": True}},
    ])  # fmt: skip
    kinds = await made_again(tapes)
    assert (kinds["merged_into"], kinds["finished"]) == (1, 1)


def _from_a_duplicate() -> tuple[dict[str, Any], dict[str, Any]]:
    """What another incident of the same cause hands over at its minute five, and the alert that it forwards later."""
    library = Library.load(RUNBOOKS)
    plan = library.plan("payments_sev1", service="checkout")
    scenario = Scenario.model_validate({
        "apiVersion": "runbook/v1", "kind": "Scenario", "metadata": {"name": "duplicate"}, "runbook": "payments_sev1",
        "given": {**GIVEN, "incident": {**GIVEN["incident"], "title": "Checkout down", "service": "checkout"}},
    })  # fmt: skip
    began = datetime.fromisoformat(START)
    assert scenario.given.incident is not None
    start = start_of("duplicate", scenario.given, scenario.given.incident, plan, library.catalog, began)
    desk = ScenarioDesk(library.catalog, plan.actions)
    duplicate = VirtualIncident(start, desk)
    duplicate.run_to(began + timedelta(minutes=4))
    merge = {
        "kind": "merge", "id": "m", "actor": "ana", "received_at": began + timedelta(minutes=4), "channel": "cli",
        "into": "INC-SURVIVOR", "into_workflow": "incident/survivor", "reason": "same cause",
    }  # fmt: skip
    assert duplicate.send(COMMAND.validate_python(merge)).refusal is None
    duplicate.run_to(began + timedelta(minutes=7))
    alert = {"title": "cards", "dedupe_key": "cards", "alert_key": "cards"}
    duplicate.alert([alert_of(alert, 1, began + timedelta(minutes=7))])
    duplicate.run_to(began + timedelta(minutes=8))
    handed = [call.payload["handover"] for call in desk.calls if call.kind == "incident.absorb"]
    assert [one["what"] for one in handed] == ["merge", "alerts"]
    return handed[0], handed[1]


async def test_a_phase_that_a_person_ended_is_ended_again() -> None:
    tapes, _ = await taped([
        {"at": "T+1m", "ack": "page_payments", "by": "raj", "joined": True},
        {"at": "T+2m", "override": "phase:restore", "action": "end_phase", "by": "ana", "reason": "it heals"},
        {"at": "T+3m", "override": "phase:resolve", "action": "end_phase", "by": "dee", "reason": "all are asleep"},
        {"at": "T+6m", "status": "cancelled", "by": "ana", "reason": "a false alarm"},
    ])  # fmt: skip
    assert (await made_again(tapes))["phase_left"] >= 3


def test_people_in_the_sentences_of_the_system_are_hidden_whatever_else_the_plan_says() -> None:
    plan = Library.load(RUNBOOKS).plan("payments_sev1", service="payments")
    plan.runbook.phases[0].doc = "what max and raj say"
    pseudonyms = Pseudonyms(plan)
    for said in ("phase x left: override by {}: enough", "completed by {}", "{} answered", "{} took over"):
        for person in ("max", "raj", "ana"):
            assert pseudonyms.text(said.format(person)) == said.format(pseudonyms.ids[person])
    assert pseudonyms.text("take the max of both") == "take the max of both"
