"""The filters of expressions, `value | name(argument)`: a closed list, documented from this table.

Left out on purpose: everything that formats by locale or zone (no zones in workflow code: moments are shown in UTC),
takes a pattern, repeats text, or picks at random.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cmp_to_key
from typing import Any

from mayday.domain.durations import Duration, DurationError
from mayday.language.expression_errors import BudgetExceeded, TypeMismatch, UnknownName
from mayday.language.values import compare, kind_of, moment_of, same, text_of, words_of

__all__ = ["DEFAULT", "FILTERS", "LONGEST_LIST", "LONGEST_TEXT", "Filter"]

DEFAULT = "default"
"""The one filter that accepts a value nobody has set; evaluated by the evaluator itself."""

LONGEST_TEXT = 64 * 1024
"""Characters that one evaluation may produce; a chat message holds 40,000, a work note 65,000."""


LONGEST_LIST = 1000
"""Items that a filter or a loop goes through; nobody reads more in a message."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter. `takes` and `gives` are type names of the checker (`any`: every type, `item`: of the list given)."""

    name: str
    takes: tuple[str, ...]
    gives: str
    arguments: tuple[int, int]
    """Fewest and most arguments in the brackets."""
    summary: str
    apply: Callable[..., object]


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise TypeMismatch(f"{name} needs a text, not {kind_of(value)}")
    return str(value)


def _items(value: object, name: str) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise TypeMismatch(f"{name} needs a list, not {kind_of(value)}")
    if len(value) > LONGEST_LIST:
        raise BudgetExceeded(f"a list of more than {LONGEST_LIST} items")
    return value


def _join(value: object, separator: object = ", ") -> str:
    between = _text(separator, "join")
    parts = [text_of(item) for item in _items(value, "join")]
    if sum(map(len, parts)) + len(between) * len(parts) > LONGEST_TEXT:
        raise BudgetExceeded(f"a text of more than {LONGEST_TEXT} characters")
    return between.join(parts)


def _replace(value: object, old: object, new: object) -> str:
    text, gone, comes = _text(value, "replace"), _text(old, "replace"), _text(new, "replace")
    if not gone:
        raise TypeMismatch("replace needs a text to look for")
    if len(text) + text.count(gone) * (len(comes) - len(gone)) > LONGEST_TEXT:
        raise BudgetExceeded(f"a text of more than {LONGEST_TEXT} characters")
    return text.replace(gone, comes)


def _truncate(value: object, length: object, ending: object = "...") -> str:
    text, end = _text(value, "truncate"), _text(ending, "truncate")
    if isinstance(length, bool) or not isinstance(length, int) or length < len(end):
        raise TypeMismatch(f"truncate needs a length of {len(end)} or more")
    return text if len(text) <= length else text[: length - len(end)].rstrip() + end


def _length(value: object) -> int:
    if isinstance(value, str | list | tuple | Mapping):
        return len(value)
    raise TypeMismatch(f"length needs a text or a list, not {kind_of(value)}")


def _first(value: object) -> object:
    items = _items(value, "first")
    if not items:
        raise UnknownName("the list is empty, it has no first item", name="first", hint="write | default(...) after it")
    return items[0]


def _last(value: object) -> object:
    items = _items(value, "last")
    if not items:
        raise UnknownName("the list is empty, it has no last item", name="last", hint="write | default(...) after it")
    return items[-1]


def _sort(value: object) -> list[object]:
    def order(left: object, right: object) -> int:
        if isinstance(left, str) and isinstance(right, str) and type(left) is type(right) is str:
            return (left > right) - (left < right)
        return int(compare("gt", left, right)) - int(compare("lt", left, right))

    return sorted(_items(value, "sort"), key=cmp_to_key(order))


def _unique(value: object) -> list[object]:
    kept: list[object] = []
    for item in _items(value, "unique"):
        if not any(same(item, other) for other in kept):
            kept.append(item)
    return kept


