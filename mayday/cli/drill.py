"""`mayday drill`: let a drill stand back, go on or end, and read its score card."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mayday.cli.incident import Id, Why, command
from mayday.cli.printing import AsJson, clock, print_json, table
from mayday.cli.remote import remote
from mayday.domain.plain_words import spoken
from mayday.domain.timeline_words import thing
from mayday.language.documents import load_document

drill_app = typer.Typer(no_args_is_help=True, help="Drills: stand back, go on, end, and the score card by role.")


@drill_app.command()
def pause(incident: Id, reason: Why, as_json: AsJson = False) -> None:
    """Let the drill stand still; everybody in it is told. A real incident on its service or people does the same."""
    command(incident, "drill", {"action": "pause", "reason": reason}, as_json, "the drill is paused")


@drill_app.command()
def resume(incident: Id, reason: Why, as_json: AsJson = False) -> None:
    """Let the drill go on; the pause counts against nobody."""
    command(incident, "drill", {"action": "resume", "reason": reason}, as_json, "the drill goes on")


@drill_app.command()
def end(incident: Id, reason: Why, as_json: AsJson = False) -> None:
    """End the drill; everybody in it is told."""
    command(incident, "drill", {"action": "end", "reason": reason}, as_json, "the drill is over")


@drill_app.command()
def inject(
    incident: Id,
    item: Annotated[
        str | None,
        typer.Option(help='What happens, as a scenario says it: {"note": "the press calls"}. (default: the next)'),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let something happen in the drill now: the next of its scenario, or what --item says."""
    body: dict[str, Any] = {"action": "inject"}
    if item is not None:
        document = load_document(item, "--item")
        if not isinstance(document.data, dict):
            raise typer.BadParameter('one item of a timeline is wanted, without its `at`: {"event": "deployed"}')
        body["inject"] = document.data
    command(incident, "drill", body, as_json, "it happened")


@drill_app.command()
def score(incident: Annotated[str, typer.Argument(metavar="ID", help="The drill.")], as_json: AsJson = False) -> None:
    """How fast each role answered, decided and wrote. Roles, never persons; and only of drills."""
    found = remote().get(f"/api/v1/incidents/{incident}/score-card")
    if as_json:
        print_json(found)
        return
    typer.echo(f"{found['incident_id']}  {found['title']}  [{found['service']}]  mean / longest, n")
    roles = [
        [
            spoken(role["role"]), _pace(role["acknowledged"]), _pace(role["decided"]), _pace(role["done"]),
            str(role["late"]), _length(role["offered_s"]),
        ]
        for role in found["roles"]
    ]  # fmt: skip
    table(["role", "acknowledged", "decided", "tasks", "late", "taken after"], roles, "nobody did anything")
    updates = [
        [
            spoken(update["audience"]), f"{update['on_time']} of {update['due']}", str(update["missed"]),
            _length(update["longest_gap_s"]), _length(update["first_after_s"]),
        ]
        for update in found["updates"]
    ]  # fmt: skip
    table(["audience", "on time", "missed", "longest gap", "first after"], updates, "no updates")
    for what in found["unanswered"]:
        kind, _, name = what.partition(" ")
        typer.echo(f"unanswered: {kind} {thing(name, quoted=True)}")
    for gap in found["pauses"]:
        until = clock(gap["until_at"]) if gap["until_at"] else "now"
        typer.echo(f"stood back from {clock(gap['from_at'])} to {until}: {gap['reason']}")


def _pace(pace: dict[str, Any]) -> str:
    return f"{_length(pace['mean_s'])} / {_length(pace['longest_s'])}, {pace['n']}" if pace["n"] else "-"


def _length(seconds: int | None) -> str:
    return "-" if seconds is None else f"{seconds // 60}:{seconds % 60:02d}"
