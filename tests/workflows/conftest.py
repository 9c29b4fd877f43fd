"""What workflow tests share: the library, and small nights on the time-skipping server."""

from __future__ import annotations

import pathlib
import textwrap
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from mayday.domain.commands import COMMAND, Command
from mayday.domain.incident import StartInput
from mayday.language.library import Library
from mayday.simulator.desk import ScenarioDesk
from mayday.simulator.files import ScenarioFile
from mayday.simulator.mocks import Mocks
from mayday.simulator.on_temporal import Theatre, time_skipping
from mayday.simulator.opening import start_of

RUNBOOKS = pathlib.Path(__file__).parents[2] / "runbooks"
START = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)

RUNBOOK = """
    apiVersion: runbook/v1
    kind: Runbook
    metadata: { name: small, version: 1.0.0, owner: payments-platform }
    cadences:
      technical_update:
        every: 15m
        until: incident.status >= "resolved"
        send: { template: technical_update, to: audience.technical }
        # review
    phases:
      - id: act
        steps:
          - { id: wake, page: schedule.payments_primary, background: true, message: "join {{ bridge.url }}" }
          - id: change
            decide: "Change it?"
            subject: { action: change.execute, change: CHG-1, plan: route around, backout: route back }
            voters: { from: [group.emergency_cab], approvals: 1, veto: true }
            timeout: 2h
            on_timeout: { then: lapsed }
            outcomes:
              approved:
                - { id: execute, do: change.execute, with: { change: CHG-1 }, timeout: 10m }
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


@pytest.fixture(scope="session")
def library() -> Library:
    return Library.load(RUNBOOKS)


@pytest.fixture
async def theatre() -> AsyncIterator[Theatre]:
    async with time_skipping() as opened:
        yield opened


@pytest.fixture
def night(tmp_path: pathlib.Path, library: Library) -> Callable[[str], ScenarioFile]:
    """A scenario about the small runbook above: its mocks, timeline and expectations are given."""

    def write(rest: str = "", review: str = "") -> ScenarioFile:
        (tmp_path / "runbook.yaml").write_text(textwrap.dedent(RUNBOOK).replace("# review", review))
        (tmp_path / "scenario.yaml").write_text(textwrap.dedent(SCENARIO) + textwrap.dedent(rest))
        own = Library(library.catalog_files, list(library.files), {}, [])
        return ScenarioFile(tmp_path / "scenario.yaml", own)

    return write


@pytest.fixture
def opening(night: Callable[[str], ScenarioFile]) -> tuple[StartInput, ScenarioDesk]:
    """The start input of the small night, and a desk for it."""
    file = night("")
    assert file.scenario is not None
    assert file.plan is not None
    given = file.scenario.given
    assert given.incident is not None
    start = start_of("small night", given, given.incident, file.plan, file.catalog, START)
    return start, ScenarioDesk(file.catalog, file.plan.actions, Mocks({}))


def command(kind: str, actor: str, number: int = 1, **fields: Any) -> Command:
    return COMMAND.validate_python({"kind": kind, "id": f"c-{number}", "actor": actor, "received_at": START, **fields})
