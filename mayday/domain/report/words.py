"""Words of a report: text of people made harmless, times, lengths, tables."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from mayday.domain.report.model import EventFact
from mayday.domain.timeline import timestamp

# what starts something in the middle of a line; an underscore only at the edge of a word
_SPECIAL = re.compile(r"([\\`*\[\]|]|(?<!\w)_|_(?!\w))")
_HEADING = re.compile(r"^ {0,3}#{1,3}(?=\s)")
# turns what follows them around, or shows nothing: a line would not read as it was written down
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")


def plain(value: str | None) -> str:
    """One line of text that Markdown and HTML leave alone."""
    if value is None:
        return ""
    return _SPECIAL.sub(r"\\\1", _UNSEEN.sub("", " ".join(value.split()))).replace("<", "&lt;")


def quoted(value: str) -> str:
    """What a person wrote for the report: their Markdown counts, raw HTML does not; a heading stands below ours."""
    lines, fenced = [], False
    for line in _UNSEEN.sub("", value.strip()).replace("<", "&lt;").split("\n"):
        fenced ^= line.lstrip().startswith(("```", "~~~"))
        lines.append(line if fenced else _HEADING.sub("####", line))
    return "\n".join(lines)


def shortened(value: str, most: int = 200) -> str:
    return value if len(value) <= most else value[: most - 1] + "…"


def when(at: datetime | None) -> str:
    return "-" if at is None else timestamp(at)[:19].replace("T", " ")


def length(seconds: int | None) -> str:
    """`2 d 3 h`, `1 h 05 min`, `12 min 30 s`, `45 s`."""
    if seconds is None:
        return "-"
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {left:02d} s" if minutes else f"{left} s"


def events(items: Iterable[EventFact]) -> list[str]:
    return [f"- {when(item.at)} {plain(item.text)}" for item in sorted(items, key=lambda event: event.at)]


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    return "\n".join([*lines, *[f"| {' | '.join(row)} |" for row in rows]])


def because(reason: str) -> str:
    return f": {plain(reason)}" if reason else ""
