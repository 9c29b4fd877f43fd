"""What the incident hands to its review."""

from __future__ import annotations

from collections.abc import Callable

from mayday.walker.handing_over import review_input
from tests.walker.conftest import Night


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
