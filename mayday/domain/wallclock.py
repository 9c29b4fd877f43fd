"""Wall-clock times and what they mean in instants: zones, `09:00`, `Mon-Fri`, `22:00-06:00`, days with 23 or 25 hours.

Rosters and business hours are written in local wall-clock time, and what people mean by 09:00 is what the clock on the
wall shows. Two kinds of wall-clock times need a rule (RFC 5545, 3.3.5, has the first; both are what responders expect):

- a time that occurs twice (clocks go back) means its first occurrence;
- a time that does not occur (clocks go forward) means the instant at which the clocks jump.

So the mapping never runs backwards: a later wall-clock time is never an earlier instant, shifts never overlap, and a
boundary in the missing hour is neither lost nor early. `zoneinfo` reads the zone files of the machine: call this from
activities, the starter, the CLI and the simulator, never from workflow code.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Container, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, Field

from mayday.domain.durations import HintedError

__all__ = [
    "DAY_NAMES",
    "Span",
    "WallClockError",
    "Window",
    "ZoneName",
    "in_utc",
    "instant_of",
    "open_spans",
    "parse_clock",
    "parse_days",
    "parse_hours",
    "parse_moment",
    "wall_of",
    "zone",
]

DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAY_MINUTES = 1440
_ZONE_RE = re.compile(r"[A-Z][A-Za-z]+(?:/[A-Za-z0-9_+-]+){1,2}")
_CLOCK_RE = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
_HOURS_RE = re.compile(r"(\S+)-(\S+)")
_MOMENT_RE = re.compile(
    r"(20[0-9]{2}-[01][0-9]-[0-3][0-9])"
    r"(?:[T ]([0-2][0-9]:[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?)(Z|[+-][0-2][0-9]:[0-5][0-9])?)?"
)


class WallClockError(HintedError):
    """A text that is no time of day, weekday, local moment or zone."""


class Window(NamedTuple):
    """Open from `start` to `end`, minutes since midnight of each of `days` (0 is Monday).

    An `end` past 1440 lies on the next day: the night of Friday belongs to Friday.
    """

    days: frozenset[int]
    start: int
    end: int


class Span(NamedTuple):
    """A half-open stretch of time, aware UTC; `day` is the local day it belongs to."""

    starts_at: datetime
    ends_at: datetime
    day: date


@lru_cache(maxsize=512)
def zone(name: str) -> ZoneInfo:
    """The zone of that IANA name; `WallClockError` with the nearest names for any other text."""
    if name == "UTC" or _ZONE_RE.fullmatch(name):
        try:
            return ZoneInfo(name)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            pass  # no such zone, or a folder of zones: refused below, with what was meant
    places = sorted(zone for zone in available_timezones() if "/" in zone)
    ends = {place.rsplit("/", 1)[1].lower(): place for place in places}
    wanted = name.strip().replace(" ", "_").lower()
    near = ends.get(wanted.rsplit("/", 1)[-1]) or next(
        iter(difflib.get_close_matches(wanted, [place.lower() for place in places], n=1)), None
    )
    place = next((place for place in places if near and place.lower() == near.lower()), None)
    raise WallClockError(
        f"there is no time zone {name!r}",
        f"did you mean {place}?" if place else "write UTC or an area and a city, for example Europe/London",
    )


def _known_zone(name: str) -> str:
    zone(name)
    return name


ZoneName = Annotated[
    str,
    AfterValidator(_known_zone),
    Field(description="Time zone by its IANA name: `UTC`, `Europe/London`. Wall-clock times follow its summer time."),
]


def instant_of(wall: datetime, where: ZoneInfo) -> datetime:
    """The UTC instant of a naive wall-clock time, by the two rules of this module."""
    first = wall.replace(tzinfo=where, fold=0)
    second = first.replace(fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    if before is None or after is None:  # pragma: no cover - zoneinfo always knows
        raise WallClockError(f"{where.key} has no offset at {wall}", "use another zone")
    if after <= before:  # ordinary, or twice: fold=0 is the first
        return wall.replace(tzinfo=UTC) - before
    whole = wall.replace(tzinfo=UTC, microsecond=0)
    early, late = whole - after, whole - before + timedelta(seconds=1)
    while late - early > timedelta(seconds=1):  # the clocks jump between the two, on a whole second
        middle = early + timedelta(seconds=(late - early) // timedelta(seconds=2))
        if middle.astimezone(where).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late


def wall_of(at: datetime, where: ZoneInfo) -> datetime:
    """The naive wall-clock time that people in the zone read at an aware instant."""
    return in_utc(at).astimezone(where).replace(tzinfo=None, fold=0)


def in_utc(at: datetime) -> datetime:
    """The same instant as aware UTC; `ValueError` for a naive time, which is no instant."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} is naive: instants are aware")
    return at.astimezone(UTC)


