"""Business hours: when a desk is open, when business days and contract clocks run out, when people can meet.

Rules, with the sources of those that are not ours:

- Durations of minutes to weeks are elapsed time; `N business days` are counted in a calendar (`deadline`). A contract
  with business hours counts its minutes and hours only while the desk is open (`contract_deadline`), as service-level
  clocks of ticket systems do; under `24x7` every day is a business day.
- `N business days` end at the same wall-clock time N open days later. What starts outside of business hours starts at
  the next opening; a time of day that the last day does not have ends with the hours before it.
- A meeting starts on a whole or half hour of the wall clock, as early as possible within one stretch of open hours.

Pure: public holidays are handed in, as dates or as a function of the year (`BusinessCalendar.with_holidays`); the
adapter that knows countries is `mayday.providers.holiday_calendar`. `zoneinfo` is allowed here for the reason given in
`mayday.domain.oncall`: workflow code does not call this module.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Set
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from mayday.domain.durations import Duration
from mayday.domain.wallclock import (
    Span,
    WallClockError,
    Window,
    ZoneName,
    in_utc,
    instant_of,
    open_spans,
    parse_days,
    parse_hours,
    parse_moment,
    wall_of,
    zone,
)

__all__ = [
    "BusinessCalendar",
    "Holidays",
    "MeetingSlot",
    "NeverOpen",
    "OpenHours",
    "add_business_days",
    "ContractHours",
    "add_business_time",
    "business_time_between",
    "contract_deadline",
    "contract_due",
    "contract_time_between",
    "deadline",
    "is_open",
    "next_meeting_slot",
    "next_opening",
]

Holidays = Set[date] | Callable[[int], Set[date]]
"""Public holidays: local dates, or those of a year."""

SEARCH = timedelta(days=366)
"""A calendar without an opening for this long is taken to be never open."""
HALF_HOUR = timedelta(minutes=30)
_PERIOD_RE = re.compile(r"(?:([A-Z][A-Za-z, -]*?) )?([0-9:]+-[0-9:]+)")
_COUNTRY_RE = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?")


class NeverOpen(ValueError):
    """Business hours that do not come (again), or never in one stretch as long as is needed."""


def parse_business_hours(text: str) -> list[Window]:
    """Windows of `Mon-Fri 09:00-17:30`, also several: `Mon-Thu 09:00-12:30, 13:30-17:30, Fri 09:00-15:00`.

    Hours without days belong to the days before them, and to every day at the beginning.
    """
    days = frozenset(range(7))
    windows: list[Window] = []
    rest = text
    while rest:
        found = _PERIOD_RE.match(rest)
        if not found or (found.end() < len(rest) and not rest[found.end() :].startswith(", ")):
            raise WallClockError(f"{text!r} are no business hours", "write them as Mon-Fri 09:00-17:30")
        days = parse_days(found[1]) if found[1] else days
        windows.append(Window(days, *parse_hours(found[2])))
        rest = rest[found.end() + 2 :]
    if not windows:
        raise WallClockError("business hours are empty", "write them as Mon-Fri 09:00-17:30")
    return windows


def _known_hours(text: str) -> str:
    parse_business_hours(text)
    return text


def _known_holiday(text: str) -> str:
    """A country, or a date: anything else is refused."""
    if _COUNTRY_RE.fullmatch(text):
        return text
    if len(text) != 10:
        country = text.upper()
        hint = f"did you mean {country}?" if _COUNTRY_RE.fullmatch(country) else "write GB, ES-MD or 2026-12-24"
        raise WallClockError(f"{text!r} is neither a country nor a date", hint)
    parse_moment(text)
    return text


Holiday = Annotated[str, AfterValidator(_known_holiday)]


class BusinessCalendar(BaseModel):
    """When a team, or a vendor, is at work."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    hours: Annotated[str, AfterValidator(_known_hours)] = Field(
        description="Open hours: `Mon-Fri 09:00-17:30`, or several: `Mon-Thu 09:00-17:30, Fri 09:00-15:00`"
    )
    tz: ZoneName
    holidays: Holiday | list[Holiday] = Field(
        default_factory=list,
        description="Closed days: a country (`GB`) or a part of one (`ES-MD`), a list of dates, or both in one list",
    )

    @property
    def countries(self) -> list[str]:
        """The countries and regions whose public holidays are closed days."""
        return [entry for entry in self._entries if _COUNTRY_RE.fullmatch(entry)]

    @property
    def closed_dates(self) -> frozenset[date]:
        """The dates listed by hand."""
        return frozenset(date.fromisoformat(entry) for entry in self._entries if not _COUNTRY_RE.fullmatch(entry))

    @property
    def _entries(self) -> list[str]:
        return [self.holidays] if isinstance(self.holidays, str) else self.holidays

    def with_holidays(self, holidays: Holidays = frozenset()) -> OpenHours:
        """Ready for questions; `holidays` are those of `countries`, the dates listed by hand are added."""
        return OpenHours(self, holidays)


