"""A night in virtual time, told in a few words: `night.at("9m").ack("page", "lee")`, `night.kinds("voted")`."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mayday.domain.commands import COMMAND, Answer
from mayday.domain.incident import AlertEvent, StartInput
from mayday.domain.timeline import Entry
from mayday.language.compile import compile_plan
from mayday.language.library import Library, load_runbook
from mayday.language.plan import Plan
from mayday.language.runbook import Runbook
from mayday.language.scenario import Mock
from mayday.simulator.desk import ScenarioDesk
from mayday.simulator.mocks import Mocks
from mayday.simulator.virtual import VirtualIncident

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = ROOT / "tests" / "rules" / "runbooks"
START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


class Night:
    """One incident in virtual time."""

    def __init__(self, start: StartInput, plan: Plan, library: Library, mocks: Mapping[str, Any]) -> None:
        given = {
            name: [Mock.model_validate(each) for each in mock] if isinstance(mock, list) else Mock.model_validate(mock)
            for name, mock in mocks.items()
        }
        self.desk = ScenarioDesk(library.catalog, plan.actions, Mocks(given))
        self.incident = VirtualIncident(start, self.desk)
        self._sent = 0

    @property
    def walker(self) -> Any:
        return self.incident.walker

    @property
    def entries(self) -> list[Entry]:
        return self.incident.entries

    def run(self, minutes: float) -> Night:
        self.incident.run_to(START + timedelta(minutes=minutes))
        return self

    def say(self, kind: str, by: str, *, command: str | None = None, **fields: Any) -> Answer:
        self._sent += 1
        body = {
            "kind": kind,
            "actor": by,
            "id": command or f"c{self._sent}",
            "received_at": self.incident.now,
            **fields,
        }
        return self.incident.send(COMMAND.validate_python(body))

    def alert(self, key: str, *, state: str = "firing", at: datetime | None = None, **labels: str) -> None:
        now = at or self.incident.now
        event = AlertEvent(
            source="alertmanager", dedupe_key=f"{key}/{state}/{now.isoformat()}", alert_key=key, state=state,
            title=f"{key} fires", labels=labels, received_at=now,
        )  # fmt: skip
        self.incident.alert([event])

    def look(self) -> Night:
        """Let everything follow from what was given to the walker directly."""
        self.incident.alert([])
        return self

    def absorb(self, handover: dict[str, Any]) -> Night:
        self.walker.absorbed(handover, self.incident.now)
        return self.look()

    def of(self, *kinds: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.kind in kinds]

    def refused(self, answer: Answer) -> str:
        assert answer.refusal is not None, answer
        return answer.refusal.code


def _read(file: pathlib.Path) -> Runbook:
    runbook = load_runbook(file).runbook
    assert runbook is not None, file
    return runbook


@pytest.fixture(scope="session")
def library() -> Library:
    return Library.load(ROOT / "runbooks")


@pytest.fixture
def open_night(library: Library) -> Callable[..., Night]:
    def opened(
        runbook: str,
        *,
        incident: str = "INC-01TEST000000000000000000AA",
        mocks: Mapping[str, Any] | None = None,
        **given: Any,
    ) -> Night:
        file = RULES / f"{runbook}.yaml"
        plan = (
            compile_plan(_read(file), library.catalog, library).plan
            if file.exists()
            else library.plan(runbook, service="payments")
        )
        body = {
            "id": incident,
            "workflow_id": f"incident/{incident[-8:].lower()}",
            "correlation_key": incident,
            "plan": plan.canonical(),
            "plan_digest": plan.digest,
            "title": "Payments down",
            "service": "payments",
            "severity": "SEV1",
            "roles": {"incident_commander": "ana", "deputy": "dee"},
            "opened_at": START,
            "declared_by": "ana",
            **given,
        }
        return Night(StartInput.model_validate(body), plan, library, mocks or {})

    return opened
