"""The picture of a runbook as SVG: phases from left to right, below them what runs on the clock. Text stays text.

Deterministic, with no font measured: widths are estimated on the safe side, lines are wrapped accordingly.
"""

from __future__ import annotations

import textwrap
from xml.sax.saxutils import escape

from mayday.domain.plain_words import plain_length
from mayday.language.picture import Axis, Bar, Item, Lane, Picture, Row

__all__ = ["svg_of"]

MARGIN, GAP = 32, 18
NARROWEST_COLUMN, WIDEST_COLUMN, FEWEST_UNITS = 270, 400, 1180
FONT, SMALL, LINE, SMALL_LINE = 13, 11, 17, 15
CHARACTER, BOLD = 0.575, 0.665
"""Mean width of a letter by its size; on the safe side for Helvetica, Arial and DejaVu Sans."""
LABELS, ROW = 300, 52
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800)
INK, QUIET, PAPER, RULE = "#1b1f24", "#57606a", "#ffffff", "#d0d7de"
COLOURS = {
    "automatic": ("#ddf4ff", "#0969da"),
    "message": ("#e6f6ee", "#1a7f37"),
    "page": ("#ffebe9", "#cf222e"),
    "vendor": ("#fbefff", "#8250df"),
    "decision": ("#fff1c7", "#9a6700"),
    "person": ("#f3f0ea", "#6e5c3f"),
    "wait": ("#f6f8fa", "#57606a"),
    "group": ("#ffffff", "#8c959f"),
    "note": ("#f6f8fa", "#8c959f"),
}
NAMES = {
    "page": "wakes a person",
    "decision": "a decision",
    "person": "work for a person",
    "message": "a message",
    "automatic": "done by itself",
    "vendor": "a vendor's case",
    "wait": "a wait",
}
BARS = {
    "ring": ("#ffb3ad", "#cf222e"),
    "again": ("#ffe3e0", "#e5867f"),
    "gate": ("#f4cf6a", "#9a6700"),
    "extended": ("#fff1c7", "#9a6700"),
    "clock": ("#e2cdfb", "#8250df"),
    "review": ("#bfe8cd", "#bfe8cd"),
}


def svg_of(picture: Picture) -> str:
    """A whole SVG file. Its `title` and `desc` say the same for readers who hear it."""
    return _Sheet(picture).text()