class OpenHours:
    """A calendar together with its public holidays."""

    def __init__(self, calendar: BusinessCalendar, holidays: Holidays = frozenset()) -> None:
        self.calendar = calendar
        self.zone = zone(calendar.tz)
        self._windows = parse_business_hours(calendar.hours)
        self._listed = calendar.closed_dates
        self._holidays = holidays
        self._years: dict[int, Set[date]] = {}

    def __contains__(self, day: object) -> bool:
        """Whether a local date is a closed day; days without hours, such as weekends, are not."""
        if not isinstance(day, date):
            return False
        if not callable(self._holidays):
            return day in self._listed or day in self._holidays
        if day.year not in self._years:
            self._years[day.year] = self._holidays(day.year)
        return day in self._listed or day in self._years[day.year]

    def spans(self, from_at: datetime, to_at: datetime) -> Iterator[Span]:
        """The open stretches within [from_at, to_at), cut to it, in order and disjoint."""
        covered = in_utc(from_at)
        for span in open_spans(self._windows, self.zone, covered, in_utc(to_at), self):
            if span.ends_at > covered:
                yield Span(max(span.starts_at, covered), min(span.ends_at, to_at), span.day)
                covered = span.ends_at

    def spans_from(self, from_at: datetime) -> Iterator[Span]:
        """The open stretches from an instant on, without end; `NeverOpen` when none comes for a year."""
        begin = in_utc(from_at)
        while True:
            end = begin
            for span in self.spans(begin, begin + SEARCH):
                if span.ends_at < begin + SEARCH:  # else cut by the search, and whole in the next round
                    yield span
                    end = span.ends_at
            if end == begin:
                raise NeverOpen(f"no business hours ({self.calendar.hours}) for a year from {begin.isoformat()}")
            begin = end


ContractHours = Literal["24x7"] | OpenHours
"""The hours of a vendor's contract."""


class MeetingSlot(BaseModel):
    """When people can meet, aware UTC; `late` when there was no slot by the time the rule asked for."""

    model_config = ConfigDict(frozen=True)

    starts_at: datetime
    ends_at: datetime
    late: bool


def is_open(hours: OpenHours, at: datetime) -> bool:
    """Whether an aware instant lies in business hours."""
    return next(hours.spans(at, at + timedelta(microseconds=1)), None) is not None


def next_opening(hours: OpenHours, at: datetime) -> datetime:
    """The first open instant from an aware instant on, itself included. `NeverOpen` when none comes for a year."""
    return next(hours.spans_from(at)).starts_at


