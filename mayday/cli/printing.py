"""What commands print: JSON for programs, tables and sentences for people."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from mayday.cli.errors import CliError

__all__ = ["AsJson", "answered", "clock", "print_json", "table"]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def print_json(data: Any) -> None:
    """As the API has it."""
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False))


def table(columns: list[str], rows: list[list[str]], nothing: str) -> None:
    """Rows under their headings; `nothing` where there are none. Texts from outside are never markup."""
    if not rows:
        typer.echo(nothing)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        shown.add_row(*(Text(cell.rstrip()) for cell in row))
    Console(width=None if _is_terminal() else 200).print(shown)


def answered(answer: dict[str, Any], as_json: bool, done: str) -> None:
    """The end of a command that changes something."""
    if as_json:
        print_json(answer)
    elif answer.get("state") == "pending":
        typer.echo("sent; no worker has taken it yet, it counts from now on")
    else:
        entry, detail = answer.get("entry"), answer.get("detail") or {}
        if str(detail.get("state", "")).startswith("waits"):  # not done yet: somebody else has to read it
            done = f"{detail['state']}: {detail.get('task', '')}"
        typer.echo(done + (f" (timeline entry {entry})" if entry else ""))


def clock(text: str | None) -> str:
    """`2026-03-02T02:10:00.000Z` as `02:10:00`, with the day when it is not today's."""
    if not text:
        return ""
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return f"{at:%H:%M:%S}" if at.date() == datetime.now(UTC).date() else f"{at:%Y-%m-%d %H:%M:%S}"


def parsed_json(text: str, option: str) -> Any:
    """The JSON of an option; `CliError` with status 2 when it is none."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise CliError(f"{option}: not JSON: {error}", status=2, hint="""write it as '{"ok": true}'""") from None


def _is_terminal() -> bool:
    import sys

    return sys.stdout.isatty()
