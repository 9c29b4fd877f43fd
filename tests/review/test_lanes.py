"""The lanes of a night: where they end, what their bars say, and what stands above their lines."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from mayday.domain.report.lanes import lanes_of, night_of
from mayday.domain.report.lanes_svg import drawn
from tests.review.chains import Chain
from tests.review.one_night import START, night


def ticks(length: timedelta) -> list[str]:
    picture = drawn(lanes_of(night().entries), START, START + length, "Payments down")
    return re.findall(r'text-anchor="middle" data-moment="[^"]*"[^>]*>([^<]*)<', picture)


def labels(chain: Chain, group: str) -> list[str]:
    return [bar.label for lane in lanes_of(chain.entries) if lane.group == group for bar in lane.bars]


def test_a_bar_says_how_it_ended() -> None:
    assert labels(night(), "gates") == ["approved", "lapsed"]
    assert labels(night(), "pages") == ["answered"]


def test_what_still_waits_says_so() -> None:
    chain = Chain(START)
    chain.add(0, "paged", "system", "call", page="call", purpose="page", people=["raj"])
    chain.add(1, "gate_opened", "system", "ask", decision="ask", voters=["sam"])
    assert labels(chain, "pages") == ["rings"]
    assert labels(chain, "gates") == ["waits"]


def test_a_merge_stands_on_the_lane_of_the_status() -> None:
    chain = night()
    chain.add(20, "merged_in", "dee", None, incident="INC-2", reason="the same gateway")
    status = next(lane for lane in lanes_of(chain.entries) if lane.name == "status")
    assert [mark.title for mark in status.marks] == [chain.entries[-1].text]


def test_lanes_leave_the_weeks_of_the_review_out_but_not_what_came_after_a_reopening() -> None:
    chain = night()
    chain.add(9000, "review_state", "ana", None, state="reviewed", before="draft")
    assert night_of(chain.entries) == (START, a_second_after(101))
    chain.add(9100, "reopened", "dee", None, reason="relapse", before="resolved", times=1, status="investigating")
    chain.add(9130, "noted", "lee", None, words="again")
    assert night_of(chain.entries)[1] == a_second_after(9130), "it is open again: it goes to its last entry"
    chain.add(9200, "finished", "system", None, status="resolved")
    chain.add(9900, "review_state", "ana", None, state="reviewed", before="draft")
    assert night_of(chain.entries)[1] == a_second_after(9200)


def a_second_after(minute: float) -> datetime:
    return START + timedelta(minutes=minute, seconds=1)


@pytest.mark.parametrize(
    ("length", "first", "last"),
    [
        (timedelta(seconds=40), "02:10:00", "02:10:40"),
        (timedelta(minutes=10), "02:10", "02:20"),
        (timedelta(hours=30), "04:00", "08:00"),
        (timedelta(days=10), "03 Mar", "12 Mar"),
        (timedelta(days=300), "12 Mar 2026", "17 Dec 2026"),
    ],
)
def test_lines_stand_at_times_that_people_say(length: timedelta, first: str, last: str) -> None:
    shown = ticks(length)
    assert (shown[0], shown[-1]) == (first, last)
    assert 2 <= len(shown) <= 17


def test_a_new_day_is_named_where_it_begins() -> None:
    assert "03 Mar 00:00" in ticks(timedelta(hours=30))
