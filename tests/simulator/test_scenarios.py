"""Scenario files: what passes, what fails and how it says so; outages; state that is rebuilt after every input."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from mayday.domain.incident import StartInput
from mayday.language.library import Library
from mayday.simulator.comparison import same_timeline
from mayday.simulator.desk import ScenarioDesk
from mayday.simulator.files import Failure, ScenarioFile, ScenarioReport, find_scenarios
from mayday.simulator.stage import Stage, VirtualStage
from mayday.simulator.virtual import VirtualIncident
from mayday.walker.walker import Walker
from tests.simulator.library_scenarios import every_scenario

RUNBOOK = """
    apiVersion: runbook/v1
    kind: Runbook
    metadata: { name: small, version: 1.0.0, owner: payments-platform }
    escalations:
      oncall:
        levels:
          - { notify: schedule.payments_primary, ack_within: 5m }
          - { notify: schedule.payments_secondary, ack_within: 5m }
        on_exhausted: { notify: role.incident_commander }
    phases:
      - id: act
        steps:
          - { id: wake, page: oncall, background: true, message: "join {{ bridge.url }}" }
          - { id: room, do: bridge.open, with: { name: war room } }
          - id: change
            decide: "Change it?"
            subject: { action: change.execute, change: CHG-1, plan: route around, backout: route back }
            voters: { from: [group.emergency_cab], approvals: 1, veto: true }
            timeout: 15m
            on_timeout: { then: lapsed }
            outcomes:
              approved:
                - { id: execute, do: change.execute, with: { change: CHG-1 } }
                - id: verify
                  ask:
                    to: role.incident_commander
                    question: "Better?"
                    fields: { ok: { type: boolean } }
                    due: 10m
                    on_overdue: { notify: role.deputy }
              rejected: []
"""
SCENARIO = """
    apiVersion: runbook/v1
    kind: Scenario
    metadata: { name: small night }
    runbook: runbook.yaml
    given:
      start: "2026-03-02T02:10:00Z"
      incident: { title: Payments down, service: payments, severity: SEV1 }
      roles: { incident_commander: ana, deputy: dee }
