"""Incidents of one plan share it in memory: so nobody may change it, and other plans must not be taken for it."""

from __future__ import annotations

import json
from typing import Any

from mayday.language.library import Library
from mayday.settings import packaged_runbooks
from mayday.simulator.files import ScenarioFile, find_scenarios
from mayday.simulator.opening import pinned as data_of
from mayday.walker.plans import pinned


def plan_data() -> dict[str, Any]:
    return data_of(Library.load(packaged_runbooks()).plan("payments_sev1"))


def test_incidents_of_one_plan_share_it() -> None:
    one, other = pinned(plan_data()), pinned(plan_data())
    assert one.plan is other.plan
    assert one.data is other.data
    assert one.data == plan_data()


def test_a_plan_walked_in_another_order_is_another_plan() -> None:
    """Cadences and branches are taken in the order in which the author wrote them."""
    data = plan_data()
    turned = {**data, "runbook": {**data["runbook"], "cadences": dict(reversed(data["runbook"]["cadences"].items()))}}
    assert turned == data
    assert list(pinned(turned).plan.runbook.cadences) == list(reversed(pinned(data).plan.runbook.cadences))


async def test_no_incident_changes_its_plan() -> None:
    """Every scenario of the library: afterwards its plan reads as before, to the letter."""
    library = Library.load(packaged_runbooks())
    for path in find_scenarios([packaged_runbooks() / "scenarios"]):
        file = ScenarioFile(path, library)
        assert file.plan is not None
        data = data_of(file.plan)
        before = json.dumps(data)
        shared = pinned(data)
        as_read = shared.plan.model_dump_json()
        await file.play()
        assert pinned(json.loads(before)) is shared, "the scenario walked another plan than this one"
        assert shared.plan.model_dump_json() == as_read, path.name
        assert json.dumps(shared.data) == before, path.name
