"""Reminders go on also while there is nobody to remind: the walker asks to be woken for the next one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from tests.walker.conftest import START, Night


def test_a_candidate_whom_nobody_can_be_called_for_is_looked_at_again(open_night: Callable[..., Night]) -> None:
    night = open_night("gate", declare="propose", accept_within="10m", roles={})
    night.run(10.5)
    assert night.walker.next_wake == START + timedelta(minutes=20)
