"""The library's scenarios as test parameters; those that go on for many hours are left to the soak."""

from __future__ import annotations

import pathlib
import re
from datetime import timedelta
from typing import Any

import pytest

from mayday.domain.durations import DurationError, parse_offset
from mayday.simulator.files import find_scenarios

SCENARIOS = pathlib.Path(__file__).parents[2] / "runbooks" / "scenarios"


def length_of(path: pathlib.Path) -> timedelta:
    """The latest moment that a scenario names."""
    latest = timedelta()
    for text in re.findall(r"T\+[0-9a-z]+", path.read_text()):
        try:
            latest = max(latest, parse_offset(text))
        except DurationError:
            continue  # part of a text
    return latest


#: the example of the language reference is played whatever its length
EXAMPLE = "payments_sev1"


def every_scenario(longest: timedelta) -> list[Any]:
    """All of them, longer ones marked for the soak."""
    return [pytest.param(path, id=path.stem, marks=_marks(path, longest)) for path in find_scenarios([SCENARIOS])]


def _marks(path: pathlib.Path, longest: timedelta) -> list[pytest.MarkDecorator]:
    return [pytest.mark.soak] if length_of(path) > longest and path.stem != EXAMPLE else []
