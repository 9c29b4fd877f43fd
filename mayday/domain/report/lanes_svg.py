"""Lanes as an SVG, which tells each mark's entry to a mouse that rests on it.

`drawn` stands alone and prints on paper; `embedded` is for a page, whose stylesheet colours it by the same classes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from html import escape

from mayday.domain.report.lanes import Bar, Lane, Mark, Tone
from mayday.domain.timeline import timestamp

WIDTH, GUTTER, MARGIN, ROW, BAR, HEAD = 1240, 190, 20, 26, 18, 64
#: told apart by people who see colours differently, and in grey
COLOURS: dict[Tone, str] = {
    "calm": "#c7d7ee", "busy": "#7aa6d8", "good": "#2a9d76", "bad": "#c8453b", "warn": "#e6a23c", "quiet": "#d4d4d8",
}  # fmt: skip
_DARK: frozenset[Tone] = frozenset({"good", "bad"})
_STYLE = "".join(
    [
        "text{font:12px system-ui,sans-serif;fill:#27272a}.title{font-size:16px;font-weight:600}",
        ".group{font-size:11px;font-weight:600;fill:#6b6b74;text-transform:uppercase;letter-spacing:.06em}",
        ".rule{stroke:#e4e4e7}.grid{stroke:#ececef}.time{fill:#6b6b74;font-size:11px}.in{font-size:11px}",
        ".edge{stroke:#fff;fill:none}.mark{stroke:#fff;stroke-width:1}.line{fill:none;stroke-width:2.5}.on{fill:#fff}",
        *(f".{tone}{{fill:{colour}}}.line.{tone}{{stroke:{colour};fill:none}}" for tone, colour in COLOURS.items()),
    ]
)
_STEPS = (
    *(timedelta(seconds=seconds) for seconds in (5, 10, 15, 30)),
    *(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 240, 480)),
    *(timedelta(days=days) for days in (1, 2, 7, 14, 28, 91, 364)),
)
_MOST_TICKS = 16


def drawn(lanes: Sequence[Lane], since: datetime, until: datetime, title: str) -> str:
    """An SVG of what happened between two moments; what lies outside is left out.

    Times are UTC. Raises ValueError when `until` is not after `since`.
    """
    return _sheet(since, until).draw([_cut(lane, since, until) for lane in lanes], title, alone=True)


def embedded(lanes: Sequence[Lane], since: datetime, until: datetime, title: str, now: datetime | None = None) -> str:
    """The same for a page of ours, without colours of its own; `now` is a moment to point at. Raises ValueError."""
    return _sheet(since, until).draw([_cut(lane, since, until) for lane in lanes], title, now=now)


def _sheet(since: datetime, until: datetime) -> _Sheet:
    if until <= since:
        raise ValueError("there is no time between the two moments")
    return _Sheet(since, until)


def _cut(lane: Lane, since: datetime, until: datetime) -> Lane:
    bars = [bar for bar in lane.bars if bar.since <= until and (bar.until is None or bar.until >= since)]
    return lane._replace(bars=bars, marks=[mark for mark in lane.marks if since <= mark.at <= until])


class _Sheet:
    def __init__(self, since: datetime, until: datetime) -> None:
        self._since, self._until = since, until
        self._span = (until - since).total_seconds()

    def draw(self, lanes: Sequence[Lane], title: str, *, alone: bool = False, now: datetime | None = None) -> str:
        self._head = HEAD if alone else HEAD - 28  # a page has the title already
        shown = [lane for lane in lanes if lane.bars or lane.marks]
        rows: list[str] = []
        y, group = self._head, ""
        for lane in shown:
            if lane.group != group:
                group = lane.group
                y += 8
                rows.append(
                    f'<text class="group" x="12" y="{y + 14}">{escape(group)}</text>'
                    f'<path class="rule" d="M12 {y + 20}H{WIDTH - 12}"/>'
                )
                y += 26
            rows.append(self._row(lane, y))
            y += ROW
        height = y + 44
        begin = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
            f'height="{height}" role="img" aria-label="{escape(title, quote=True)}">'
        )
        if alone:
            begin += (
                f'<style>{_STYLE}</style><rect width="100%" height="100%" fill="#fff"/>'
                f'<text class="title" x="12" y="24">{escape(title)}</text>'
            )
        pointer = "" if now is None or not self._since <= now <= self._until else self._pointer(now, y)
        return "\n".join([begin, self._axis(y), *rows, self._legend(y + 30), pointer, "</svg>", ""])

    def _pointer(self, now: datetime, bottom: int) -> str:
        return f'<path class="pointer" d="M0 {self._head - 12}V{bottom}" transform="translate({self._x(now):.1f} 0)"/>'

    def _axis(self, bottom: int) -> str:
        step = next((step for step in _STEPS if self._span / step.total_seconds() <= _MOST_TICKS), _STEPS[-1])
        seconds = step.total_seconds()
        first = math.ceil(self._since.timestamp() / seconds) * seconds
        lines, day = [], None
        for number in range(int((self._until.timestamp() - first) // seconds) + 1):
            at = datetime.fromtimestamp(first + number * seconds, self._since.tzinfo)
            x = self._x(at)
            label, form = _tick(at, step, new_day=day is not None and at.date() != day)
            day = at.date()
            lines.append(
                f'<path class="grid" d="M{x:.1f} {self._head - 10}V{bottom}"/>'
                f'<text class="time" x="{x:.1f}" y="{self._head - 16}" text-anchor="middle" '
                f'data-moment="{timestamp(at)}"{form}>{label}</text>'
            )
        begin = f'<text class="time" x="12" y="{self._head - 16}" data-moment="day {timestamp(self._since)}">'
        return "".join(lines) + f"{begin}{self._since:%d %b %Y}, UTC</text>"

    def _row(self, lane: Lane, y: int) -> str:
        name = lane.name if len(lane.name) <= 26 else lane.name[:25] + "…"
        label = f'<text x="12" y="{y + 14}">{escape(name)}<title>{escape(lane.name)}</title></text>'
        bars = sorted(lane.bars, key=lambda bar: bar.since)
        marks = sorted(lane.marks, key=lambda mark: mark.shape == "cross")  # what went wrong lies on top
        at = [self._x(mark.at) for mark in marks]
        return label + "".join(self._bar(bar, y, at) for bar in bars) + "".join(self._mark(mark, y) for mark in marks)

    def _bar(self, bar: Bar, y: int, marks: Sequence[float]) -> str:
        """With its label where no mark would cover the beginning, and none where only two letters would fit."""
        left, right = self._x(max(bar.since, self._since)), self._x(min(bar.until or self._until, self._until))
        width = max(right - left, 2.0)
        indent = 14 if any(left - 4 < x < left + 14 for x in marks) else 5
        room = int((width - indent - 3) / 6.2)
        label = bar.label if len(bar.label) <= room else bar.label[: room - 1] + "…" if room > 7 else ""
        tone = f"in on {bar.tone}-on" if bar.tone in _DARK else f"in {bar.tone}-on"
        text = f'<text class="{tone}" x="{left + indent:.1f}" y="{y + 13}">{escape(label)}</text>'
        return (
            f'<g><title>{escape(bar.title)}</title><rect x="{left:.1f}" y="{y}" width="{width:.1f}" height="{BAR}" '
            f'rx="3" class="{bar.tone}"/>{text if label else ""}</g>'
        )

    def _mark(self, mark: Mark, y: int) -> str:
        x, middle = self._x(mark.at), y + BAR / 2
        title = f"{mark.at:%H:%M:%S}Z {mark.title}"
        return f"<g><title>{escape(title)}</title>{_shape(mark, x, middle)}</g>"

    def _legend(self, y: int) -> str:
        shown = (
            ("page", "warn", "paged"), ("page", "bad", "paged, higher level"), ("tick", "good", "answered"),
            ("diamond", "good", "voted"), ("dot", "good", "sent, replied"), ("dot", "warn", "holding line, override"),
            ("dot", "quiet", "note"), ("diamond", "warn", "severity, merge"),
            ("cross", "bad", "missed, broken promise"),
        )  # fmt: skip
        parts, x = [], 12.0
        for shape, tone, words in shown:
            mark = Mark(self._since, shape, tone, "")  # type: ignore[arg-type] # literals of the table above
            parts.append(_shape(mark, x + 6, y - 4) + f'<text class="time" x="{x + 18}" y="{y}">{words}</text>')
            x += 34 + 6.3 * len(words)
        return "".join(parts)

    def _x(self, at: datetime) -> float:
        return GUTTER + (at - self._since).total_seconds() / self._span * (WIDTH - GUTTER - MARGIN)


def _tick(at: datetime, step: timedelta, *, new_day: bool) -> tuple[str, str]:
    """What stands above a line, and a word for the page that writes it in another zone."""
    if step >= timedelta(days=28):
        return f"{at:%d %b %Y}", ' data-form="year"'
    if step >= timedelta(days=1):
        return f"{at:%d %b}", ' data-form="date"'
    clock, form = (f"{at:%H:%M:%S}", "seconds") if step < timedelta(minutes=1) else (f"{at:%H:%M}", "")
    label, form = (f"{at:%d %b} {clock}", f"day {form}".strip()) if new_day else (clock, form)
    return label, f' data-form="{form}"' if form else ""


def _shape(mark: Mark, x: float, y: float) -> str:
    filled, drawn_line = f'class="mark {mark.tone}"', f'class="line {mark.tone}"'
    match mark.shape:
        case "page":
            points = f"{x:.1f},{y - 6:.1f} {x + 6:.1f},{y + 5:.1f} {x - 6:.1f},{y + 5:.1f}"
            return f'<polygon points="{points}" {filled}/>'
        case "diamond":
            points = f"{x:.1f},{y - 6:.1f} {x + 6:.1f},{y:.1f} {x:.1f},{y + 6:.1f} {x - 6:.1f},{y:.1f}"
            return f'<polygon points="{points}" {filled}/>'
        case "cross" | "tick":
            path = (
                f"M{x - 4:.1f} {y - 4:.1f}l8 8m0-8l-8 8"
                if mark.shape == "cross"
                else f"M{x - 5:.1f} {y:.1f}l3.5 4l6.5-8"
            )
            return f'<path d="{path}" class="edge" stroke-width="5"/><path d="{path}" {drawn_line}/>'
        case "dot":
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" {filled}/>'
