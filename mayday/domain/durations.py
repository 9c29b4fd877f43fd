"""Durations as runbooks write them: `90s`, `15m`, `1h30m`, `7d`, `4w`, `3 days`, `5 business days`.

Everything but business days is elapsed time: a day is 24 hours and a week seven of them, whatever the clocks do.
Business days are only turned into an instant by a calendar (`mayday.domain.calendars`). The syntax is fixed in the
language reference ("Waits"); a bare number is refused because nobody can tell seconds from minutes at 3 a.m.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticSerializationUnexpectedValue, core_schema

__all__ = ["Duration", "DurationError", "HintedError", "offset_text", "parse_offset"]

SECOND, MINUTE, HOUR, DAY, WEEK = 1, 60, 3600, 86_400, 604_800
LONGEST_DAYS = 3660
"""Ten years: longer than any promise in a runbook, short enough for every date library."""

_UNITS = {"w": WEEK, "d": DAY, "h": HOUR, "m": MINUTE, "s": SECOND}
_WITHIN = {"d": LONGEST_DAYS + 1, "h": 24, "m": 60, "s": 60}
_NAMES = {"w": "week", "d": "day", "h": "hour", "m": "minute", "s": "second"}
_COMPACT = r"(?=[0-9])(?:([0-9]+)w)?(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?"
_COMPACT_RE = re.compile(_COMPACT)
_FRACTION_RE = re.compile(r"([0-9wdhm]*[0-9])\.([0-9]{1,3})s")
_DAYS_RE = re.compile(r"([0-9]+) (business )?days?")
_PATTERN = r"^(?:(?=[0-9])(?:[0-9]+w)?(?:[0-9]+d)?(?:[0-9]+h)?(?:[0-9]+m)?(?:[0-9]+s)?|[0-9]+ (?:business )?days?)$"
_DESCRIPTION = (
    "How long: a number with its unit, larger units first (`90s`, `15m`, `1h30m`, `7d`, `4w`), `3 days`, "
    "or `5 business days` (counted in the calendar that applies)."
)
_SPELLINGS = {
    **dict.fromkeys(["s", "sec", "secs", "second", "seconds"], SECOND),
    **dict.fromkeys(["m", "min", "mins", "minute", "minutes"], MINUTE),
    **dict.fromkeys(["h", "hr", "hrs", "hour", "hours"], HOUR),
    **dict.fromkeys(["d", "day", "days"], DAY),
    **dict.fromkeys(["w", "wk", "wks", "week", "weeks"], WEEK),
}


class HintedError(ValueError):
    """A text that its author has to change: `message` says what is wrong, `hint` what to write instead.

    Pydantic keeps it in the error's `ctx["error"]`, where the checker finds the hint by type.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message}; {hint}")
        self.message = message
        self.hint = hint


class DurationError(HintedError):
    """A text that is no duration."""


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Duration:
    """A positive length of time, either elapsed seconds or a number of business days.

    `72h`, `3d` and `3 days` are equal. Ordering is defined among elapsed durations and among business days, and raises
    `TypeError` across the two, because which is longer depends on the calendar.
    """

    _seconds: int
    business_days: int
    """Number of business days; 0 for an elapsed duration."""

    def __init__(self, *, seconds: int = 0, business_days: int = 0) -> None:
        """Give exactly one of the two, positive and at most ten years; `ValueError` otherwise."""
        if (seconds > 0) == (business_days > 0) or seconds < 0 or business_days < 0:
            raise DurationError("a duration is longer than zero, in seconds or in business days", "for example 15m")
        if seconds > LONGEST_DAYS * DAY or business_days > LONGEST_DAYS:
            raise DurationError("a duration is at most ten years", f"write {LONGEST_DAYS}d or less")
        object.__setattr__(self, "_seconds", seconds)
        object.__setattr__(self, "business_days", business_days)

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Read the runbook syntax; `DurationError` says what is wrong and what to write instead."""
        days = _DAYS_RE.fullmatch(text)
        if days:
            count = _number(days[1], text)
            return _checked(business_days=count) if days[2] else _checked(seconds=count * DAY)
        return _checked(seconds=_compact_seconds(text))

    @property
    def is_business(self) -> bool:
        """Whether it counts business days, so that a calendar is needed to place its end."""
        return self.business_days > 0

    @property
    def seconds(self) -> int:
        """Elapsed seconds; `ValueError` for business days, which have no fixed length."""
        if self.is_business:
            raise DurationError(f"{self} has no fixed length", "only a calendar can place its end")
        return self._seconds

    def as_timedelta(self) -> timedelta:
        """Elapsed time; `ValueError` for business days, which have no fixed length."""
        return timedelta(seconds=self.seconds)

    def in_words(self) -> str:
        """For messages to people: `1 hour 30 minutes`."""
        if self.is_business:
            return str(self)
        return " ".join(f"{count} {_NAMES[unit]}{'' if count == 1 else 's'}" for count, unit in _parts(self._seconds))

    def __str__(self) -> str:
        """The canonical text, which parses back to an equal value."""
        if self.is_business:
            return f"{self.business_days} business day{'' if self.business_days == 1 else 's'}"
        return "".join(f"{count}{unit}" for count, unit in _parts(self._seconds))

    def __repr__(self) -> str:
        return f"Duration({str(self)!r})"

    def __lt__(self, other: Duration) -> bool:
        return _order(self, other) < 0

    def __le__(self, other: Duration) -> bool:
        return _order(self, other) <= 0

    def __gt__(self, other: Duration) -> bool:
        return _order(self, other) > 0

    def __ge__(self, other: Duration) -> bool:
        return _order(self, other) >= 0

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _validated, serialization=core_schema.plain_serializer_function_ser_schema(_written, when_used="always")
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {
            "type": "string",
            "pattern": _PATTERN,
            "description": _DESCRIPTION,
            "examples": ["15m", "1h30m", "3 days", "5 business days"],
        }


def parse_offset(text: str) -> timedelta:
    """A moment of a scenario, `T+3h1m`, as time since its start; `T+0m` is allowed. `DurationError` otherwise.

    Seconds may have up to three decimals (`T+3m7.25s`): recorded moments do.
    """
    if not text.startswith("T+"):
        raise DurationError(f"{text!r} is not a moment of the scenario", "write T+ and a duration, for example T+15m")
    whole, milliseconds = text[2:], 0
    fraction = _FRACTION_RE.fullmatch(whole)
    if fraction:
        whole, milliseconds = f"{fraction[1]}s", int(fraction[2].ljust(3, "0"))
    seconds = _compact_seconds(whole)
    if seconds > LONGEST_DAYS * DAY:
        raise DurationError("a scenario lasts at most ten years", f"write T+{LONGEST_DAYS}d or less")
    return timedelta(seconds=seconds, milliseconds=milliseconds)


def offset_text(since: timedelta) -> str:
    """The moment that `parse_offset` reads as `since`, to the millisecond."""
    seconds, milliseconds = divmod(max(0, round(since.total_seconds() * 1000)), 1000)
    parts = [(count, unit) for unit in "dhms" for count in [seconds // _UNITS[unit] % _WITHIN[unit]] if count]
    if not milliseconds:
        return "T+" + ("".join(f"{count}{unit}" for count, unit in parts) or "0s")
    rest = next((count for count, unit in parts if unit == "s"), 0)
    fraction = f"{milliseconds:03}".rstrip("0")
    return "T+" + "".join(f"{count}{unit}" for count, unit in parts if unit != "s") + f"{rest}.{fraction}s"


def _validated(value: object) -> Duration:
    if isinstance(value, Duration):
        return value
    if isinstance(value, str):
        return Duration.parse(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = max(1, round(abs(value)))
        raise DurationError(f"{value!r} has no unit", f"write {number}s or {number}m, whichever is meant")
    raise DurationError("a duration is a text", "for example 15m, 1h30m or 5 business days")


def _written(value: object) -> str:
    """The text, of a duration only: a union's other members must not pass as one (`str` of a mapping is a text too)."""
    if not isinstance(value, Duration):
        raise PydanticSerializationUnexpectedValue(f"{value!r} is no duration")
    return str(value)


