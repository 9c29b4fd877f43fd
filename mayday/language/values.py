"""The values of expressions: text, whole number, yes/no, list, mapping, moment, length of time, ranked word.

Strict on purpose: nothing is converted behind the author's back, so `"1" == 1` is false and `"a" < 1` an error. Two
things are converted because they mean the same: a text that names a member is compared with a ranked word by rank, and
an RFC 3339 text (how JSON carries moments) is compared with a moment. Fractions are read from events and compared, but
are no literal and no value of a `with`: the timeline holds no floats.
"""

from __future__ import annotations

import operator as operators
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Final

from pydantic import BaseModel

from mayday.domain.durations import Duration
from mayday.domain.plain_words import words_of
from mayday.domain.ranks import RankedText, UnknownRank
from mayday.language.expression_errors import TypeMismatch

__all__ = [
    "UNSET",
    "Unset",
    "add",
    "compare",
    "kind_of",
    "moment_of",
    "plain",
    "same",
    "subtract",
    "text_of",
    "words_of",
]

_ORDERS: dict[str, Callable[[Any, Any], Any]] = {
    "lt": operators.lt,
    "lteq": operators.le,
    "gt": operators.gt,
    "gteq": operators.ge,
}

BIGGEST = 10**18
"""Whole numbers beyond this are refused: no count, amount or id needs them, and long digits cost quadratic time."""


class Unset(Enum):
    """The class of `UNSET`, so that it survives copying and pickling as itself."""

    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset.UNSET
"""In a scope: a name that exists and that nobody has given a value. None means the same."""


def kind_of(value: object) -> str:
    """What an author would call the type of this value."""
    match value:
        case None | Unset():
            return "nothing"
        case bool():
            return "a yes or no"
        case int() | float():
            return "a number"
        case RankedText():
            return f"a {type(value).__name__.lower()}"
        case str():
            return "a text"
        case _ if isinstance(value, datetime):  # no class pattern: a strict replay puts a proxy in its place
            return "a moment"
        case timedelta() | Duration():
            return "a length of time"
        case Mapping() | BaseModel():
            return "a group of fields"
        case Sequence():
            return "a list"
    return "an unknown value"


def text_of(value: object) -> str:
    """How a value reads inside a text; moments in UTC, lists with commas. `TypeMismatch` for what has no text."""
    if type(value) is str:
        return value
    match value:
        case RankedText():
            return str(value.value)
        case str():
            return str(value)
        case bool():
            return "true" if value else "false"
        case int():
            return str(_bounded(value))
        case float():
            return f"{value:g}"
        case _ if isinstance(value, datetime):  # no class pattern: a strict replay puts a proxy in its place
            return _utc(value).strftime("%Y-%m-%d %H:%M UTC")
        case timedelta():
            return words_of(value)
        case Duration():
            return value.in_words()
        case list() | tuple():
            return ", ".join(text_of(item) for item in value)
    raise TypeMismatch(f"{kind_of(value)} cannot stand in a text", hint="name one of its fields")


def plain(value: object) -> object:
    """The value as JSON data for a `with`: moments become RFC 3339, lengths of time `1h30m`, ranked words text."""
    match value:
        case RankedText():
            return str(value.value)
        case str() | bool():
            return value
        case int():
            return _bounded(value)
        case float():
            if value != value or abs(value) > BIGGEST or value != int(value):
                raise TypeMismatch(
                    f"{value:g} is no whole number", hint="pass it inside a text, or scale it: percent, milliseconds"
                )
            return int(value)
        case _ if isinstance(value, datetime):  # no class pattern: a strict replay puts a proxy in its place
            return _utc(value).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case timedelta():
            return str(Duration(seconds=max(1, int(abs(value).total_seconds()))))
        case Duration():
            return str(value)
        case list() | tuple():
            return [plain(item) for item in value]
        case Mapping():
            return {str(key): None if item is None or item is UNSET else plain(item) for key, item in value.items()}
        case BaseModel():
            return value.model_dump(mode="json")
    raise TypeMismatch(f"{kind_of(value)} cannot be handed over")


