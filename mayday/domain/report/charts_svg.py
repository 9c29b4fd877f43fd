"""Trends as small charts: one a measure, a bar a group, each with its n.

`charts` are drawings for a page, coloured by its stylesheet; `drawn` puts them side by side into one SVG that stands
alone and prints. Months stand from left to right, services and severities below each other, the largest first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from mayday.domain.plain_words import spoken
from mayday.domain.report.kpis import Group, Kpis, Measure, Recurrence

COLUMNS, PANEL, GAP, HEAD = 3, 380, 16, 70
ROOM, AXIS, ABOVE, ROW = 96, 42, 18, 22
NAMES = 128
#: more groups than fit legibly: the last months, the services with the most incidents
MOST_GROUPS = 12
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#27272a;paint-order:stroke;stroke:#fff;stroke-width:3px}"
    ".title{font-size:16px;font-weight:600}"
    ".name{font-weight:600;font-size:13px}.small,.faint{font-size:11px}.faint{fill:#6b6b74}"
    ".axis{stroke:#d4d4d8}.bar{fill:#4c7fb8}.whole{stroke:#c8453b;stroke-dasharray:4 3}"
)


class Chart(NamedTuple):
    """A measure of all groups. `svg` takes its colours from the classes bar, whole, axis, small and faint."""

    name: str
    whole: Measure
    svg: str


def charts(found: Kpis) -> list[Chart]:
    """One of each measure that has an n, in the order of the definitions."""
    groups = shown_groups(found)
    made = []
    for whole in found.total.measures:
        if whole.n:
            inside, height = _plot(whole, groups, found.by)
            title = f"{whole.name}: {amount(whole)} of {whole.n}"
            made.append(Chart(whole.name, whole, _svg(inside, PANEL, height, title)))
    return made


def shown_groups(found: Kpis) -> list[Group]:
    """Those that are drawn; a table has the others."""
    if found.by == "month":
        return _months(found.groups)
    if found.by == "severity":
        return found.groups
    return sorted(found.groups or [found.total], key=lambda group: -group.incidents)[:MOST_GROUPS]


def undrawn_groups(found: Kpis) -> int:
    """How many groups stand in the table alone."""
    drawn_keys = {group.key for group in shown_groups(found)}
    return sum(group.key not in drawn_keys for group in found.groups)


def _months(groups: Sequence[Group]) -> list[Group]:
    """The last months, each in its place: a month without an incident is a gap, and not left out."""
    known = {group.key: group for group in groups}
    if not all(re.fullmatch(r"\d{4}-\d\d", key) for key in known):
        return list(groups[-MOST_GROUPS:])
    numbers = [int(key[:4]) * 12 + int(key[5:]) - 1 for key in known]
    span = range(max(min(numbers), max(numbers) - MOST_GROUPS + 1), max(numbers) + 1) if numbers else range(0)
    keys = [f"{number // 12:04d}-{number % 12 + 1:02d}" for number in span]
    return [known.get(key) or Group(key=key, incidents=0, measures=[]) for key in keys]


def counts(items: Sequence[Recurrence], title: str) -> str:
    """How often something came, as bars below each other."""
    most = max((item.incidents for item in items), default=1)
    rows = [
        _row(number, item.what, item.incidents / most, str(item.incidents), f"{item.what}: {item.incidents}")
        for number, item in enumerate(items[:MOST_GROUPS])
    ]
    return _svg("".join(rows), PANEL, ROW * len(rows) + 4, title)


def drawn(found: Kpis) -> str:
    """One SVG of all measures that have an n, without the phases."""
    made = [chart for chart in charts(found) if not chart.name.startswith("Phase ")]
    tall = [_plot(chart.whole, shown_groups(found), found.by)[1] for chart in made]
    panel = max(tall, default=0) + 52
    rows = -(-len(made) // COLUMNS)
    width, height = COLUMNS * (PANEL + GAP) + GAP, HEAD + rows * (panel + GAP) + 8
    more = undrawn_groups(found)
    cut = f", {len(found.groups) - more} of {len(found.groups)} groups" if more else ""
    title = f"{found.incidents} incidents by {found.by}{cut}; {found.left_out} drills and non-incidents left out"
    how = (
        "no incident that has ended fits"
        if not made
        else "a bar is the mean or the share of its group, n beside it; the dashed line is that of all"
    )
    parts = [f'<text class="title" x="{GAP}" y="28">{escape(title)}</text>']
    parts.append(f'<text class="faint" x="{GAP}" y="48">{how}</text>')
    for number, chart in enumerate(made):
        x, y = GAP + number % COLUMNS * (PANEL + GAP), HEAD + number // COLUMNS * (panel + GAP)
        inside, _ = _plot(chart.whole, shown_groups(found), found.by)
        parts.append(
            f'<g transform="translate({x} {y})"><text class="name" x="0" y="14">{escape(chart.name)}  '
            f'{escape(amount(chart.whole))}</text><text class="faint" x="0" y="30">'
            f'{escape(_short(chart.whole.definition, 66))}</text><g transform="translate(0 40)">{inside}</g></g>'
        )
    paper = f'<style>{_STYLE}</style><rect width="100%" height="100%" fill="#fff"/>'
    return _svg(paper + "\n".join(parts), width, height, title) + "\n"


def amount(measure: Measure) -> str:
    """A value as people say it: `42 min`, `3.5 h`, `87 %`."""
    value = measure.value
    if value is None:
        return "-"
    if measure.unit == "%":
        return f"{value:.0f} %"
    if measure.unit == "count":
        return f"{value:.1f}"
    if value >= 172_800:
        return f"{value / 86_400:.1f} d"
    return f"{value / 3600:.1f} h" if value >= 7200 else f"{value / 60:.0f} min" if value >= 120 else f"{value:.0f} s"


def _svg(inside: str, width: int, height: float, title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:.0f}" width="{width}" '
        f'height="{height:.0f}" role="img" aria-label="{escape(title, quote=True)}">{inside}</svg>'
    )


def _plot(whole: Measure, groups: Sequence[Group], by: str) -> tuple[str, float]:
    """The bars of a measure, and how tall they are together."""
    cells = [(group.key, _of(group, whole.name)) for group in groups]
    values = [cell.value for _, cell in cells if cell is not None and cell.value is not None]
    # a share is drawn against a hundred
    highest = max([*values, whole.value or 0.0, 1.0]) if whole.unit != "%" else 100.0
    if by == "month":
        return _columns(whole, cells, highest), ABOVE + ROOM + AXIS
    x = NAMES + (whole.value or 0.0) / highest * (PANEL - NAMES - 96)
    height = ROW * len(cells) + 4
    rows = [f'<path class="whole" d="M{x:.1f} 0V{height}"><title>{_all(whole)}</title></path>']
    for number, (key, cell) in enumerate(cells):
        if cell is None or cell.value is None:
            rows.append(_row(number, key, 0.0, "-", f"{key}: nothing to measure"))
        else:
            words = f"{amount(cell)}, n {cell.n}"
            rows.append(_row(number, key, cell.value / highest, words, f"{key}: {amount(cell)}, n {cell.n}"))
    return "".join(rows), height


def _row(number: int, name: str, share: float, words: str, title: str) -> str:
    y = number * ROW
    wide = max(1.0, share * (PANEL - NAMES - 96)) if share else 0.0
    label = escape(_short(spoken(name), 20))
    return (
        f'<g><title>{escape(title)}</title><text class="small" x="0" y="{y + 15}">{label}</text>'
        f'<rect class="bar" x="{NAMES}" y="{y + 3}" width="{wide:.1f}" height="{ROW - 6}" rx="2"/>'
        f'<text class="small" x="{NAMES + wide + 6:.1f}" y="{y + 15}">{escape(words)}</text></g>'
    )


def _columns(whole: Measure, cells: Sequence[tuple[str, Measure | None]], highest: float) -> str:
    floor = ABOVE + ROOM
    step = PANEL / max(len(cells), 1)
    wide = min(40.0, step * 0.66)
    parts = [f'<path class="axis" d="M0 {floor}H{PANEL}"/>']
    level = floor - (whole.value or 0.0) / highest * ROOM
    parts.append(f'<path class="whole" d="M0 {level:.1f}H{PANEL}"><title>{_all(whole)}</title></path>')
    for number, (key, cell) in enumerate(cells):
        middle = step * (number + 0.5)
        at = f'x="{middle:.1f}" text-anchor="middle"'
        n = cell.n if cell is not None else 0
        parts.append(f'<text class="small" {at} y="{floor + 13}">{escape(_label(key))}</text>')
        if number == 0 or key.endswith("-01"):
            parts.append(f'<text class="faint" {at} y="{floor + 39}">{escape(key[:4])}</text>')
        parts.append(f'<text class="faint" {at} y="{floor + 26}">{"n " if number == 0 else ""}{n}</text>')
        if cell is None or cell.value is None:
            continue
        tall = max(1.0, cell.value / highest * ROOM)
        parts.append(
            f'<g><title>{escape(f"{key}: {amount(cell)}, n {cell.n}")}</title><rect class="bar" '
            f'x="{middle - wide / 2:.1f}" y="{floor - tall:.1f}" width="{wide:.1f}" height="{tall:.1f}" rx="2"/>'
            f'<text class="small" {at} y="{floor - tall - 4:.1f}">{escape(_brief(cell))}</text></g>'
        )
    return "".join(parts)


def _all(whole: Measure) -> str:
    return escape(f"all: {amount(whole)}, n {whole.n}")


def _brief(measure: Measure) -> str:
    """`amount` for a narrow bar: `42m`, `3.5h`, `87`."""
    return amount(measure).replace(" min", "m").replace(" %", "").replace(" ", "")


def _of(group: Group, name: str) -> Measure | None:
    return next((each for each in group.measures if each.name == name), None)


def _label(key: str) -> str:
    """`2026-03` as `Mar`."""
    month = key.partition("-")[2]
    return _MONTHS[int(month) - 1] if month.isdecimal() and 1 <= int(month) <= 12 else _short(spoken(key), 11)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