def _checked(*, seconds: int = 0, business_days: int = 0) -> Duration:
    if not seconds and not business_days:
        raise DurationError("a duration is longer than zero", "write 1s or more, or leave the key out")
    return Duration(seconds=seconds, business_days=business_days)


def _compact_seconds(text: str) -> int:
    found = _COMPACT_RE.fullmatch(text)
    if not found:
        raise DurationError(f"{text!r} is not a duration", _hint(text))
    return sum(
        _number(count, text) * size for count, size in zip(found.groups(), _UNITS.values(), strict=True) if count
    )


def _number(digits: str, text: str) -> int:
    if len(digits) > 10:
        raise DurationError(f"{text[:20]!r} is longer than ten years", f"write {LONGEST_DAYS}d or less")
    return int(digits)


def _parts(seconds: int) -> list[tuple[int, str]]:
    """Whole weeks stay weeks, all else is days, hours, minutes and seconds."""
    if seconds % WEEK == 0:
        return [(seconds // WEEK, "w")]
    parts: list[tuple[int, str]] = []
    for unit in "dhms":
        count, seconds = divmod(seconds, _UNITS[unit])
        if count:
            parts.append((count, unit))
    return parts


def _order(one: Duration, other: Duration) -> int:
    if one.is_business != other.is_business:
        raise TypeError(f"{one} and {other} cannot be compared without a calendar")
    return (one._seconds + one.business_days) - (other._seconds + other.business_days)


def _hint(text: str) -> str:
    """What the author most likely meant; only used once the text has been refused."""
    lowered = text.strip().lower()[:80]
    if re.fullmatch(r"[0-9]{1,9}", lowered):
        return f"add the unit: {lowered}s or {lowered}m, whichever is meant"
    business = re.fullmatch(r"([0-9]{1,4})\s*(?:b|bd|bdays?|(?:business|working|work)[ _-]*days?)", lowered)
    if business and int(business[1]):
        return f"did you mean {Duration(business_days=min(int(business[1]), LONGEST_DAYS))}?"
    if re.fullmatch(r"p[0-9wdthms]+", lowered):
        lowered = lowered.replace("p", "").replace("t", "")
    seconds = 0.0
    rest = lowered
    for token in re.finditer(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*([a-z]+)", lowered):
        count, spelling = token.groups()
        if spelling not in _SPELLINGS:
            break
        seconds += float(count) * _SPELLINGS[spelling]
        rest = rest.replace(token[0], " ", 1)
    else:
        meant = round(seconds)
        if 0 < meant <= LONGEST_DAYS * DAY and not re.sub(r"\band\b|[\s,]", "", rest):
            return f"did you mean {Duration(seconds=meant)}?"
    return "write a number with its unit, larger units first: 90s, 15m, 1h30m, 7d, 4w, 3 days or 5 business days"