def same(left: object, right: object) -> bool:
    """`==`: equal and of one type. A ranked word equals the text of its name; a text that is no name is refused."""
    if isinstance(left, RankedText) or isinstance(right, RankedText):
        return _same_rank(left, right)
    if isinstance(left, datetime) or isinstance(right, datetime):
        moments = _moments(left, right)
        return moments is not None and moments[0] == moments[1]
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left == right
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, timedelta | Duration) and isinstance(right, timedelta | Duration):
        return _length(left) == _length(right)
    return type(left) is type(right) and left == right


def compare(operator: str, left: object, right: object) -> bool:
    """`lt`, `lteq`, `gt`, `gteq`: only between values that have one order; else `TypeMismatch`."""
    first, second = _ordered_pair(left, right)
    try:
        return bool(_ORDERS[operator](first, second))
    except (UnknownRank, TypeError) as error:  # ranked words know their own order, and say what they do not know
        raise TypeMismatch(str(error)) from None


def add(left: object, right: object) -> object:
    """`+`: numbers, lists, a moment and a length of time, two lengths of time. Texts are joined with `~`."""
    if _number(left) and _number(right):
        return left + right  # type: ignore[operator]
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return [*left, *right]
    if isinstance(left, datetime | timedelta | Duration) and isinstance(right, timedelta | Duration):
        return (left if isinstance(left, datetime) else _length(left)) + _length(right)
    hint = "join texts with ~" if isinstance(left, str) or isinstance(right, str) else ""
    raise TypeMismatch(f"{kind_of(left)} and {kind_of(right)} cannot be added", hint=hint)


def subtract(left: object, right: object) -> object:
    """`-`: numbers, two moments (a length of time), a length of time from a moment or from another."""
    if _number(left) and _number(right):
        return left - right  # type: ignore[operator]
    if isinstance(left, datetime) or isinstance(right, datetime):
        moments = _moments(left, right)
        if moments is not None:
            return moments[0] - moments[1]
        if isinstance(left, datetime) and isinstance(right, timedelta | Duration):
            return left - _length(right)
    if isinstance(left, timedelta | Duration) and isinstance(right, timedelta | Duration):
        return _length(left) - _length(right)
    raise TypeMismatch(f"{kind_of(right)} cannot be taken from {kind_of(left)}")


def _ordered_pair(left: object, right: object) -> tuple[object, object]:
    if isinstance(left, RankedText) or isinstance(right, RankedText) or (_number(left) and _number(right)):
        return left, right
    if isinstance(left, datetime) or isinstance(right, datetime):
        moments = _moments(left, right)
        if moments is not None:
            return moments
    if isinstance(left, timedelta | Duration) and isinstance(right, timedelta | Duration):
        return _length(left), _length(right)
    if isinstance(left, str) and isinstance(right, str):
        raise TypeMismatch("two texts have no order", hint="compare them with == or in, numbers in texts with | int")
    raise TypeMismatch(f"{kind_of(left)} and {kind_of(right)} have no order")


def _same_rank(left: object, right: object) -> bool:
    if not isinstance(left, RankedText):
        left, right = right, left
    if not isinstance(left, RankedText) or not isinstance(right, str):
        return False
    if isinstance(right, RankedText):
        return type(left) is type(right) and left.value == right.value
    try:
        return type(left).named(right) is left
    except UnknownRank as error:
        raise TypeMismatch(str(error)) from None


def _moments(left: object, right: object) -> tuple[datetime, datetime] | None:
    first, second = _moment(left), _moment(right)
    return None if first is None or second is None else (first, second)


def _moment(value: object) -> datetime | None:
    if isinstance(value, str):
        return moment_of(value)
    return _utc(value) if isinstance(value, datetime) else None


def moment_of(text: str) -> datetime:
    """An RFC 3339 text as a moment in UTC; `TypeMismatch` for anything else, also without a time zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise TypeMismatch(f"{text[:40]!r} is no moment", hint="write 2026-03-02T02:10:00Z") from None
    return _utc(moment)


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise TypeMismatch("a moment without time zone", hint="end it with Z, or with an offset such as +01:00")
    return moment.astimezone(UTC)


def _length(value: timedelta | Duration) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if value.is_business:
        raise TypeMismatch(f"{value} have no fixed length", hint="only a calendar can place their end")
    return value.as_timedelta()


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _bounded(value: int) -> int:
    if abs(value) > BIGGEST:
        raise TypeMismatch("a number with more than 18 digits", hint="carry it as a text")
    return value
