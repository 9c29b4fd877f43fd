"""Deadlines of people move by the time in which the system was away, and never forward."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from mayday.walker.outages import AT_LEAST, shifted
from mayday.walker.state import Outage
from tests.walker.conftest import START

minutes = st.integers(0, 600)


@given(due=minutes, begin=minutes, length=st.integers(1, 300))
def test_a_deadline_inside_an_outage_gets_the_rest_of_its_time(due: int, begin: int, length: int) -> None:
    at, away = START + timedelta(minutes=due), START + timedelta(minutes=begin)
    outage = Outage(from_at=away, to_at=away + timedelta(minutes=length))
    moved = shifted(at, [outage])
    if outage.from_at <= at <= outage.to_at:
        assert moved == outage.to_at + max(AT_LEAST, at - outage.from_at)
    else:
        assert moved == at


@given(due=minutes, starts=st.lists(minutes, max_size=5))
def test_no_deadline_moves_forward(due: int, starts: list[int]) -> None:
    outages = [
        Outage(from_at=START + timedelta(minutes=s), to_at=START + timedelta(minutes=s + 7)) for s in sorted(starts)
    ]
    assert shifted(START + timedelta(minutes=due), outages) >= START + timedelta(minutes=due)
