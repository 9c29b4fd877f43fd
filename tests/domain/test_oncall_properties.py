"""Any roster over the weeks in which clocks change: time is partitioned, and every question gets the same answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from mayday.domain.oncall import LocalSchedule, gaps, next_handoff, on_call, shifts
from tests.domain.rotations import custom, daily, schedule, weekly

PEOPLE = ["ana", "raj", "lee", "dee"]
ZONES = ["Europe/London", "Europe/Madrid", "America/New_York", "Australia/Lord_Howe"]
clock = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
weekday = st.sampled_from(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"])
people = st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=4)
hours = st.tuples(clock, clock).filter(lambda pair: pair[0] != pair[1]).map("-".join)
active = st.fixed_dictionaries({}, optional={"hours": hours, "days": st.builds("{}-{}".format, weekday, weekday)})
DST_DAYS = ["2026-03-08", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25"]
near = st.builds(
    lambda day, quarters: datetime.fromisoformat(day) + timedelta(minutes=15 * quarters),
    st.sampled_from(DST_DAYS),
    st.integers(-72 * 4, 72 * 4),
)
start = st.none() | near.map(lambda wall: wall.isoformat(timespec="minutes"))
layer = st.one_of(
    st.builds(lambda p, h, a, s: daily(*p, at=h, active=a, start=s), people, clock, active, start),
    st.builds(
        lambda p, d, h, a, s: weekly(*p, at=f"{d} {h}", active=a, start=s), people, weekday, clock, active, start
    ),
    st.builds(
        lambda p, n, a, s: custom(*p, every=f"{n}m", active=a, start=s), people, st.integers(60, 4000), active, start
    ),
)

override = st.builds(
    lambda wall, length, person: {
        "from": wall.isoformat(timespec="minutes"),
        "to": (wall + timedelta(minutes=length)).isoformat(timespec="minutes"),
        "person": person,
    },
    near,
    st.integers(1, 6000),
    st.sampled_from(PEOPLE),
)
rosters = st.builds(
    lambda tz, layers, overrides: schedule(tz, layers, overrides=overrides),
    st.sampled_from(ZONES),
    st.lists(layer, min_size=1, max_size=3),
    st.lists(override, max_size=3),
)
instants = near.map(lambda wall: wall.replace(tzinfo=UTC))
week = timedelta(days=7)


@settings(max_examples=60, deadline=None)
@given(rosters, instants)
def test_shifts_and_gaps_partition_the_time(roster: LocalSchedule, at: datetime) -> None:
    spans = sorted(
        [(shift.starts_at, shift.ends_at) for shift in shifts(roster, at, at + week)]
        + [(gap.starts_at, gap.ends_at) for gap in gaps(roster, at, at + week)]
    )
    assert spans[0][0] == at
    assert spans[-1][1] == at + week
    assert all(begin < end for begin, end in spans)
    assert all(one[1] == two[0] for one, two in pairwise(spans))


@settings(max_examples=60, deadline=None)
@given(rosters, instants, st.lists(st.integers(0, 7 * 1440 - 1), min_size=1, max_size=12))
def test_who_is_on_call_is_whose_shift_it_is(roster: LocalSchedule, at: datetime, minutes: list[int]) -> None:
    planned = shifts(roster, at, at + week)
    for minute in minutes:
        moment = at + timedelta(minutes=minute)
        now = on_call(roster, moment)
        shift = next((shift for shift in planned if shift.starts_at <= moment < shift.ends_at), None)
        assert now.person == (shift.person if shift else None)
        if shift:
            assert (now.source, now.layer) == (shift.source, shift.layer)
            assert shift.ends_at == at + week or now.until == shift.ends_at


@settings(max_examples=40, deadline=None)
@given(rosters, instants)
def test_the_next_handoff_is_a_change_and_none_is_before_it(roster: LocalSchedule, at: datetime) -> None:
    following = next_handoff(roster, at)
    if following and following.at <= at + week:
        assert following.outgoing == on_call(roster, at).person != following.incoming
        assert on_call(roster, following.at).person == following.incoming
        assert on_call(roster, following.at - timedelta(microseconds=1)).person == following.outgoing


@settings(max_examples=40, deadline=None)
@given(rosters, override, instants)
def test_one_more_override_changes_nothing_outside_itself(
    roster: LocalSchedule, more: dict[str, str], at: datetime
) -> None:
    wider = LocalSchedule.model_validate(
        {
            **roster.model_dump(by_alias=True),
            "overrides": [*(each.model_dump(by_alias=True) for each in roster.overrides), more],
        }
    )
    before, after = shifts(roster, at, at + week), shifts(wider, at, at + week)
    for moment in (at + timedelta(minutes=minute) for minute in range(0, 7 * 1440, 97)):
        one = next((shift for shift in before if shift.starts_at <= moment < shift.ends_at), None)
        two = next((shift for shift in after if shift.starts_at <= moment < shift.ends_at), None)
        if not two or two.source == "layer":
            assert (two and two.person) == (one and one.person)
        elif not one or one.person != two.person:
            assert two.person == more["person"]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(ZONES), st.permutations(PEOPLE), clock, instants)
def test_everybody_takes_a_turn_before_anybody_takes_two(tz: str, names: list[str], at: str, moment: datetime) -> None:
    roster = schedule(tz, [daily(*names, at=at)])
    seen = []
    for _ in names:
        following = next_handoff(roster, moment)
        assert following
        seen.append(following.incoming)
        moment = following.at
    turn = names.index(str(seen[0]))
    assert seen == names[turn:] + names[:turn]
