"""What a drill lets happen: the machines' part of a scenario's timeline, at its moments.

Alerts, vendors' answers, events and news (`note`) are played; what people do in the scenario is left to the people of
the drill.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from mayday.domain.incident import Inject
from mayday.language.injects import INJECTED
from mayday.language.scenario import TimelineItem
from mayday.simulator.commands import command_of
from mayday.simulator.opening import alert_of

__all__ = ["InjectRefused", "inject_of", "injects_of"]


class InjectRefused(ValueError):
    """An inject that no drill can play, with the number of its item, counted from 1."""


def injects_of(items: Sequence[dict[str, Any]], opened_at: datetime) -> list[Inject]:
    """The injects of a scenario's items, in their order. Raises InjectRefused."""
    found = [_inject(item, number, opened_at) for number, item in enumerate(items, start=1)]
    return sorted(found, key=lambda inject: inject.after_s)


def inject_of(item: dict[str, Any], at: datetime) -> Inject:
    """One that happens now: an item without its `at`. Raises InjectRefused."""
    if "at" in item:
        raise InjectRefused("at: it happens now")
    try:
        return _inject({"at": "T+0s", **item}, 1, at)
    except InjectRefused as error:
        raise InjectRefused(str(error).removeprefix("1: ")) from None


def _inject(given: dict[str, Any], number: int, opened_at: datetime) -> Inject:
    try:
        item = TimelineItem.model_validate({"by": "drill", **given} if "note" in given else given)
        if item.verb not in INJECTED:
            raise InjectRefused(f"{number}: `{item.verb}` is what people do; a drill plays {', '.join(INJECTED)}")
        at = opened_at + item.offset
        after_s = int(item.offset.total_seconds())
        if item.alert is not None:
            alerts = item.alert if isinstance(item.alert, list) else [item.alert]
            events = [
                alert_of({"source": "drill", **alert}, number * 1_000 + place, at) for place, alert in enumerate(alerts)
            ]
            titles = ", ".join(event.title for event in events)
            return Inject(after_s=after_s, what=f"alert {titles}"[:500], alerts=events)
        command = command_of(item, number, at).model_dump(mode="json", exclude_none=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InjectRefused(f"{number}: {f'{place}: ' if place else ''}{first['msg']}") from None
    kept = {name: value for name, value in command.items() if name not in ("id", "actor", "channel", "received_at")}
    return Inject(after_s=after_s, what=_words(item), command=kept)


def _words(item: TimelineItem) -> str:
    match item.verb:
        case "vendor_reply":
            return f"{item.vendor_reply}: the vendor says {item.kind} {item.text or ''}".strip()[:500]
        case "event":
            return f"event {item.event}"
    return f"news: {item.note}"[:500]
