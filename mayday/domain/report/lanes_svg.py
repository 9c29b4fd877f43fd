"""Lanes as an SVG: stands alone, prints on paper, and tells each mark's entry to a mouse that rests on it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from html import escape

from mayday.domain.report.lanes import Bar, Lane, Mark, Tone

WIDTH, GUTTER, ROW, BAR, HEAD = 1240, 190, 26, 18, 64
#: told apart by people who see colours differently, and in grey
COLOURS: dict[Tone, str] = {
    "calm": "#c7d7ee", "busy": "#7aa6d8", "good": "#2a9d76", "bad": "#c8453b", "warn": "#e6a23c", "quiet": "#d4d4d8",
}  # fmt: skip
_DARK: frozenset[Tone] = frozenset({"good", "bad"})
_STEPS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1440, 2880))
_MOST_TICKS = 16


def drawn(lanes: Sequence[Lane], since: datetime, until: datetime, title: str) -> str:
    """An SVG of what happened between two moments; what lies outside is left out.

    Times are UTC. Raises ValueError when `until` is not after `since`.
    """
    if until <= since:
        raise ValueError("there is no time between the two moments")
    return _Sheet(since, until).draw([_cut(lane, since, until) for lane in lanes], title)


def _cut(lane: Lane, since: datetime, until: datetime) -> Lane:
    bars = [bar for bar in lane.bars if bar.since <= until and (bar.until is None or bar.until >= since)]
    return lane._replace(bars=bars, marks=[mark for mark in lane.marks if since <= mark.at <= until])


class _Sheet:
    def __init__(self, since: datetime, until: datetime) -> None:
        self._since, self._until = since, until
        self._span = (until - since).total_seconds()

    def draw(self, lanes: Sequence[Lane], title: str) -> str:
        shown = [lane for lane in lanes if lane.bars or lane.marks]
        rows: list[str] = []
        y, group = HEAD, ""
        for lane in shown:
            if lane.group != group:
                group = lane.group
                y += 8
                rows.append(
                    f'<text class="group" x="12" y="{y + 14}">{escape(group)}</text>'
                    f'<line class="rule" x1="12" y1="{y + 20}" x2="{WIDTH - 12}" y2="{y + 20}"/>'
                )
                y += 26
            rows.append(self._row(lane, y))
            y += ROW
        height = y + 44
        return "\n".join([self._begin(height, title), self._axis(y), *rows, self._legend(y + 30), "</svg>", ""])

    def _begin(self, height: int, title: str) -> str:
        style = (
            "text{font:12px system-ui,sans-serif;fill:#27272a}.title{font-size:16px;font-weight:600}"
            ".group{font-size:11px;font-weight:600;fill:#71717a;text-transform:uppercase;letter-spacing:.06em}"
            ".rule{stroke:#e4e4e7}.grid{stroke:#ececef}.time{fill:#71717a;font-size:11px}.in{font-size:11px}"
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
            f'height="{height}" role="img" aria-label="{escape(title, quote=True)}"><style>{style}</style>'
            f'<rect width="100%" height="100%" fill="#fff"/><text class="title" x="12" y="24">{escape(title)}</text>'
        )

    def _axis(self, bottom: int) -> str:
        step = next((step for step in _STEPS if self._span / step.total_seconds() <= _MOST_TICKS), _STEPS[-1])
        seconds = step.total_seconds()
        first = math.ceil(self._since.timestamp() / seconds) * seconds
        lines, day = [], None
        for number in range(int((self._until.timestamp() - first) // seconds) + 1):
            at = datetime.fromtimestamp(first + number * seconds, self._since.tzinfo)
            x = self._x(at)
            label = f"{at:%H:%M}" if at.date() == day or day is None else f"{at:%d %b %H:%M}"
            day = at.date()
            lines.append(
                f'<line class="grid" x1="{x:.1f}" y1="{HEAD - 10}" x2="{x:.1f}" y2="{bottom}"/>'
                f'<text class="time" x="{x:.1f}" y="{HEAD - 16}" text-anchor="middle">{label}</text>'
            )
        return "".join(lines) + f'<text class="time" x="12" y="{HEAD - 16}">{self._since:%d %b %Y}, UTC</text>'

    def _row(self, lane: Lane, y: int) -> str:
        name = lane.name if len(lane.name) <= 26 else lane.name[:25] + "…"
        label = f'<text x="12" y="{y + 14}">{escape(name)}<title>{escape(lane.name)}</title></text>'
        bars = sorted(lane.bars, key=lambda bar: bar.since)
        marks = sorted(lane.marks, key=lambda mark: mark.shape == "cross")  # what went wrong lies on top
        return label + "".join(self._bar(bar, y) for bar in bars) + "".join(self._mark(mark, y) for mark in marks)

    def _bar(self, bar: Bar, y: int) -> str:
        left, right = self._x(max(bar.since, self._since)), self._x(min(bar.until or self._until, self._until))
        width = max(right - left, 2.0)
        room = int((width - 8) / 6.2)
        label = bar.label if len(bar.label) <= room else bar.label[: room - 1] + "…" if room > 3 else ""
        fill = "#fff" if bar.tone in _DARK else "#27272a"
        text = f'<text class="in" x="{left + 5:.1f}" y="{y + 13}" style="fill:{fill}">{escape(label)}</text>'
        return (
            f'<g><title>{escape(bar.title)}</title><rect x="{left:.1f}" y="{y}" width="{width:.1f}" height="{BAR}" '
            f'rx="3" fill="{COLOURS[bar.tone]}"/>{text if label else ""}</g>'
        )

    def _mark(self, mark: Mark, y: int) -> str:
        x, middle, colour = self._x(mark.at), y + BAR / 2, COLOURS[mark.tone]
        title = f"{mark.at:%H:%M:%S} {mark.title}"
        return f"<g><title>{escape(title)}</title>{_shape(mark, x, middle, colour)}</g>"

    def _legend(self, y: int) -> str:
        shown = (
            ("page", "warn", "paged"), ("page", "bad", "paged, higher level"), ("tick", "good", "answered"),
            ("diamond", "good", "voted"), ("dot", "good", "sent, replied"), ("dot", "warn", "holding line, override"),
            ("cross", "bad", "missed, broken promise"),
        )  # fmt: skip
        parts, x = [], 12.0
        for shape, tone, words in shown:
            mark = Mark(self._since, shape, tone, "")  # type: ignore[arg-type] # literals of the table above
            colour = COLOURS[tone]  # type: ignore[index] # likewise
            parts.append(_shape(mark, x + 6, y - 4, colour) + f'<text class="time" x="{x + 18}" y="{y}">{words}</text>')
            x += 34 + 6.3 * len(words)
        return "".join(parts)

    def _x(self, at: datetime) -> float:
        return GUTTER + (at - self._since).total_seconds() / self._span * (WIDTH - GUTTER - 20)


def _shape(mark: Mark, x: float, y: float, colour: str) -> str:
    edge = 'stroke="#fff" stroke-width="1"'
    match mark.shape:
        case "page":
            points = f"{x:.1f},{y - 6:.1f} {x + 6:.1f},{y + 5:.1f} {x - 6:.1f},{y + 5:.1f}"
            return f'<polygon points="{points}" fill="{colour}" {edge}/>'
        case "diamond":
            points = f"{x:.1f},{y - 6:.1f} {x + 6:.1f},{y:.1f} {x:.1f},{y + 6:.1f} {x - 6:.1f},{y:.1f}"
            return f'<polygon points="{points}" fill="{colour}" {edge}/>'
        case "cross":
            path = f"M{x - 4:.1f} {y - 4:.1f}l8 8m0-8l-8 8"
            under = f'<path d="{path}" stroke="#fff" stroke-width="5"/>'
            return f'{under}<path d="{path}" stroke="{colour}" stroke-width="3"/>'
        case "tick":
            path = f"M{x - 5:.1f} {y:.1f}l3.5 4l6.5-8"
            return (
                f'<path d="{path}" stroke="#fff" stroke-width="5" fill="none"/>'
                f'<path d="{path}" stroke="{colour}" stroke-width="2.5" fill="none"/>'
            )
        case "dot":
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}" {edge}/>'
