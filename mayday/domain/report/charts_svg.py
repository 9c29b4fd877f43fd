"""Trends as small charts side by side: one a measure, a bar a group, each with its n. Stands alone and prints."""

from __future__ import annotations

from html import escape

from mayday.domain.report.kpis import Group, Kpis, Measure

COLUMNS, PANEL, HEIGHT, GAP, HEAD = 3, 396, 190, 16, 70
#: more groups than fit legibly: the last ones are drawn, and the title says so
MOST_GROUPS = 12
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_BAR, _WORST, _INK, _FAINT = "#4c7fb8", "#c8453b", "#27272a", "#71717a"


def drawn(found: Kpis) -> str:
    """One SVG of all measures that have an n."""
    groups = (found.groups or [found.total])[-MOST_GROUPS:]
    names = [each.name for each in found.total.measures if each.n and not each.name.startswith("Phase ")]
    rows = -(-len(names) // COLUMNS)
    width, height = COLUMNS * (PANEL + GAP) + GAP, HEAD + rows * (HEIGHT + GAP) + 8
    cut = f", the last {MOST_GROUPS}" if len(found.groups) > MOST_GROUPS else ""
    title = f"{found.incidents} incidents by {found.by}{cut}; {found.left_out} drills and non-incidents left out"
    panels = [
        _panel(
            name, groups, found.total, GAP + number % COLUMNS * (PANEL + GAP), HEAD + number // COLUMNS * (HEIGHT + GAP)
        )
        for number, name in enumerate(names)
    ]
    style = (
        f"text{{font:12px system-ui,sans-serif;fill:{_INK}}}.title{{font-size:16px;font-weight:600}}"
        f".name{{font-weight:600;font-size:13px}}.faint{{fill:{_FAINT};font-size:10.5px}}"
    )
    begin = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(title, quote=True)}"><style>{style}</style>'
        f'<rect width="100%" height="100%" fill="#fff"/>'
    )
    heads = (
        f'<text class="title" x="{GAP}" y="28">{escape(title)}</text><text class="faint" x="{GAP}" y="48">a bar is the '
        "mean or the share of its group, n below it; the dashed line is that of all</text>"
    )
    return "\n".join([begin, heads, *panels, "</svg>", ""])


def _panel(name: str, groups: list[Group], total: Group, x: float, y: float) -> str:
    cells = [_of(group, name) for group in groups]
    whole = _of(total, name)
    values = [cell.value for cell in cells if cell is not None and cell.value is not None]
    if whole is None or whole.value is None or not values:
        return ""
    highest = 100.0 if whole.unit == "%" else max(*values, whole.value, 1.0)
    room, floor = HEIGHT - 92, y + HEIGHT - 34
    step = PANEL / len(groups)
    wide = min(44.0, step * 0.62)
    parts = [
        f'<text class="name" x="{x}" y="{y + 14}">{escape(name)}</text>',
        f'<text class="faint" x="{x}" y="{y + 29}">{escape(_short(whole.definition, 70))}</text>',
        f'<line x1="{x}" y1="{floor}" x2="{x + PANEL}" y2="{floor}" stroke="#d4d4d8"/>',
    ]
    for number, (group, cell) in enumerate(zip(groups, cells, strict=True)):
        middle = x + step * (number + 0.5)
        n = cell.n if cell is not None else 0
        below = f'<text class="faint" x="{middle:.1f}" text-anchor="middle"'
        parts.append(
            f'{below} y="{floor + 13}">{escape(_label(group.key))}</text>{below} y="{floor + 26}">n {n}</text>'
        )
        if cell is None or cell.value is None:
            continue
        tall = max(1.0, cell.value / highest * room)
        title = f"{group.key}: {amount(cell)}, n {cell.n}"
        parts.append(
            f'<g><title>{escape(title)}</title><rect x="{middle - wide / 2:.1f}" y="{floor - tall:.1f}" '
            f'width="{wide:.1f}" height="{tall:.1f}" rx="2" fill="{_BAR}"/>'
            f'<text x="{middle:.1f}" y="{floor - tall - 4:.1f}" text-anchor="middle" style="font-size:11px">'
            f"{escape(amount(cell))}</text></g>"
        )
    level = floor - whole.value / highest * room
    parts.append(
        f'<line x1="{x}" y1="{level:.1f}" x2="{x + PANEL}" y2="{level:.1f}" stroke="{_WORST}" stroke-dasharray="4 3" '
        f'opacity=".75"><title>all: {escape(amount(whole))}, n {whole.n}</title></line>'
    )
    return "".join(parts)


def amount(measure: Measure) -> str:
    """A value as people say it: `42 min`, `3.5 h`, `87 %`."""
    value = measure.value
    if value is None:
        return "-"
    if measure.unit == "%":
        return f"{value:.0f} %"
    if measure.unit == "count":
        return f"{value:.1f}"
    return f"{value / 3600:.1f} h" if value >= 7200 else f"{value / 60:.0f} min" if value >= 120 else f"{value:.0f} s"


def _of(group: Group, name: str) -> Measure | None:
    return next((each for each in group.measures if each.name == name), None)


def _label(key: str) -> str:
    """`2026-03` as `Mar`, January with its year; anything else cut to fit."""
    year, _, month = key.partition("-")
    if len(year) == 4 and month.isdecimal() and 1 <= int(month) <= 12:
        return _MONTHS[int(month) - 1] + (f" {year}" if month == "01" else "")
    return _short(key, 11)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
