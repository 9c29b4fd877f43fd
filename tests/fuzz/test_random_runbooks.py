"""Random valid runbooks with random people, alerts, outages and failing tools: the rules hold, and every night ends.

`make test` plays fifty, the same each time; `make soak` a thousand; `make hunt` others each time. What a failure prints
is the shrunken example; its rule then gets a scenario of its own in tests/rules.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings

from mayday.simulator.comparison import roots_of, same_timeline
from tests.fuzz.play import compiled, play, play_again
from tests.fuzz.referee import broken_rules
from tests.fuzz.steps import Body
from tests.fuzz.strategies import called_runbooks, nights, runbooks

FEW = settings(
    max_examples=50, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
MANY = settings(parent=FEW, max_examples=1000)
FRESH = settings(parent=MANY, derandomize=False, print_blob=True)
SIZES = pytest.mark.parametrize(
    "how_many",
    [
        FEW,
        pytest.param(MANY, marks=[pytest.mark.soak, pytest.mark.timeout(900)]),
        pytest.param(FRESH, marks=[pytest.mark.hunt, pytest.mark.timeout(900)]),
    ],
    ids=["few", "many", "fresh"],
)


def drawn(how_many: settings, check: Callable[[Body, Body, Body], None]) -> None:
    """Run `check` with as many random runbooks, runbooks that they call, and nights."""
    how_many(given(runbook=runbooks(), called=called_runbooks(), night=nights())(check))()


@SIZES
def test_a_random_night_ends_and_keeps_the_rules(how_many: settings) -> None:
    def check(runbook: Body, called: Body, night: Body) -> None:
        plan, library = compiled(runbook, called)
        assert broken_rules(play(plan, library, night).record) == []

    drawn(how_many, check)
