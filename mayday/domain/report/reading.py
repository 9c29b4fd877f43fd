"""Small readers over timeline entries, forgiving: a kind or a value that is not there is nothing, never an error."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from mayday.domain.timeline import Entry, parse_timestamp


def at(entry: Entry) -> datetime:
    """When it was taken down."""
    return parse_timestamp(entry.at)


def happened(entry: Entry) -> datetime:
    """When it happened: a person may report late, an alert waits in the inbox."""
    return moment(entry.data.get("occurred_at")) or at(entry)


def moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        return None
    try:
        found = parse_timestamp(value)
    except ValueError:
        return None
    return found if found.tzinfo else None


def text(value: Any) -> str:
    return "" if value is None else str(value)


def number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def texts(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [] if value is None else [str(value)]


def of(entries: Iterable[Entry], *kinds: str) -> list[Entry]:
    return [entry for entry in entries if entry.kind in kinds]


def first(entries: Iterable[Entry], *kinds: str) -> Entry | None:
    return next((entry for entry in entries if entry.kind in kinds), None)


def last(entries: Iterable[Entry], *kinds: str) -> Entry | None:
    found = None
    for entry in entries:
        if entry.kind in kinds:
            found = entry
    return found


def seconds(start: datetime | None, end: datetime | None) -> int | None:
    """Whole seconds; None where an end is missing, 0 where the end is before the start."""
    return None if start is None or end is None else max(0, int((end - start).total_seconds()))
