"""`mayday oncall override`: somebody takes a shift, from now on and for everybody at once."""

from __future__ import annotations

from typing import Annotated

import typer

from mayday.cli.naming import naming
from mayday.cli.printing import AsJson, clock, print_json
from mayday.cli.remote import remote

__all__ = ["override"]


def override(
    schedule: Annotated[str, typer.Argument(help="The schedule.")],
    person: Annotated[str, typer.Argument(help="Who stands on it.")],
    start: Annotated[str, typer.Option("--from", help="From when: 2026-12-24T09:00:00Z.")],
    end: Annotated[str, typer.Option("--to", help="Until when.")],
    reason: Annotated[str | None, typer.Option(help="Why.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put somebody on a schedule for a while: take a shift, or give your own away."""
    body = {"schedule": schedule, "person": person, "from_at": start, "to_at": end, "reason": reason}
    made = remote().post("/api/v1/oncall/overrides", body)
    if as_json:
        print_json(made)
    else:
        who, where = naming().people.get(made["person"], made["person"]), made["schedule"].replace("_", " ")
        typer.echo(f"{who} stands on {where} from {clock(made['from_at'])} to {clock(made['to_at'])} UTC")