"""

Written = Callable[[str, str], ScenarioFile]


async def report_of(written: Written, scenario: str, runbook: str = RUNBOOK) -> ScenarioReport:
    report, _ = await written(runbook, SCENARIO + scenario).play()
    return report


def line_of(failure: Failure) -> str:
    return pathlib.Path(failure.file).read_text().splitlines()[failure.line - 1]


async def test_a_night_that_goes_as_expected_passes(written: Written) -> None:
    report = await report_of(
        written,
        """
    timeline:
      - { at: T+1s, expect: { paged: schedule.payments_primary } }
      - { at: T+4m, expect: { never: { paged: schedule.payments_secondary } } }
      - { at: T+5m, expect: { paged: person.lee } }
      - { at: T+6m, ack: wake, by: lee }
      - { at: T+7m, vote: change, by: sam, choice: approve, reason: tested }
      - { at: T+7m, expect: { decided: change, outcome: approved } }
      - { at: T+7m, expect: { action: change.execute, with: { change: CHG-1 } } }
      - { at: T+9m, complete: verify, by: ana, result: { ok: true } }
      - { at: T+10m, status: resolved, by: ana, reason: cards go through }
    expect:
      - { finished: T+15m }
      - { paged: schedule.payments_secondary, count: 1 }
    """,
    )
    assert report.failures == []
    assert report.simulated_seconds == 901


async def test_a_failed_expectation_names_its_line_and_shows_what_happened(written: Written) -> None:
    report = await report_of(
        written,
        """
    timeline:
      - { at: T+1m, ack: wake, by: raj }
      - { at: T+6m, expect: { paged: schedule.payments_secondary } }
    """,
    )
    [failure] = report.failures
    assert "payments_secondary" in line_of(failure)
    assert "schedule.payments_secondary was not paged" in failure.message
    assert "acknowledged wake" in failure.message


async def test_a_refused_action_fails_the_scenario_unless_it_is_meant(written: Written) -> None:
    report = await report_of(
        written,
        """
    timeline:
      - { at: T+1m, vote: change, by: raj, choice: approve, reason: "me too" }
      - { at: T+2m, vote: change, by: raj, choice: approve, refused: not_a_voter }
      - { at: T+3m, vote: change, by: raj, choice: approve, refused: closed }
      - { at: T+4m, vote: change, by: sam, choice: approve, reason: "yes", refused: not_a_voter }
      - { at: T+5m, ack: wake, by: nobody_we_know, refused: not_yours }
    """,
    )
    first, third, fourth, fifth = [failure.message for failure in report.failures]
    assert "was refused: not_a_voter" in first
    assert "was refused as not_a_voter, not closed" in third
    assert "was not refused" in fourth
    assert "no person `nobody_we_know`" in fifth


async def test_an_answer_at_the_very_moment_of_the_deadline_counts(written: Written) -> None:
    report = await report_of(
        written,
        """
    timeline:
      - { at: T+5m, ack: wake, by: raj }
      - { at: T+15m, vote: change, by: sam, choice: reject, reason: too late at night }
    expect:
      - { never: { paged: schedule.payments_secondary } }
      - { decided: change, outcome: rejected }
    """,
    )
    assert report.failures == []


async def test_mocks_delay_fail_and_hang(written: Written) -> None:
    slow = await report_of(
        written,
        """
    mocks: { bridge.open: { after: 90s, return: { url: "https://meet.example/9" } } }
    timeline:
      - { at: T+1m, expect: { never: { undecided: change } } }
      - { at: T+2m, expect: { undecided: change } }
    """,
    )
    assert slow.failures == []
    silent = await report_of(
        written,
        """
    mocks: { bridge.open: { hang: true }, change.exceute: { fail: 1 } }
    timeline:
      - { at: T+3m, expect: { never: { task: room } } }
      - { at: T+5m, expect: { task: room } }
    """,
    )
    [misspelt] = silent.failures
    assert "nothing called change.exceute" in misspelt.message


async def test_a_dead_pager_shows_as_the_next_level(written: Written) -> None:
    report = await report_of(
        written,
        """
    mocks: { pager: { fail: 1 } }
    timeline:
      - { at: T+1m, expect: { paged: schedule.payments_secondary } }
    expect:
      - { never: { paged: schedule.payments_primary } }
    """,
    )
    assert report.failures == []


async def test_an_outage_does_not_count_against_people(written: Written) -> None:
    """Nobody could vote while the engine was away: the gate gets the rest of its time, five minutes at least."""
    report = await report_of(
        written,
        """
    timeline:
      - { at: T+1m, ack: wake, by: raj }
      - { at: T+5m, outage: 20m }
      - { at: T+26m, expect: { undecided: change } }
      - { at: T+27m, vote: change, by: sam, choice: reject, reason: "no" }
      - { at: T+27m, expect: { decided: change, outcome: rejected } }
    """,
    )
    assert report.failures == []


async def test_what_arrives_during_an_outage_is_judged_by_when_it_was_sent(written: Written) -> None:
    report = await report_of(
        written,
        """
    timeline:
      - { at: T+4m, outage: 10m }
      - { at: T+4m30s, ack: wake, by: raj }
      - { at: T+6m, vote: change, by: sam, choice: reject, reason: sent while you were away }
      - { at: T+14m, expect: { decided: change, outcome: rejected } }
    expect:
      - { never: { paged: schedule.payments_secondary } }
    """,
    )
    assert report.failures == []


async def test_an_alert_opens_the_incident_along_its_route(written: Written) -> None:
    scenario = """
    apiVersion: runbook/v1
    kind: Scenario
    metadata: { name: by alert }
    runbook: runbook.yaml
    given: { start: "2026-03-02T02:10:00Z", roles: { incident_commander: ana } }
    timeline:
      - { at: T+1m, alert: { title: Payments fail, labels: { service: payments, severity: critical } } }
      - { at: T+1m, expect: { paged: schedule.payments_primary } }
      - { at: T+2m, alert: { title: Payments fail more, labels: { service: payments, severity: critical } } }
    """
    report, rehearsal = await written(RUNBOOK, scenario).play()
    assert report.failures == []
    assert rehearsal is not None
    assert sum(entry.kind == "alert_fired" for entry in rehearsal.timeline) == 2


async def test_a_scenario_that_cannot_be_read_says_where(written: Written) -> None:
    report = await report_of(written, "\n    timeline:\n      - { at: T+1m, ack: wake, by: raj, chocie: approve }\n")
    assert not report.passed
    assert all(failure.line > 1 for failure in report.failures)


def test_scenarios_are_found_in_folders_and_nothing_else(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.yaml").write_text("kind: Scenario\n")
    (tmp_path / "b.yaml").write_text("kind: Runbook\n")
    assert [path.name for path in find_scenarios([tmp_path])] == ["a.yaml"]
    with pytest.raises(FileNotFoundError):
        find_scenarios([tmp_path / "none"])


# rebuilt from its state ---------------------------------------------------------------------------------------


async def rebuilding(start: StartInput, desk: ScenarioDesk) -> Stage:
    """The virtual clock, but after every input the walker is serialised and another one goes on from the text."""

    def rebuilt(walker: Walker, now: datetime) -> Walker:
        state: dict[str, Any] = json.loads(json.dumps(walker.dump()))
        return Walker.begin(start.model_copy(update={"state": state, "events": []}), now)

    return VirtualStage(VirtualIncident(start, desk, after_each=rebuilt))


@pytest.mark.parametrize("path", every_scenario(timedelta(hours=6)))
async def test_a_walker_rebuilt_after_every_input_walks_the_same_way(path: pathlib.Path, library: Library) -> None:
    _, whole = await ScenarioFile(path, library).play()
    _, rebuilt = await ScenarioFile(path, library).play(rebuilding)
    assert whole is not None
    assert rebuilt is not None
    assert [entry.hash for entry in rebuilt.timeline] == [entry.hash for entry in whole.timeline]
    assert same_timeline(whole.timeline, rebuilt.timeline) == []


async def test_the_status_that_an_incident_opens_with_can_be_expected(written: Written) -> None:
    report = await report_of(
        written,
        """
    timeline:
      - { at: T+1s, expect: { status: investigating } }
      - { at: T+2s, expect: { status: candidate } }
    """,
    )
    [failure] = report.failures
    assert "the status is investigating, it was not candidate" in failure.message


async def test_a_runbook_that_is_no_yaml_fails_and_says_where(written: Written) -> None:
    report = await report_of(written, "    timeline: []", runbook="phases: [{ id: one, until: vars.left[0] }\n")
    (failure,) = report.failures
    assert "Y100" in failure.message
    assert "runbook.yaml:" in failure.message
    assert line_of(failure).startswith("runbook:")