def add_business_days(hours: OpenHours, at: datetime, days: int) -> datetime:
    """The end of `days` (1 or more) business days that begin at an aware instant, by the rules of this module."""
    if days < 1:
        raise ValueError(f"{days} business days do not lead anywhere")
    spans = hours.spans_from(at)
    first = next(spans)
    into_day = wall_of(first.starts_at, hours.zone) - datetime.combine(first.day, time())
    last, day = first, first.day
    while days:
        last = next(spans)
        if last.day > day:
            days, day = days - 1, last.day
    target = instant_of(datetime.combine(day, time()) + into_day, hours.zone)
    ends_at = last.starts_at
    while last.day == day and last.starts_at <= target:
        ends_at = min(target, last.ends_at)
        last = next(spans)
    return ends_at


def add_business_time(hours: OpenHours, at: datetime, duration: timedelta) -> datetime:
    """When that much open time (more than none) has passed since an aware instant."""
    if duration <= timedelta():
        raise ValueError(f"{duration} of open time does not lead anywhere")
    for span in hours.spans_from(at):
        if span.starts_at + duration <= span.ends_at:
            return span.starts_at + duration
        duration -= span.ends_at - span.starts_at
    raise AssertionError("stretches have no end")  # pragma: no cover - spans_from raises NeverOpen instead


def business_time_between(hours: OpenHours, from_at: datetime, to_at: datetime) -> timedelta:
    """The open time in [from_at, to_at); none when it is not forwards."""
    return sum((span.ends_at - span.starts_at for span in hours.spans(from_at, to_at)), timedelta())


def deadline(hours: OpenHours, at: datetime, within: Duration) -> datetime:
    """When a promise made at an aware instant is due: elapsed time runs always, business days in the calendar."""
    if within.is_business:
        return add_business_days(hours, at, within.business_days)
    return in_utc(at) + within.as_timedelta()


def contract_deadline(hours: ContractHours, at: datetime, within: Duration | timedelta) -> datetime:
    """When a contract's clock started at an aware instant runs out; all its time is counted in the contract's hours.

    A `timedelta` serves parts of a promise: a warning at three quarters, the rest after a pause.
    """
    if isinstance(within, Duration):
        if within.is_business and hours != "24x7":
            return add_business_days(hours, at, within.business_days)
        within = timedelta(days=within.business_days) if within.is_business else within.as_timedelta()
    return in_utc(at) + within if hours == "24x7" else add_business_time(hours, at, within)


def contract_due(
    hours: ContractHours,
    start_at: datetime,
    duration: Duration,
    rested_from: datetime | None = None,
    rested_to: datetime | None = None,
) -> datetime:
    """The end of `duration`, or where a rest moves a clock that was due at `start_at`.

    A rest costs a clock only what it would have run in it: a night in which the desk is closed moves nothing.
    """
    if rested_from is None or rested_to is None:
        return contract_deadline(hours, start_at, duration)
    lost = contract_time_between(hours, rested_from, rested_to)
    return contract_deadline(hours, start_at, lost) if lost else start_at


def contract_time_between(hours: ContractHours, from_at: datetime, to_at: datetime) -> timedelta:
    """How much of a contract's clock ran in [from_at, to_at); none when it is not forwards."""
    if hours == "24x7":
        return max(in_utc(to_at) - in_utc(from_at), timedelta())
    return business_time_between(hours, from_at, to_at)


def next_meeting_slot(hours: OpenHours, not_after: datetime, duration: Duration, earliest: datetime) -> MeetingSlot:
    """The first slot of that length from `earliest` on, by the rules of this module.

    A slot that starts after `not_after` is `late`: over a long weekend a late meeting is better than none. `NeverOpen`
    when no stretch of a year is long enough, `ValueError` for a duration in business days.
    """
    length = duration.as_timedelta()
    for span in hours.spans(earliest, earliest + SEARCH):
        wall = datetime.combine(wall_of(span.starts_at, hours.zone), time())
        while (starts_at := instant_of(wall, hours.zone)) < span.starts_at:
            wall += HALF_HOUR
        if starts_at + length <= span.ends_at:
            return MeetingSlot(starts_at=starts_at, ends_at=starts_at + length, late=starts_at > not_after)
    raise NeverOpen(f"no business hours ({hours.calendar.hours}) are long enough for a meeting of {duration}")
