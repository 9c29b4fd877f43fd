"""Nobody ever has less time to answer than was promised, and nothing is moved otherwise."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mayday.domain.outage import OutageNotice
from mayday.domain.timeline import parse_timestamp
from mayday.walker.deadlines import spans, stretched
from mayday.walker.state import Outage
from mayday.walker.walker import Walker
from tests.walker.conftest import START, Night

minutes = st.integers(0, 240)
lost = st.lists(st.tuples(minutes, st.integers(2, 60)), max_size=6)
MINUTE = timedelta(minutes=1)


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def minute_by_minute(since: int, promised: int, away: set[int]) -> int:
    """The rule told otherwise: whoever was promised minutes uses one up in each in which an answer could be taken."""
    left, minute = promised, since
    while True:
        if minute in away:
            length = next(n for n in range(1, 10_000) if minute + n not in away)
            left = max(left, 5) if left <= length else left
            minute += length
        elif left == 0:
            return minute
        else:
            left, minute = left - 1, minute + 1


def minutes_of(outages: list[tuple[int, int]]) -> set[int]:
    return {minute for begin, length in outages for minute in range(begin, begin + length)}


@given(since=minutes, promised=st.integers(1, 120), outages=lost)
def test_a_deadline_ends_when_its_minutes_are_used_up(
    since: int, promised: int, outages: list[tuple[int, int]]
) -> None:
    told = [Outage(from_at=at(begin), to_at=at(begin + length)) for begin, length in outages]
    ends = stretched(at(since + promised), at(since), spans(told))
    assert ends == at(minute_by_minute(since, promised, minutes_of(outages)))


@given(since=minutes, promised=st.integers(1, 120), outages=lost, again=st.randoms())
def test_in_whatever_order_and_however_often_it_is_told(
    since: int, promised: int, outages: list[tuple[int, int]], again: st.DrawFn
) -> None:
    told = [Outage(from_at=at(begin), to_at=at(begin + length)) for begin, length in outages]
    more = told * 2
    again.shuffle(more)  # type: ignore[attr-defined]
    ends = [stretched(at(since + promised), at(since), spans(each)) for each in (told, more)]
    assert ends[0] == ends[1]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    asked=st.integers(1, 30),
    promised=st.integers(1, 45),
    outages=st.lists(st.tuples(st.integers(1, 20), st.integers(2, 40)), min_size=1, max_size=3),
    told=st.lists(st.booleans(), min_size=3, max_size=3),
    rebuilt=st.booleans(),
)
def test_a_gate_of_a_random_night_lapses_when_its_minutes_are_used_up(
    night_of: Callable[..., Night],
    asked: int,
    promised: int,
    outages: list[tuple[int, int]],
    told: list[bool],
    rebuilt: bool,
) -> None:
    """A question that a person asks; outages come after one another, and some are told by two workers."""
    night = night_of("gate", gives_time_back=True)
    if rebuilt:  # as continue-as-new does it, after each step
        night.incident._after_each = lambda w, now: Walker.begin(w.start.model_copy(update={"state": w.dump()}), now)
    away: set[int] = set()
    cues = [(asked, None)]
    minute = 0
    for number, (gap, length) in enumerate(outages):
        minute += gap
        cues.append((minute, (length, told[number])))
        away |= set(range(minute, minute + length))
        minute += length
    waits = asked in away and asked - 1 in away  # sent while the engine was away; of one moment the person is first
    begun = next(m for m in range(asked, 10_000) if m not in away) if waits else asked
    for moment, outage in sorted(cues, key=lambda cue: cue[0]):
        night.incident.run_to(at(moment), inclusive=False)
        if outage is None:
            step = {"id": "extra", "decide": "Now?", "voters": {"from": ["person.sam"], "approvals": 1},
                    "timeout": f"{promised}m", "on_timeout": {"then": "lapsed"},
                    "outcomes": {"approved": [], "rejected": []}}  # fmt: skip
            assert night.say("add_step", "ana", step=step).refusal is None
            continue
        length, twice = outage
        night.desk.went_away(at(moment))
        night.incident.go_away(timedelta(minutes=length), told=True)
        if twice:
            night.incident.run_to(at(moment + length))
            night.incident.outage_told(OutageNotice(from_at=at(moment), to_at=at(moment + length)))
    night.run(600)
    (lapsed,) = [entry for entry in night.of("gate_decided") if entry.step == "extra"]
    assert parse_timestamp(lapsed.at) == at(minute_by_minute(begun, promised, away))


def test_all_that_people_were_given_until_moves_and_nothing_else(open_night: Callable[..., Night]) -> None:
    night = open_night("payments_sev1", inputs={"region": "eu"}, gives_time_back=True).run(1)
    state = night.walker.state
    before = {path: ladder.due_at for path, ladder in state.ladders.items()}
    clocks = {name: clock.due_at for name, clock in state.clocks.items()}
    cadences = {name: cadence.due_at for name, cadence in state.cadences.items()}
    night.incident.outage_told(OutageNotice(from_at=at(0.5), to_at=at(0.9)))
    assert {path: ladder.due_at - before[path] for path, ladder in state.ladders.items()} == {
        path: timedelta(minutes=0.5) for path in before
    }, "told within the minute: it is over for this incident now"
    assert {name: clock.due_at for name, clock in state.clocks.items()} == clocks
    assert {name: cadence.due_at for name, cadence in state.cadences.items()} == cadences


def test_the_timeline_says_which_deadlines_moved(open_night: Callable[..., Night]) -> None:
    night = open_night("gate", gives_time_back=True).run(5)
    night.incident.go_away(timedelta(minutes=5))
    night.run(11)
    (ended,) = night.of("outage_ended")
    assert ended.data["seconds"] == 300
    assert ended.data["moved"] == [
        {"kind": "decision", "of": "gate", "before": "2026-03-02T02:15:00.000Z", "due_at": "2026-03-02T02:20:00.000Z"}
    ]


def test_an_incident_that_began_after_the_outage_hears_nothing_of_it(open_night: Callable[..., Night]) -> None:
    """Its first task was never walked: nobody was promised anything yet."""
    night = open_night("gate", gives_time_back=True)
    night.incident.outage_told(OutageNotice(from_at=at(-30), to_at=at(0)))
    night.run(14.9)
    assert not night.of("outage_ended")
    assert night.walker.state.gates["gate"].due_at == at(15)


def test_a_clock_that_is_ahead_gives_no_time_that_has_not_passed(open_night: Callable[..., Night]) -> None:
    night = open_night("gate", gives_time_back=True).run(5)
    night.incident.outage_told(OutageNotice(from_at=at(4), to_at=at(65)))
    assert night.walker.state.gates["gate"].due_at == at(16)
    night.incident.outage_told(OutageNotice(from_at=at(30), to_at=at(90)))
    assert night.walker.state.gates["gate"].due_at == at(16)


def test_of_two_workers_that_come_back_together_the_second_adds_nothing(open_night: Callable[..., Night]) -> None:
    night = open_night("gate", gives_time_back=True).run(5)
    night.incident.go_away(timedelta(minutes=5))
    night.run(10.2)
    night.incident.outage_told(OutageNotice(from_at=at(5), to_at=at(10.1)))
    assert len(night.of("outage_ended")) == 1
    assert night.walker.state.gates["gate"].due_at == at(20)


def test_an_outage_right_after_an_outage_is_another(open_night: Callable[..., Night]) -> None:
    """A house may call seconds an outage; the one worker that came back died before it was through."""
    night = open_night("gate", gives_time_back=True).run(5)
    night.incident.go_away(timedelta(seconds=20), told=True)
    night.run(5.4)
    night.incident.go_away(timedelta(seconds=30), told=False)
    night.run(6)
    night.incident.outage_told(OutageNotice(from_at=at(5.33), to_at=at(5.9)))
    assert len(night.of("outage_ended")) == 2
    assert night.walker.state.gates["gate"].due_at > at(15.8)


def test_a_late_wake_and_a_notice_are_one_outage(open_night: Callable[..., Night]) -> None:
    """People sent something meanwhile: it is handled before the notice, and wakes the walker late."""
    night = open_night("gate", gives_time_back=True).run(3)
    night.desk.went_away(at(3))
    night.incident.go_away(timedelta(minutes=20))
    night.run(10)
    night.say("note", "ana", text="still down")
    night.run(24)
    assert len(night.of("outage_ended")) == 1
    assert not [call for call in night.desk.calls if call.kind == "system.last_seen"], "nobody has to be asked"
    assert night.walker.state.gates["gate"].due_at == at(35)


def test_an_answer_sent_while_nobody_took_it_counts(open_night: Callable[..., Night]) -> None:
    night = open_night("gate", gives_time_back=True).run(5)
    night.incident.go_away(timedelta(minutes=30))
    night.run(20)
    for person in ("sam", "kim"):
        night.say("vote", person, decision="gate", choice="approve", reason="yes")
    night.run(36)
    assert [entry.data["outcome"] for entry in night.of("gate_decided")] == ["approved"]


def test_an_approval_that_became_void_is_asked_again_for_as_long_as_at_first(open_night: Callable[..., Night]) -> None:
    from mayday.walker import gates

    night = open_night("gate", gives_time_back=True).run(5)
    night.incident.go_away(timedelta(minutes=10))
    night.run(16)
    gate = night.walker.state.gates["gate"]
    assert gate.due_at == at(25)
    gates.reopen(night.walker, gate, "other")
    assert gate.due_at == at(15 + 15)


def test_a_gate_on_its_way_to_another_incident_is_given_the_time_too(open_night: Callable[..., Night]) -> None:
    survivor, duplicate = (
        open_night("gate", incident=name, gives_time_back=True).run(5) for name in ("INC-AAAAAA", "INC-BBBBBB")
    )
    duplicate.say("merge", "ana", into="INC-AAAAAA", into_workflow="incident/a", reason="same cause")
    (handover,) = [call.payload["handover"] for call in duplicate.desk.calls if call.kind == "incident.absorb"]
    survivor.incident.go_away(timedelta(minutes=9))
    survivor.run(14.5)
    survivor.absorb(handover)
    moved = next(gate for path, gate in survivor.walker.state.gates.items() if path != "gate")
    assert moved.due_at == at(24)


def test_an_incident_of_before_keeps_the_rule_of_its_day(open_night: Callable[..., Night]) -> None:
    night = open_night("gate").run(5)
    night.incident.go_away(timedelta(minutes=5), told=True)
    night.run(11)
    assert not night.of("outage_ended")
    assert night.walker.state.gates["gate"].due_at == at(15)
    assert "promises" not in night.incident.state()


@pytest.fixture
def night_of(open_night: Callable[..., Night]) -> Callable[..., Night]:
    return open_night
