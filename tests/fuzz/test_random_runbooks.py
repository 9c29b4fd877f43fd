"""Random valid runbooks with random people, alerts, outages and failing tools: the rules hold, and every night ends.

`make test` plays a few, `make soak` many, the same each time; `make hunt` plays others each time. What a failure prints
is the shrunken example; its rule then gets a scenario of its own in tests/rules.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz.play import compiled, play, play_again
from tests.fuzz.referee import broken_rules
from tests.fuzz.strategies import called_runbooks, nights, runbooks
from tests.fuzz.words import Body

STEADY = settings(derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
FRESH = settings(STEADY, derandomize=False, print_blob=True)


def sizes(few: int, many: int) -> Any:
    """So many examples in the tests, in the soak and, fresh ones, in the hunt."""
    long = pytest.mark.timeout(900)
    return pytest.mark.parametrize(
        "how_many",
        [
            pytest.param(settings(STEADY, max_examples=few), id="few"),
            pytest.param(settings(STEADY, max_examples=many), id="many", marks=[pytest.mark.soak, long]),
            pytest.param(settings(FRESH, max_examples=many), id="fresh", marks=[pytest.mark.hunt, long]),
        ],
    )


def for_random_nights(how_many: settings, check: Callable[[Body, Body, Body], None]) -> None:
    """Run `check` with that many runbooks, runbooks for them to call, and nights."""

    def one(runbook: Body, called: Body, night: Body) -> None:
        check(runbook, called, night)

    how_many(given(runbook=runbooks(), called=called_runbooks(), night=nights())(one))()


@sizes(50, 1000)
def test_a_random_night_ends_and_keeps_the_rules(how_many: settings) -> None:
    def check(runbook: Body, called: Body, night: Body) -> None:
        plan, library = compiled(runbook, called)
        assert broken_rules(play(plan, library, night).record) == []

    for_random_nights(how_many, check)


@sizes(10, 150)
def test_a_walker_rebuilt_from_its_stored_state_after_every_input_goes_the_same_way(how_many: settings) -> None:
    def check(runbook: Body, called: Body, night: Body) -> None:
        plan, library = compiled(runbook, called)
        whole = play(plan, library, night)
        rebuilt = play_again(whole, library, night, rebuild=True)
        assert [entry.hash for entry in rebuilt.entries] == [entry.hash for entry in whole.entries]

    for_random_nights(how_many, check)