def parse_clock(text: str) -> int:
    """Minutes since midnight of `09:00` (24-hour clock; `24:00` is the end of the day)."""
    found = _CLOCK_RE.fullmatch(text)
    if not found:
        loose = re.fullmatch(r"\s*([0-9]{1,2})(?:[:.h]([0-9]{2}))?\s*(am|pm)?\s*", text.lower())
        hint = "write hours and minutes of the 24-hour clock, for example 09:00"
        if loose:
            hour = int(loose[1]) % 12 + (12 if loose[3] == "pm" else 0) if loose[3] else int(loose[1])
            guess = f"{hour:02d}:{loose[2] or '00'}"
            if _CLOCK_RE.fullmatch(guess):
                hint = f"did you mean {guess}?"
        raise WallClockError(f"{text!r} is no time of day", hint)
    return int(found[1]) * 60 + int(found[2]) if found[1] else DAY_MINUTES


def parse_hours(text: str) -> tuple[int, int]:
    """Start and end of `09:00-17:30` in minutes since midnight; an end past 1440 is on the next day (`22:00-06:00`)."""
    found = _HOURS_RE.fullmatch(text)
    if not found:
        raise WallClockError(f"{text!r} are no hours", "write start and end, for example 09:00-17:30 or 22:00-06:00")
    start, end = parse_clock(found[1]), parse_clock(found[2])
    if start in (end, DAY_MINUTES):
        raise WallClockError(f"{text!r} is empty", "write 00:00-24:00 for the whole day")
    return start, end if end > start else end + DAY_MINUTES


def parse_days(text: str) -> frozenset[int]:
    """Weekdays (0 is Monday) of `Mon-Fri`, `Sat,Sun`, `Mon-Wed, Fri`; a range may run over Sunday (`Fri-Mon`)."""
    days: set[int] = set()
    for part in text.split(","):
        ends = [_weekday(word) for word in part.strip().split("-")]
        if len(ends) > 2:
            raise WallClockError(f"{part.strip()!r} are no weekdays", "write a day or a range, for example Mon-Fri")
        first, last = ends[0], ends[-1]
        days.update((first + step) % 7 for step in range((last - first) % 7 + 1))
    return frozenset(days)


def _weekday(word: str) -> int:
    if word in DAY_NAMES:
        return DAY_NAMES.index(word)
    guess = word.strip()[:3].capitalize()
    hint = f"did you mean {guess}?" if guess in DAY_NAMES else f"write one of {', '.join(DAY_NAMES)}"
    raise WallClockError(f"{word!r} is no weekday", hint)


@lru_cache(maxsize=4096)
def parse_moment(text: str) -> datetime:
    """A moment of a roster: naive for `2026-12-24T09:00` and `2026-12-24` (midnight), aware with `Z` or an offset."""
    found = _MOMENT_RE.fullmatch(text)
    try:
        if found:
            clock = time.fromisoformat(found[2]) if found[2] else time()
            moment = datetime.combine(date.fromisoformat(found[1]), clock)
            return datetime.fromisoformat(moment.isoformat() + found[3].replace("Z", "+00:00")) if found[3] else moment
    except ValueError:
        found = None  # the 31st of February: refused like any other text that is no moment
    raise WallClockError(f"{text!r} is no date and time", "write it as 2026-12-24T09:00, or with an offset after it")


def open_spans(
    windows: Iterable[Window], where: ZoneInfo, from_at: datetime, to_at: datetime, closed: Container[date] = ()
) -> Iterator[Span]:
    """Every span of the windows that touches [from_at, to_at), whole, ordered by its day and start.

    Days in `closed` have none; spans that a jump of the clocks swallows are left out.
    """
    ordered = sorted(windows, key=lambda window: (window.start, window.end))
    day = (wall_of(from_at, where) - timedelta(days=2)).date()
    last = wall_of(to_at, where).date()
    while day <= last:
        for window in ordered:
            if day.weekday() in window.days and day not in closed:
                midnight = datetime.combine(day, time())
                starts_at = instant_of(midnight + timedelta(minutes=window.start), where)
                ends_at = instant_of(midnight + timedelta(minutes=window.end), where)
                if starts_at < ends_at and starts_at < to_at and ends_at > from_at:
                    yield Span(starts_at, ends_at, day)
        day += timedelta(days=1)
