"""Every YAML file of the library and of the rules has the shape of its kind, and names what exists."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from mayday.language.runbook import Runbook, Step, all_steps
from mayday.language.scenario import Scenario

ROOT = Path(__file__).parents[2]
FILES = [*(ROOT / "runbooks").rglob("*.yaml"), *(ROOT / "tests" / "rules").rglob("*.yaml")]
RUNBOOKS = sorted(path for path in FILES if path.parent.name in ("library", "runbooks"))
SCENARIOS = sorted(path for path in FILES if path.parent.name in ("scenarios", "stories", "rules"))
LIBRARY = [path for path in RUNBOOKS if path.parent.name == "library"]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def load(path: Path) -> dict[str, Any]:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(data, dict)
    return data


def runbook(path: Path) -> Runbook:
    return Runbook.model_validate(load(path))


def steps_of(found: Runbook) -> list[Step]:
    lists = [phase.steps for phase in found.phases] + [handler.steps for handler in found.handlers] + [found.finally_]
    return [step for steps in lists for step in all_steps(steps)]


@pytest.mark.parametrize("path", RUNBOOKS, ids=name_of)
def test_a_runbook_has_the_shape_of_one(path: Path) -> None:
    found = runbook(path)
    assert found.metadata.name == path.stem
    ids = [step.id for step in steps_of(found)]
    assert sorted(set(ids)) == sorted(ids), "an id is used twice"


@pytest.mark.parametrize("path", SCENARIOS, ids=name_of)
def test_a_scenario_has_the_shape_of_one(path: Path) -> None:
    found = Scenario.model_validate(load(path))
    target = path.parent / found.runbook
    assert target.is_file(), f"{found.runbook} is not there"
    assert found.expect or found.timeline, "nothing is done, nothing expected"


@pytest.mark.parametrize("path", LIBRARY, ids=name_of)
def test_nothing_in_the_library_waits_for_ever(path: Path) -> None:
    found = runbook(path)
    for policy in found.escalations.values():
        assert policy.on_exhausted is not None
    for step in steps_of(found):
        if step.decide is not None:
            assert step.timeout, step.id
            assert {"approved", "rejected"} <= set(step.outcomes or {}) or step.options
        if (form := step.ask or step.task) is not None:
            assert form.due, step.id
            assert form.on_overdue, step.id
        if step.wait is not None and step.wait.for_ is None:
            assert step.timeout, step.id
        if step.repeat is not None:
            assert step.repeat.until, step.id
            assert step.repeat.max, step.id


@pytest.mark.parametrize("path", LIBRARY, ids=name_of)
def test_what_cannot_be_undone_stands_behind_a_gate_and_is_looked_at_afterwards(path: Path) -> None:
    found = runbook(path)
    gated: set[str] = set()
    for step in steps_of(found):
        branch = (step.outcomes or {}).get("approved", [])
        for number, inner in enumerate(branch):
            if inner.do in ("change.execute", "dr.invoke"):
                assert step.subject is not None, step.id
                assert step.subject.action == inner.do
                assert any(later.ask for later in branch[number + 1 :]), f"nobody verifies {inner.id}"
                gated.add(inner.id)
    irreversible = {step.id for step in steps_of(found) if step.do in ("change.execute", "dr.invoke")}
    assert irreversible == gated


@pytest.mark.parametrize("path", LIBRARY, ids=name_of)
def test_resolved_is_said_only_after_watching_and_after_somebody_could_say_no(path: Path) -> None:
    found = runbook(path)
    resolve = next(phase for phase in found.phases if phase.id == "resolve")
    steps = all_steps(resolve.steps)
    assert any(step.wait and step.wait.for_ for step in steps)
    assert any(step.ask and any(field.type == "boolean" for field in step.ask.fields.values()) for step in steps)
    says = [step.with_ or {} for step in steps if step.do == "incident.set_status"]
    assert {says_["status"] for says_ in says} == {"resolved", "investigating"}


@pytest.mark.parametrize("path", LIBRARY, ids=name_of)
def test_every_library_runbook_has_a_scenario(path: Path) -> None:
    assert any(re.search(rf"/{path.stem}\.yaml$", str(load(scenario).get("runbook"))) for scenario in SCENARIOS)
