"""What the demo shows at its end: the timeline, the report, what was checked, and where to look further."""

from __future__ import annotations

import shutil
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from mayday.demo.checks import Check
from mayday.demo.story import Outcome

__all__ = ["print_checks", "print_report", "print_timeline", "print_ways_on"]

_LONGEST_TEXT = 220
#: kinds that stand out for whoever reads the table from afar
_STYLES = {
    "page_escalated": "yellow", "gate_decided": "bold", "status_changed": "bold green", "acknowledged": "green",
    "opened": "bold red", "step_failed": "red", "update_missed": "yellow", "finished": "bold",
}  # fmt: skip


def print_timeline(console: Console, outcome: Outcome) -> None:
    """Times in UTC, and seconds since the incident was opened."""
    title = f"Timeline of {outcome.board['id']}"
    table = Table("time", "+s", "who", "what, and why", title=title, title_justify="left")
    table.columns[1].justify = "right"
    first = _moment(outcome.timeline[0]) if outcome.timeline else None
    for entry in outcome.timeline:
        at = _moment(entry)
        passed = f"{(at - first).total_seconds():.0f}" if first else ""
        text = Text(_shortened(entry["text"]), style=_STYLES.get(entry["kind"], ""))
        table.add_row(f"{at:%H:%M:%S}", passed, Text(entry["actor"]), text)
    console.print(table)


def print_report(console: Console, outcome: Outcome) -> None:
    """Without its own timeline, which has just been shown."""
    console.rule("the report, as drafted", align="left")
    text = _without_section(outcome.report, "Timeline")
    if console.is_terminal:
        console.print(Markdown(text))
    else:
        console.print(Text(text), soft_wrap=True)


def print_checks(console: Console, found: list[Check]) -> None:
    console.rule("what was checked", align="left")
    for check in found:
        mark, style = ("yes", "green") if check.held else ("NO ", "bold red")
        line = Text.assemble((mark, style), "  ", check.claim, "" if check.held else f" (found: {check.seen[:300]})")
        console.print(line, soft_wrap=True)


def print_ways_on(console: Console, data: Path, incident_id: str) -> None:
    console.rule("where to look further", align="left")
    here = Path(sys.executable).parent
    found = [] if shutil.which("mayday") else [(f'export PATH="{here}:$PATH"', "the shell does not find mayday yet")]
    lines = (
        *found,
        (f"mayday up --data {data}", "starts it again: the review goes on, console and API at the address it prints"),
        (f"export MAYDAY_DATA={data}", "then, in another shell, the commands find it"),
        (f"mayday incident show {incident_id}", "who held which role, what is still pending"),
        (f"mayday incident timeline {incident_id} --json", "every entry with its hash"),
        (f"mayday review report {incident_id}", "the report, as it is now"),
        ("mayday desk pages --person all --state all", "everything that rang"),
        (f"less {data}/worker.log", "what the two workers logged; up.log is the starter's"),
    )
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(style="dim")
    for command, why in lines:
        table.add_row(Text(command), Text(why))
    console.print(table)


def _without_section(markdown: str, heading: str) -> str:
    """Leaves out one `## heading` up to the next of its level, or a rule."""
    kept, skipping = [], False
    for line in markdown.splitlines():
        if line.startswith("## ") or line == "---":
            skipping = line == f"## {heading}"
        if not skipping:
            kept.append(line)
    return "\n".join(kept)


def _moment(entry: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(entry["at"].replace("Z", "+00:00"))


def _shortened(text: str) -> str:
    """One paragraph; messages are cut, the timeline holds them whole."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_TEXT else line[: _LONGEST_TEXT - 1] + "…"
