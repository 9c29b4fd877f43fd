"""Who is on call: layers, rotations and overrides of a schedule, as a pure function of (schedule, instant).

Rules, so that two readers get the same roster:

- All times are wall-clock times of the schedule's `tz`. A hand-off at 09:00 is at 09:00 on the wall all year, so on the
  two odd days of the year a shift has 23 or 25 hours. A hand-off in an hour that occurs twice is at its first
  occurrence; in an hour that does not occur, at the instant the clocks jump (`mayday.domain.wallclock`).
- Nothing is remembered: turns are counted from a fixed hand-off. Without `start` that is the first one at or after
  Monday 2024-01-01, where the first of `people` begins, and the layer has always been there. With `start` the first of
  `people` takes over at `start` and hands over at the next hand-off; before `start` the layer names nobody.
- Of the layers that are active at an instant the last listed wins, as in PagerDuty. Any override beats any layer; of
  overrides that overlap the last listed wins. Intervals are half-open: at the hand-off the incoming person is on call.
- `active` limits the hours of a layer, not its turns. The night of `Fri 22:00-06:00` belongs to Friday.

`zoneinfo` is allowed here: activities, the starter, the CLI and the simulator call this module, workflow code does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from mayday.domain.schedules import (
    Active,
    ExternalSchedule,
    Layer,
    LocalSchedule,
    Override,
    Schedule,
    parse_handoff,
)
from mayday.domain.wallclock import in_utc, instant_of, open_spans, parse_moment, wall_of, zone

__all__ = [
    "Active",
    "ExternalSchedule",
    "Gap",
    "Handoff",
    "Layer",
    "LocalSchedule",
    "OnCall",
    "Override",
    "Schedule",
    "Shift",
    "gaps",
    "next_handoff",
    "on_call",
    "people_of",
    "shifts",
    "standing",
    "with_overrides",
]

EPOCH = datetime(2024, 1, 1)  # noqa: DTZ001 - a wall-clock time, the same Monday in every zone
"""The Monday from which turns are counted where a layer has no `start`."""
HORIZON = timedelta(days=400)
"""How far `on_call` and `next_handoff` look for a change; every yearly pattern shows within it."""


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True)


class OnCall(_Fact):
    """Who is on call at an instant.

    `person` is None in a gap; `layer` counts from 1 and is None for an override or a gap; `until` is the aware UTC end
    of the shift (or gap), None when nothing changes within 400 days.
    """

    person: str | None
    source: Literal["layer", "override"] | None
    layer: int | None
    until: datetime | None


class Gap(_Fact):
    """Time in which nobody is on call. Half-open, aware UTC, cut to what was asked for."""

    starts_at: datetime
    ends_at: datetime


class Shift(_Fact):
    """One person on call without a break, for one reason. Half-open, aware UTC, cut to what was asked for."""

    person: str
    source: Literal["layer", "override"]
    layer: int | None
    starts_at: datetime
    ends_at: datetime


class Handoff(_Fact):
    """A change of the person on call; None stands for nobody."""

    at: datetime
    outgoing: str | None
    incoming: str | None


def on_call(schedule: LocalSchedule, at: datetime) -> OnCall:
    """Who is on call at an aware instant, why, and until when."""
    at = in_utc(at)
    roster = _Roster(schedule)
    holder = roster.holder(at)
    until = next((span.starts_at for span in roster.changes(at) if span.holder != holder), None)
    return OnCall(person=holder.person, source=holder.source, layer=holder.layer, until=until)


def next_handoff(schedule: LocalSchedule, at: datetime) -> Handoff | None:
    """The first change of the person after an aware instant; None when there is none within 400 days."""
    at = in_utc(at)
    roster = _Roster(schedule)
    outgoing = roster.holder(at).person
    for span in roster.changes(at):
        if span.holder.person != outgoing:
            return Handoff(at=span.starts_at, outgoing=outgoing, incoming=span.holder.person)
    return None


def shifts(schedule: LocalSchedule, from_at: datetime, to_at: datetime) -> list[Shift]:
    """The shifts in [from_at, to_at), in order; with `gaps` they partition it. `ValueError` when it is not forwards."""
    return [
        Shift(
            person=span.holder.person,
            source=span.holder.source,
            layer=span.holder.layer,
            starts_at=span.starts_at,
            ends_at=span.ends_at,
        )
        for span in _Roster(schedule).spans(from_at, to_at)
        if span.holder.person is not None and span.holder.source is not None
    ]


def gaps(schedule: LocalSchedule, from_at: datetime, to_at: datetime) -> list[Gap]:
    """The times in [from_at, to_at) in which nobody is on call. `ValueError` when it is not forwards."""
    spans = _Roster(schedule).spans(from_at, to_at)
    return [Gap(starts_at=span.starts_at, ends_at=span.ends_at) for span in spans if span.holder.person is None]


def people_of(schedule: LocalSchedule | ExternalSchedule) -> list[str]:
    """Everybody who may stand on it, in order of appearance; nobody is known of an external schedule."""
    if isinstance(schedule, ExternalSchedule):
        return []
    listed = [person for layer in schedule.layers for person in layer.people]
    return list(dict.fromkeys([*listed, *(override.person for override in schedule.overrides)]))


def standing(schedule: LocalSchedule | ExternalSchedule, at: datetime) -> set[str]:
    """Everybody of the rotation, whoever's turn it is, and whom an override puts there at this instant.

    Who stood in last month, or will next month, is not among them: see `people_of` for those too.
    """
    if isinstance(schedule, ExternalSchedule):
        return set()
    at, where = in_utc(at), zone(schedule.tz)
    rotation = {person for layer in schedule.layers for person in layer.people}
    return rotation | {
        override.person
        for override in schedule.overrides
        if _instant(override.from_, where) <= at < _instant(override.to, where)
    }


def with_overrides(schedule: LocalSchedule, more: Iterable[Override]) -> LocalSchedule:
    """The schedule with further overrides, which win over its own; of those the last one wins."""
    return schedule.model_copy(update={"overrides": [*schedule.overrides, *more]})


class _Holder(NamedTuple):
    person: str | None
    source: Literal["layer", "override"] | None
    layer: int | None


_NOBODY = _Holder(None, None, None)


class _HeldSpan(NamedTuple):
    starts_at: datetime
    ends_at: datetime
    holder: _Holder


class _Line:
    """One layer with its turns: turn 0 begins at the hand-off `_origin`, turn `_first` is that of the first person."""

    def __init__(self, layer: Layer, where: ZoneInfo) -> None:
        self._people = layer.people
        self._where = where
        self._window = None if layer.active.always else layer.active.window
        day, minutes = parse_handoff(layer.handoff or "00:00")
        self._origin = EPOCH + timedelta(days=day or 0, minutes=minutes)
        self._step = {"daily": timedelta(days=1), "weekly": timedelta(days=7)}.get(layer.rotation, timedelta())
        if layer.every:
            self._step = layer.every.as_timedelta()
        self._since: datetime | None = None
        self._first = 0
        if layer.start:
            start = parse_moment(layer.start_text())
            self._since = in_utc(start) if start.tzinfo else instant_of(start, where)
            if layer.rotation == "custom":
                self._origin = wall_of(start, where) if start.tzinfo else start
            self._first = self._turn(self._since)

    def person(self, at: datetime) -> str | None:
        if self._since and at < self._since:
            return None
        if self._window:
            now = open_spans([self._window], self._where, at, at + timedelta(microseconds=1))
            if not any(span.starts_at <= at < span.ends_at for span in now):
                return None
        return self._people[(self._turn(at) - self._first) % len(self._people)]

    def edges(self, from_at: datetime, to_at: datetime) -> Iterator[datetime]:
        """Every instant in which the answer may change, and perhaps some outside of [from_at, to_at)."""
        if self._since:
            yield self._since
        if self._window:
            for span in open_spans([self._window], self._where, from_at, to_at):
                yield from (span.starts_at, span.ends_at)
        if len(set(self._people)) > 1:
            turn = self._turn(from_at)
            while (handoff := self._begin(turn)) < to_at:
                yield handoff
                turn += 1

    def _begin(self, turn: int) -> datetime:
        return instant_of(self._origin + turn * self._step, self._where)

    def _turn(self, at: datetime) -> int:
        """The number of the turn at an instant.

        What the wall shows is never too late a turn, but where an hour occurs twice it may be one that is over.
        """
        turn = (wall_of(at, self._where) - self._origin) // self._step
        while self._begin(turn + 1) <= at:
            turn += 1
        return turn


class _Roster:
    """A schedule made ready to be asked."""

    def __init__(self, schedule: LocalSchedule) -> None:
        where = zone(schedule.tz)
        self._lines = [_Line(layer, where) for layer in schedule.layers]
        self._overrides = [
            (_instant(override.from_, where), _instant(override.to, where), override.person)
            for override in schedule.overrides
        ]

    def holder(self, at: datetime) -> _Holder:
        for starts_at, ends_at, person in reversed(self._overrides):
            if starts_at <= at < ends_at:
                return _Holder(person, "override", None)
        for number in range(len(self._lines), 0, -1):
            person_or_none = self._lines[number - 1].person(at)
            if person_or_none is not None:
                return _Holder(person_or_none, "layer", number)
        return _NOBODY

    def spans(self, from_at: datetime, to_at: datetime) -> list[_HeldSpan]:
        """[from_at, to_at) cut where the holder changes."""
        from_at, to_at = in_utc(from_at), in_utc(to_at)
        if to_at <= from_at:
            raise ValueError(f"{to_at.isoformat()} is not after {from_at.isoformat()}")
        edges = {edge for starts_at, ends_at, _ in self._overrides for edge in (starts_at, ends_at)}
        edges.update(edge for line in self._lines for edge in line.edges(from_at, to_at))
        cuts = [from_at, *sorted(edge for edge in edges if from_at < edge < to_at), to_at]
        spans: list[_HeldSpan] = []
        for starts_at, ends_at in pairwise(cuts):
            holder = self.holder(starts_at)
            if spans and spans[-1].holder == holder:
                spans[-1] = spans[-1]._replace(ends_at=ends_at)
            else:
                spans.append(_HeldSpan(starts_at, ends_at, holder))
        return spans

    def changes(self, at: datetime) -> Iterator[_HeldSpan]:
        """Spans from an instant on, in portions, so that a change of next week does not cost a year of them."""
        for begin, end in ((timedelta(), timedelta(days=9)), (timedelta(days=9), HORIZON)):
            yield from self.spans(at + begin, at + end)


def _instant(moment: str, where: ZoneInfo) -> datetime:
    parsed = parse_moment(moment)
    return in_utc(parsed) if parsed.tzinfo else instant_of(parsed, where)
