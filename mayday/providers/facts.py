"""From a vendor's fields to one of our alerts: keys, titles, labels, times and grades, the same way for all sources.

What a vendor leaves out is left out; only what tells one alert from another has to be there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from mayday.domain.incident import AlertEvent
from mayday.providers.inbound import (
    BUDGET,
    LONGEST_NAME,
    MOST_NAMES,
    Delivery,
    Malformed,
    clean_text,
    fingerprint_of,
    kind_of,
)

__all__ = [
    "GRADES", "State", "alert", "epoch", "facts", "fields", "grade", "items", "needed", "put", "scalar", "tags",
    "title_of",
]  # fmt: skip

State = Literal["firing", "resolved"]
LONGEST_TITLE = 200
LONGEST_KEY = 200

#: what vendors call how bad it is, in the four words that routes match as `severity`
GRADES: dict[str, str] = {
    **dict.fromkeys(("critical", "fatal", "emergency", "disaster", "p1", "sev0", "1", "availability"), "critical"),
    **dict.fromkeys(("error", "high", "major", "p2", "sev1", "2"), "error"),
    **dict.fromkeys(
        ("warning", "warn", "medium", "moderate", "minor", "p3", "sev2", "3", "performance", "resource_contention",
         "custom_alert", "monitoring_unavailable"), "warning",
    ),
    **dict.fromkeys(
        ("info", "informational", "low", "planning", "normal", "none", "p4", "p5", "sev3", "sev4", "4", "5"), "info"
    ),
}  # fmt: skip


def grade(*values: object) -> str | None:
    """The first value that says how bad it is, as critical, error, warning or info."""
    for value in values:
        word = scalar(value).strip().lower()
        for candidate in (word, word.partition(" ")[0]):
            if candidate in GRADES:
                return GRADES[candidate]
    return None


def scalar(value: object) -> str:
    """A text, number or boolean as text; the empty text for nothing and for what has parts."""
    return "" if value is None or isinstance(value, dict | list) else clean_text(value)


def fields(value: object) -> dict[str, Any]:
    """`value` when it is an object, else an empty one: for parts that may be missing."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """`value` when it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def needed(body: Mapping[str, Any], *names: str, where: str = "") -> str:
    """The first of `names` that has a value; `Malformed` where none has."""
    for name in names:
        if text := scalar(body.get(name)).strip():
            return text
    field = f"{where}.{names[0]}" if where else names[0]
    given = body.get(names[0])
    if isinstance(given, dict | list):
        raise Malformed(field, f"expected a text, got {kind_of(given)}")
    raise Malformed(field, "is missing")


def title_of(*candidates: object) -> str:
    """The first candidate with words in it, on one line."""
    for candidate in candidates:
        text = " ".join(scalar(candidate).split())
        if text:
            return clean_text(text, LONGEST_TITLE)
    return "Alert without a name"


def facts(*pairs: Mapping[str, object], **more: object) -> dict[str, str]:
    """Labels or annotations: what has a value, as text, as far as the budget goes."""
    found: dict[str, str] = {}
    budget = BUDGET
    for given in (more, *pairs):
        for name, value in given.items():
            text = scalar(value)
            key = clean_text(name, LONGEST_NAME)
            if not text or key in found:
                continue
            budget -= len(key.encode()) + len(text.encode())
            if budget < 0 or len(found) == MOST_NAMES:
                return found
            found[key] = text
    return found


def put(labels: dict[str, str], name: object, value: object) -> None:
    """Add one label, unless it has no value, the name is taken or there are enough."""
    key, text = clean_text(name, LONGEST_NAME), scalar(value)
    if text and key and key not in labels and len(labels) < MOST_NAMES:
        if sum(len(one) + len(other) for one, other in labels.items()) + len(key) + len(text) <= BUDGET // 4:
            labels[key] = text


def tags(listed: Iterable[object]) -> dict[str, str]:
    """`env:prod` and `env=prod` as label and value; a bare word as a label that is true."""
    found: dict[str, str] = {}
    for each in listed:
        text = scalar(each).strip()
        cut = next((mark for mark in text if mark in ":="), None)
        name, _, value = text.partition(cut) if cut else (text, "", "true")
        if name.strip() and len(found) < MOST_NAMES:
            found.setdefault(clean_text(name.strip(), LONGEST_NAME), clean_text(value.strip()))
    return found


def epoch(value: object) -> datetime | None:
    """Seconds, milliseconds or nanoseconds since 1970, as number or text; None for nothing, 0 and what is no time."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = int(value)
        scale = next((scale for scale in (1, 10**3, 10**6, 10**9) if number < scale * 10**11), 0)
        if number <= 0 or scale == 0:
            return None
        whole = datetime.fromtimestamp(number // scale, UTC)
        return whole.replace(microsecond=number % scale * 10**6 // scale)
    except (ValueError, OverflowError, OSError):
        return None


def alert(
    delivery: Delivery,
    source: str,
    *,
    key: str,
    occurrence: str,
    state: State,
    title: str,
    labels: dict[str, str],
    annotations: dict[str, str],
    started_at: datetime | None = None,
) -> AlertEvent:
    """One event. `key` tells the alert from others and joins its firing and its end, `occurrence` tells this message
    from others and is the same when it is sent again."""
    return AlertEvent(
        source=source,
        dedupe_key=f"{source}:{_short(occurrence)}:{state}",
        alert_key=_short(key),
        state=state,
        title=title,
        labels=labels,
        annotations=annotations,
        started_at=started_at,
        received_at=delivery.received_at,
    )


def _short(key: str) -> str:
    key = clean_text(key, 10_000)
    return key if len(key) <= LONGEST_KEY else fingerprint_of(key)
