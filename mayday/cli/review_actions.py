"""`mayday actions`, also `mayday review actions`: follow-ups, chased until each is done."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from mayday.cli.naming import naming
from mayday.cli.printing import AsJson, answered, clock, print_json, table
from mayday.cli.remote import remote


class _ListFirst(TyperGroup):
    """`mayday review actions INC-...` lists, as `actions list INC-...` does: looking needs no verb."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        asked = args[0] if args else "-"
        if asked != "--help" and asked.upper().startswith(("-", "INC-")):
            args = ["list", *args]
        return super().parse_args(ctx, args)


actions_app = typer.Typer(cls=_ListFirst, help="Follow-up actions: who owes what, until when.")

Id = Annotated[str, typer.Argument(metavar="ID", help="The incident: its id, or INC- and the last six characters.")]
Action = Annotated[str, typer.Argument(help="The action: A1, A2, ...")]
Why = Annotated[str, typer.Option("--reason", help="Why; it stands in the timeline.")]


def send(incident: str, path: str, body: dict[str, Any], as_json: bool, done: str) -> None:
    given = {name: value for name, value in body.items() if value is not None}
    answered(remote().post(f"/api/v1/reviews/{incident}/actions{path}", given), as_json, done)


@actions_app.command("list")
def list_actions(
    incident: Annotated[str | None, typer.Argument(metavar="[ID]", help="Of this incident; of all by default.")] = None,
    owner: Annotated[str | None, typer.Option(help="Of this person; `me` for your own.")] = None,
    service: Annotated[str | None, typer.Option(help="Of incidents of this service.")] = None,
    state: Annotated[str, typer.Option(help="open, done, dropped or all.")] = "open",
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what is past its date.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=500, help="So many at most.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="`next` of the page before.")] = None,
    as_json: AsJson = False,
) -> None:
    """The ledger of follow-up actions, what is due first comes first."""
    if incident is None:
        late = "true" if overdue else None
        found = remote().get(
            "/api/v1/actions", owner=owner, state=state, service=service, overdue=late, limit=limit, cursor=cursor
        )
    else:
        known = remote().get(f"/api/v1/reviews/{incident}/actions")
        wanted = [
            {**item, "incident_id": incident}
            for item in known["items"]
            if state in ("all", item["state"]) and owner in (None, item["owner"]) and (item["overdue"] or not overdue)
        ]
        found = {**known, "items": wanted}
    if as_json:
        print_json(found)
        return
    names = naming()
    rows = [
        [
            item["incident_id"],
            item["id"],
            names.of(item["owner"]),
            item["priority"],
            clock(item["due_at"]) + (" overdue" if item.get("overdue") else ""),
            item["state"],
            item.get("ticket") or "",
            item["title"],
        ]
        for item in found["items"]
    ]
    table(["incident", "", "owner", "priority", "due", "state", "ticket", "title"], rows, "no actions")
    if found["next"]:
        typer.echo(f"more with --cursor {found['next']}")


@actions_app.command()
def add(
    incident: Id,
    title: Annotated[str, typer.Argument(help="What is to be done.")],
    owner: Annotated[str, typer.Option(help="Who does it.")],
    priority: Annotated[
        str, typer.Option(help="high or normal: 4 or 8 weeks, unless the runbook says else.")
    ] = "normal",
    due: Annotated[str | None, typer.Option(help="2026-05-29T17:00:00Z")] = None,
    as_json: AsJson = False,
) -> None:
    """Add a follow-up action."""
    body = {"title": title, "owner": owner, "priority": priority, "due_at": due}
    send(incident, "", body, as_json, f"added for {owner}")


@actions_app.command()
def complete(
    incident: Id,
    action: Action,
    result: Annotated[str, typer.Option(help="What came of it.")] = "",
    as_json: AsJson = False,
) -> None:
    """The action is done."""
    send(incident, f"/{action}/complete", {"result": result}, as_json, f"{action} is done")


@actions_app.command()
def drop(incident: Id, action: Action, reason: Why, as_json: AsJson = False) -> None:
    """The action is not wanted any more."""
    send(incident, f"/{action}/drop", {"reason": reason}, as_json, f"{action} is dropped")


@actions_app.command()
def reassign(
    incident: Id,
    action: Action,
    to: Annotated[str, typer.Argument(metavar="PERSON", help="Whose it is from now on.")],
    reason: Why = "",
    as_json: AsJson = False,
) -> None:
    """Give the action to somebody else."""
    send(incident, f"/{action}/reassign", {"to": to, "reason": reason}, as_json, f"{action} is {to}'s")


@actions_app.command()
def extend(
    incident: Id,
    action: Action,
    due: Annotated[str, typer.Argument(metavar="WHEN", help="2026-06-30T17:00:00Z")],
    reason: Why,
    as_json: AsJson = False,
) -> None:
    """Give the action more time."""
    send(incident, f"/{action}/extend", {"due_at": due, "reason": reason}, as_json, f"{action} is due {due}")
