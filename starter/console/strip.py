"""The strip over time: one lane for each kind of work, now at the right edge.

Positions are thousandths of the time shown. The drawing carries no text of its own; a table with the same facts stands
behind it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mayday.domain.timeline import Entry, parse_timestamp
from starter.console.names import Names
from starter.console.sheets import spoken

__all__ = ["Lane", "Mark", "Strip", "strip_of"]

WIDTH = 1000
SHORTEST = timedelta(minutes=5)
"""A fresh incident is not stretched over the whole width."""
LANES = ("status", "people", "pages", "gates", "updates", "vendors")
MOST = 400


@dataclass(frozen=True)
class Mark:
    """Something that lasted (`width`), or happened (a narrow mark). `open`: it goes on."""

    at: str
    x: int
    width: int
    text: str
    style: str
    open: bool = False
    until: str | None = None
    label: str = ""


@dataclass
class Lane:
    name: str
    marks: list[Mark] = field(default_factory=list)


@dataclass(frozen=True)
class Strip:
    begins_at: datetime
    ends_at: datetime
    over: bool
    lanes: list[Lane]
    ticks: list[tuple[int, datetime]]


_POINTS = {
    "role_taken": ("people", "hand"),
    "joined": ("people", "hand"),
    "page_exhausted": ("pages", "bad"),
    "message_sent": ("updates", "sent"),
    "message_held": ("updates", "held"),
    "update_missed": ("updates", "bad"),
    "vendor_breached": ("vendors", "bad"),
    "vendor_replied": ("vendors", "hand"),
}
_OPENS = {"paged": ("pages", "page"), "gate_opened": ("gates", "decision"), "vendor_engaged": ("vendors", "vendor")}
_CLOSES = {
    "acknowledged": ("pages", "page"),
    "page_exhausted": ("pages", "page"),
    "gate_decided": ("gates", "decision"),
    "vendor_closed": ("vendors", "vendor"),
}


def strip_of(entries: list[Entry], opened_at: datetime, now: datetime, names: Names, *, over: bool) -> Strip:
    """From the opening to now, or to the end of what is over."""
    end = parse_timestamp(entries[-1].at) if over and entries else now
    finished = next((entry for entry in entries if entry.kind == "finished"), None)
    if over and finished is not None:
        end = parse_timestamp(finished.at)
    sheet = _Sheet(opened_at, end, names)
    for entry in entries[:MOST] if len(entries) <= MOST else [*entries[: MOST // 2], *entries[-MOST // 2 :]]:
        sheet.take(entry)
    return sheet.done(over, end)


class _Sheet:
    def __init__(self, begin: datetime, end: datetime, names: Names) -> None:
        self._begin, self._end, self._names = min(begin, end - SHORTEST), end, names
        self._lanes = {name: Lane(name) for name in LANES}
        self._open: dict[tuple[str, str], Entry] = {}
        self._status: tuple[str, datetime] = ("investigating", begin)

    def take(self, entry: Entry) -> None:
        at = parse_timestamp(entry.at)
        at = min(at, self._end)
        if entry.kind == "status_changed":
            self._lanes["status"].marks.append(self._bar(self._status[1], at, self._status[0], "status"))
            self._status = (str(entry.data.get("status")), at)
        if entry.kind in _CLOSES:
            self._close(entry, at)
        if entry.kind in _OPENS and self._is_a_call(entry):
            self._open.setdefault((_OPENS[entry.kind][0], self._key(entry)), entry)
        if entry.kind in _POINTS:
            lane, style = _POINTS[entry.kind]
            self._lanes[lane].marks.append(Mark(entry.at, self._x(at), 0, self._names.entry(entry), style))

    def done(self, over: bool, end: datetime) -> Strip:
        self._lanes["status"].marks.append(self._bar(self._status[1], end, self._status[0], "status", open_=not over))
        for (lane, _), entry in self._open.items():
            at = parse_timestamp(entry.at)
            words = self._names.entry(entry)
            self._lanes[lane].marks.append(self._bar(at, end, words, lane, self._named(entry), open_=not over))
        span = self._end - self._begin
        ticks = [(WIDTH * step // 4, self._begin + span * step / 4) for step in range(4)]
        return Strip(self._begin, self._end, over, list(self._lanes.values()), ticks)

    def _close(self, entry: Entry, at: datetime) -> None:
        lane = _CLOSES[entry.kind][0]
        opened = self._open.pop((lane, self._key(entry)), None)
        if opened is not None:
            words = f"{self._names.entry(opened)}; {self._names.entry(entry)}"
            self._lanes[lane].marks.append(self._bar(parse_timestamp(opened.at), at, words, lane, self._named(opened)))

    def _named(self, entry: Entry) -> str:
        vendor = entry.data.get("vendor")
        return self._names.vendor(str(vendor)) if vendor else self._key(entry)

    @staticmethod
    def _is_a_call(entry: Entry) -> bool:
        return entry.kind != "paged" or entry.data.get("purpose") == "page"

    @staticmethod
    def _key(entry: Entry) -> str:
        return str(entry.data.get("page") or entry.data.get("decision") or entry.step)

    def _bar(self, at: datetime, end: datetime, text: str, style: str, label: str = "", *, open_: bool = False) -> Mark:
        x = self._x(at)
        return Mark(
            at.isoformat(), x, max(self._x(end) - x, 4), spoken(text) if style == "status" else text, style, open_,
            None if open_ else end.isoformat(), spoken(label or text),
        )  # fmt: skip

    def _x(self, at: datetime) -> int:
        share = (at - self._begin) / (self._end - self._begin)
        return max(0, min(WIDTH, round(share * WIDTH)))
