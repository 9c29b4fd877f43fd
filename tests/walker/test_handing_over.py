"""What the incident hands to its review."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mayday.language.runbook import FieldSpec, all_steps
from mayday.walker.handing_over import review_input
from mayday.walker.state import StepState
from tests.walker.conftest import START, Night


def test_the_review_is_told_who_may_only_look_and_who_administers(open_night: Callable[..., Night]) -> None:
    """By the plan's `access`: of somebody named at two levels the higher counts, as at the door."""
    night = open_night("payments_sev1", inputs={"region": "eu"})
    night.walker.plan.access.clear()
    night.walker.plan.access.update(
        viewer=["person.lee", "person.kim"], responder=["person.kim"], administrator=["person.ana"],
        owner=["group.executives"],
    )  # fmt: skip
    access = review_input(night.walker).access
    assert access is not None
    assert access.viewers == ["lee"]
    assert access.administrators == ["ana", *night.walker.plan.groups["executives"]]


@pytest.mark.parametrize(("visibility", "handed"), [("internal", "drain it"), ("restricted", None)])
def test_the_last_answer_to_a_field_of_that_name_is_handed_over(
    open_night: Callable[..., Night], visibility: str, handed: str | None
) -> None:
    tonight = open_night("timed_ask")
    phases = tonight.walker.plan.runbook.phases
    asked = next(step for phase in phases for step in all_steps(phase.steps) if step.ask)
    asked.ask.fields["workaround"] = FieldSpec.model_validate({"required": False, "visibility": visibility})
    state = StepState(path=asked.id, verb="ask", started_at=START, ended_at=START, result={"workaround": " drain it "})
    tonight.walker.state.steps[asked.id] = state
    assert review_input(tonight.walker).workaround == handed