def _int(value: object) -> int:
    if isinstance(value, float) and value == value and abs(value) < 1e18:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = _text(value, "int").strip()
    if len(text) <= 18 and text.isascii() and text.removeprefix("-").isdigit():
        return int(text)
    raise TypeMismatch(f"{text[:40]!r} is no whole number", hint="write | default(...) before | int for a missing one")


def _moment(value: object, name: str) -> datetime:
    moment = moment_of(value) if isinstance(value, str) else value
    if not isinstance(moment, datetime):
        raise TypeMismatch(f"{name} needs a moment, not {kind_of(value)}")
    return moment


def _date(value: object) -> str:
    return text_of(_moment(value, "date"))[:10]


def _time(value: object) -> str:
    return text_of(_moment(value, "time"))[11:]


def _elapsed(value: object, name: str) -> timedelta:
    if isinstance(value, str):
        try:
            value = Duration.parse(value)
        except DurationError as error:
            raise TypeMismatch(error.message, hint=error.hint) from None
    if isinstance(value, Duration) and not value.is_business:
        return value.as_timedelta()
    if not isinstance(value, timedelta):
        raise TypeMismatch(f"{name} needs a length of time, not {kind_of(value)}", hint="now - incident.opened_at")
    return value


def _minutes(value: object) -> int:
    return int(_elapsed(value, "minutes").total_seconds() // 60)


def _hours(value: object) -> int:
    return int(_elapsed(value, "hours").total_seconds() // 3600)


def _duration(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**10:
        return words_of(timedelta(seconds=value))
    return words_of(_elapsed(value, "duration"))


_TABLE = (
    Filter(
        DEFAULT,
        ("any",),
        "any",
        (1, 1),
        "this instead, where the value is unknown or not set",
        lambda value, instead: value,
    ),
    Filter("upper", ("string",), "string", (0, 0), "in capitals", lambda value: _text(value, "upper").upper()),
    Filter("lower", ("string",), "string", (0, 0), "in small letters", lambda value: _text(value, "lower").lower()),
    Filter(
        "title", ("string",), "string", (0, 0), "Each Word Capitalised", lambda value: _text(value, "title").title()
    ),
    Filter(
        "capitalize",
        ("string",),
        "string",
        (0, 0),
        "first letter large, the rest small",
        lambda value: _text(value, "capitalize").capitalize(),
    ),
    Filter(
        "trim", ("string",), "string", (0, 0), "without space around it", lambda value: _text(value, "trim").strip()
    ),
    Filter("replace", ("string",), "string", (2, 2), "every first text replaced with the second", _replace),
    Filter("truncate", ("string",), "string", (1, 2), "at most so many characters, ending in `...`", _truncate),
    Filter("string", ("any",), "string", (0, 0), "as it would read in a text", text_of),
    Filter("int", ("string", "number"), "integer", (0, 0), "the whole number in a text", _int),
    Filter("length", ("string", "list", "mapping"), "integer", (0, 0), "how many characters or items", _length),
    Filter("join", ("list",), "string", (0, 1), "the items in one text, between them `, ` or the given text", _join),
    Filter("first", ("list",), "item", (0, 0), "the first item", _first),
    Filter("last", ("list",), "item", (0, 0), "the last item", _last),
    Filter("sort", ("list",), "list", (0, 0), "from least to most", _sort),
    Filter("unique", ("list",), "list", (0, 0), "each item once", _unique),
    Filter("date", ("datetime",), "string", (0, 0), "`2026-03-02`, in UTC", _date),
    Filter("time", ("datetime",), "string", (0, 0), "`02:10 UTC`", _time),
    Filter("minutes", ("duration", "string"), "integer", (0, 0), "whole minutes of a length of time", _minutes),
    Filter("hours", ("duration", "string"), "integer", (0, 0), "whole hours of a length of time", _hours),
    Filter("duration", ("duration", "integer", "string"), "string", (0, 0), "in words; a number is seconds", _duration),
)

FILTERS: Mapping[str, Filter] = {entry.name: entry for entry in _TABLE}