class _Sheet:
    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._out: list[str] = []
        count = max(len(picture.phases), 1)
        self._column = min(max((FEWEST_UNITS - (count - 1) * GAP) // count, NARROWEST_COLUMN), WIDEST_COLUMN)
        self._width = max(FEWEST_UNITS, count * (self._column + GAP) - GAP) + 2 * MARGIN

    def text(self) -> str:
        picture = self._picture
        y = MARGIN + 18
        self._say(MARGIN, y, picture.title, 24, weight=700)
        for line in _wrapped(picture.about, self._width - 2 * MARGIN, 14):
            y += 22
            self._say(MARGIN, y, line, 14, QUIET)
        y = self._legend(y + 30)
        y = self._columns(picture.phases, y + 12, arrows=True)
        if picture.others:
            y = self._heading(y, "Beside the phases", "")
            across = max(1, (self._width - 2 * MARGIN + GAP) // (self._column + GAP))
            for first in range(0, len(picture.others), across):
                y = self._columns(picture.others[first : first + across], y, arrows=False)
        for axis in picture.axes:
            y = self._axis(axis, y)
        return self._framed(y + MARGIN)

    def _framed(self, height: int) -> str:
        phases = "; ".join(f"{lane.title}: {lane.until}" for lane in self._picture.phases)
        rows = ". ".join(f"{row.title}: {row.then}" for axis in self._picture.axes for row in axis.rows)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self._width} {height}" width="{self._width}" '
            f'height="{height}" role="img" aria-labelledby="picture-title picture-desc" '
            "font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\">\n"
            f'<title id="picture-title">{escape(self._picture.title)}</title>\n'
            f'<desc id="picture-desc">{escape(f"{self._picture.about} Phases: {phases}. {rows}.")}</desc>\n'
            f'<rect width="{self._width}" height="{height}" fill="{PAPER}"/>\n'
        )
        return head + "\n".join(self._out) + "\n</svg>\n"

    def _legend(self, y: int) -> int:
        x = MARGIN
        for kind, name in NAMES.items():
            fill, edge = COLOURS[kind]
            self._box(x, y - 11, 14, 14, fill, edge, 3)
            self._say(x + 20, y, name, SMALL + 1, QUIET)
            x += 44 + int(len(name) * (SMALL + 1) * CHARACTER)
        self._say(x, y, "- - -  the next steps do not wait for it", SMALL + 1, QUIET)
        return y

    def _columns(self, lanes: tuple[Lane, ...], y: int, *, arrows: bool) -> int:
        bottom = y
        for number, lane in enumerate(lanes):
            x = MARGIN + number * (self._column + GAP)
            bottom = max(bottom, self._lane(lane, x, y, arrow=arrows and number + 1 < len(lanes)))
        return bottom + 16

    def _lane(self, lane: Lane, x: int, y: int, *, arrow: bool) -> int:
        titles = _wrapped(lane.title, self._column - 40, 15, bold=True)
        until = _wrapped(lane.until, self._column - 40, SMALL)
        height = 14 + 20 * len(titles) + SMALL_LINE * len(until)
        right, middle = x + self._column, y + height // 2
        tip = f"L{right + GAP - 3},{middle} " if arrow else f"L{right},{middle} "
        self._out.append(f'<path d="M{x},{y} H{right} {tip}L{right},{y + height} H{x} Z" fill="#24292f"/>')
        at = y + 24
        for line in titles:
            self._say(x + 14, at, line, 15, "#ffffff", weight=700)
            at += 20
        for line in until:
            self._say(x + 14, at - 4, line, SMALL, "#d0d7de")
            at += SMALL_LINE
        at = y + height + 10
        for item in lane.items:
            at = self._item(item, x, at)
        return at

    def _item(self, item: Item, x: int, y: int) -> int:
        indent = min(item.depth, 7) * 12
        left, width = x + indent, self._column - indent
        if item.kind == "outcome":
            lines = _wrapped(item.text, width - 10, FONT, bold=True)
            for number, line in enumerate(lines):
                colour = _outcome_colour(item)
                self._say(left + 4, y + 13 + number * LINE, line, FONT, colour, weight=700)
            return y + LINE * len(lines) + 4
        fill, edge = COLOURS[item.kind]
        bold = item.kind in ("decision", "page")
        lines = _wrapped(item.text, width - 22, FONT, bold=bold)
        details = [line for detail in item.details for line in _wrapped(detail, width - 22, SMALL)]
        height = 10 + LINE * len(lines) + SMALL_LINE * len(details)
        self._box(left, y, width, height, fill, edge, 5, dashed=item.beside)
        self._out.append(f'<rect x="{left}" y="{y}" width="4" height="{height}" fill="{edge}"/>')
        at = y + 18
        for line in lines:
            self._say(left + 13, at, line, FONT, weight=600 if bold else 400)
            at += LINE
        for line in details:
            self._say(left + 13, at - 2, line, SMALL, QUIET)
            at += SMALL_LINE
        return y + height + 6

    def _heading(self, y: int, title: str, note: str) -> int:
        self._out.append(f'<path d="M{MARGIN},{y + 8} H{self._width - MARGIN}" stroke="{RULE}"/>')
        self._say(MARGIN, y + 36, title, 18, weight=700)
        self._say(MARGIN + 14 + int(len(title) * 18 * BOLD), y + 36, note, 13, QUIET)
        return y + 52

    def _axis(self, axis: Axis, y: int) -> int:
        y = self._heading(y, axis.title, axis.note)
        left, right = MARGIN + LABELS, self._width - MARGIN - 60
        span = _span(axis)
        step = next((size for size in STEPS if span / size <= 9), STEPS[-1] * -(-span // (STEPS[-1] * 9)))
        scale = (right - left) / span
        bottom = y + 26 + ROW * len(axis.rows)
        for at in range(0, span + 1, step):
            place = int(left + at * scale)
            self._out.append(f'<path d="M{place},{y + 18} V{bottom - 8}" stroke="{RULE}" stroke-dasharray="2 3"/>')
            self._say(place, y + 12, plain_length(at) if at else "0", SMALL, QUIET, anchor="middle")
        y += 26
        for row in axis.rows:
            self._row(row, y, left, scale, span)
            y += ROW
        return y + 6

    def _row(self, row: Row, y: int, left: int, scale: float, span: int) -> None:
        title = _wrapped(row.title, LABELS - 16, FONT, bold=True) or [""]
        since = _wrapped(row.since, LABELS - 16, SMALL) or [""]
        for number, line in enumerate([title[0], f"{title[1]}{'…' if title[2:] else ''}"] if title[1:] else title):
            self._say(MARGIN, y + 13 + 15 * number, line, FONT, weight=600)
        self._say(MARGIN, y + (42 if title[1:] else 28), since[0] + ("…" if since[1:] else ""), SMALL, QUIET)
        end = left
        for bar in row.bars:
            if bar.start < span:
                end = max(end, self._bar(bar, y, left, scale, span))
        for at, words in row.marks:
            if at <= span:
                place = int(left + at * scale)
                beside_text = bool(row.bars) and not row.repeats
                middle, radius = (y + 22, 3) if beside_text else (y + 11, 5)
                self._out.append(f'<circle cx="{place}" cy="{middle}" r="{radius}" fill="{INK}"/>')
                self._say(place + 9, y + 15, words, SMALL)
                end = max(end, place)
        names = list(dict.fromkeys(_short(bar.text) for bar in row.bars if bar.text))
        cut = any(len(_short(bar.text)) > _room(bar, scale, span) for bar in row.bars)
        if cut and not any(name in row.title for name in names):
            words = "; ".join(filter(None, [", then ".join(names), row.then]))
            self._say(left + 2, y + 34, f"→ {words}", SMALL, QUIET)
        elif row.then and (row.repeats or not row.bars):
            self._say(left + 2, y + (34 if row.repeats else 40), f"→ {row.then}", SMALL, QUIET)
        elif row.then:
            words, room = f"→ {row.then}", self._width - MARGIN - end - 10
            if len(words) * SMALL * CHARACTER <= room:
                self._say(end + 8, y + 15, words, SMALL, QUIET)
            else:
                self._say(left + 2, y + 34, words, SMALL, QUIET)
        elif row.repeats:
            self._say(end + 12, y + 15, "…", FONT, QUIET)

    def _bar(self, bar: Bar, y: int, left: int, scale: float, span: int) -> int:
        start, end = int(left + bar.start * scale), int(left + min(bar.end, span) * scale)
        fill, edge = BARS[bar.kind]
        self._box(start, y, max(end - start, 2), 22, fill, edge, 3)
        room = _room(bar, scale, span)
        words = bar.text if len(bar.text) <= room else _short(bar.text)
        if len(words) > room:
            words = f"{words[: room - 1]}…" if room >= 6 else ""
        self._say(start + 5, y + 15, words + (_length_of(bar, span) if words else ""), SMALL)
        return end

    def _say(
        self, x: int, y: int, words: str, size: int, colour: str = INK, *, weight: int = 400, anchor: str = "start"
    ) -> None:
        if words:
            bold = f' font-weight="{weight}"' if weight != 400 else ""
            place = f' text-anchor="{anchor}"' if anchor != "start" else ""
            self._out.append(
                f'<text x="{x}" y="{y}" font-size="{size}" fill="{colour}"{bold}{place}>{escape(words)}</text>'
            )

    def _box(self, x: int, y: int, w: int, h: int, fill: str, edge: str, round_: int, *, dashed: bool = False) -> None:
        dashes = ' stroke-dasharray="5 4"' if dashed else ""
        self._out.append(
            f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="{round_}" fill="{fill}" stroke="{edge}"{dashes}/>'
        )


def _room(bar: Bar, scale: float, span: int) -> int:
    """Characters that fit into a bar beside the length of one that is longer than the axis."""
    width = int(min(bar.end, span) * scale) - int(bar.start * scale)
    return int((width - 8) / (SMALL * CHARACTER)) - len(_length_of(bar, span))


def _length_of(bar: Bar, span: int) -> str:
    return f" … {plain_length(bar.end)}" if bar.end > span else ""


def _short(words: str) -> str:
    return words.removeprefix("whoever is on call for ")


def _wrapped(text: str, width: int, size: int, *, bold: bool = False) -> list[str]:
    return textwrap.wrap(text, max(int(width / (size * (BOLD if bold else CHARACTER))), 8)) if text else []


def _outcome_colour(item: Item) -> str:
    outcome = item.id.rpartition(".")[2]
    return {"approved": "#1a7f37", "rejected": "#cf222e", "lapsed": "#9a6700"}.get(outcome, QUIET)


def _span(axis: Axis) -> int:
    """How much time the axis shows: all of the bars, unless one is far longer than the rest; four of what repeats."""
    lengths = sorted(row.length for row in axis.rows if not row.repeats)
    if not lengths:
        return min(max(row.marks[0][0] for row in axis.rows if row.marks) * 4, 86_400 * 28)
    middle = lengths[len(lengths) // 2]
    return max(60, min(lengths[-1], middle * 8))
