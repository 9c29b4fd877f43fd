"""The picture of a runbook as a Mermaid flowchart, for pages that draw those themselves; and as one HTML page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from mayday.domain.plain_words import plain_length
from mayday.language.picture import Axis, Item, Lane, Picture
from mayday.language.picture_svg import svg_of

__all__ = ["html_of", "mermaid_of"]

SHAPES = {
    "decision": ("{{", "}}"),
    "page": ("([", "])"),
    "wait": ("(", ")"),
    "message": (">", "]"),
    "vendor": ("[[", "]]"),
}
CLASSES = {
    "page": "fill:#ffebe9,stroke:#cf222e",
    "decision": "fill:#fff1c7,stroke:#9a6700",
    "person": "fill:#f3f0ea,stroke:#6e5c3f",
    "message": "fill:#e6f6ee,stroke:#1a7f37",
    "automatic": "fill:#ddf4ff,stroke:#0969da",
    "vendor": "fill:#fbefff,stroke:#8250df",
}


def mermaid_of(picture: Picture) -> str:
    """A `flowchart LR`: a box a phase, gates with an edge an outcome, and boxes for what runs on the clock."""
    return "\n".join(_lines(picture)) + "\n"


def _lines(picture: Picture) -> Iterator[str]:
    yield f"---\ntitle: {_quoted(picture.title)}\n---\nflowchart LR"
    for number, lane in enumerate(picture.phases):
        yield from _box(f"p{number}", f"{lane.title}<br>{lane.until}", _lane(lane, f"p{number}"))
    for number in range(1, len(picture.phases)):
        yield f"  p{number - 1} ==> p{number}"
    for number, lane in enumerate(picture.others):
        yield from _box(f"o{number}", f"{lane.title}<br>{lane.until}", _lane(lane, f"o{number}"))
    for number, axis in enumerate(picture.axes):
        yield from _box(f"t{number}", f"{axis.title}<br>{axis.note}", _axis(axis, f"t{number}"))
    for kind, style in CLASSES.items():
        yield f"  classDef {kind} {style},color:#1b1f24"


def _box(name: str, title: str, inside: Iterator[str]) -> Iterator[str]:
    yield f"  subgraph {name}[{_quoted(title)}]\n    direction TB"
    yield from (f"    {line}" for line in inside)
    yield "  end"


def _lane(lane: Lane, prefix: str) -> Iterator[str]:
    before: dict[int, str] = {}
    label = ""
    for number, item in enumerate(lane.items):
        name = f"{prefix}s{number}"
        if item.kind == "outcome" and _followed(lane.items, number):
            before = {depth: step for depth, step in before.items() if depth < item.depth}
            label = item.text.rstrip(":")
            continue
        opening, closing = SHAPES.get(item.kind, ("[", "]"))
        details = [*item.details, *(["the next steps do not wait for it"] if item.beside else [])]
        text = "<br>".join([item.text, *(f"<small>{detail}</small>" for detail in details)])
        coloured = f":::{item.kind}" if item.kind in CLASSES else ""
        yield f"{name}{opening}{_quoted(text)}{closing}{coloured}"
        above = [depth for depth in before if depth <= item.depth]
        if above:
            arrow = "-.->" if item.beside else "-->"
            edge = f"|{_quoted(label)}|" if label else ""
            yield f"{before[max(above)]} {arrow}{edge} {name}"
        label = ""
        if item.kind != "outcome":
            before = {depth: step for depth, step in before.items() if depth < item.depth} | {item.depth: name}


def _followed(items: Sequence[Item], number: int) -> bool:
    """Whether steps stand under this heading."""
    return number + 1 < len(items) and items[number + 1].depth > items[number].depth


def _axis(axis: Axis, prefix: str) -> Iterator[str]:
    for number, row in enumerate(axis.rows):
        name = f"{prefix}r{number}"
        yield f"{name}[{_quoted(f'<b>{row.title}</b><br>{row.since}')}]"
        last = name
        for index, bar in enumerate(() if row.repeats else row.bars):
            step = f"{name}b{index}"
            yield f"{last} -->|{plain_length(bar.start) if bar.start else '0 min'}| {step}({_quoted(bar.text)})"
            last = step
        for index, (at, words) in enumerate(row.marks if not row.bars and not row.repeats else ()):
            yield f"{last} -->|{plain_length(at)}| {name}m{index}({_quoted(words)})"
            last = f"{name}m{index}"
        if row.then:
            edge = f"|{plain_length(row.length)}|" if not row.repeats and row.bars else ""
            yield f"{last} -->{edge} {name}e([{_quoted(row.then)}])"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', "#quot;").replace("`", "'").replace("\n", " ") + '"'


_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ margin: 0; color: #1b1f24; background: #fff; font: 15px/1.5 Helvetica, Arial, sans-serif; }}
main {{ padding: 0 32px 48px; max-width: 60em; }}
figure {{ margin: 0; overflow-x: auto; }}
svg {{ max-width: 100%; min-width: 1100px; height: auto; }}
@media print {{ svg {{ min-width: 0; }} }}
pre {{ white-space: pre-wrap; font: inherit; tab-size: 2; }}
</style>
</head>
<body>
<figure>
{svg}</figure>
<main>
<h2>The same in words</h2>
<pre>{words}</pre>
</main>
</body>
</html>
"""


def html_of(picture: Picture, lines: Sequence[str]) -> str:
    """One page without scripts and without other files: the picture, and below it `lines`, the words."""
    return _PAGE.format(title=escape(picture.title), svg=svg_of(picture), words=escape("\n".join(lines)))
