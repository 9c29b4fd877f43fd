"""A message as it will leave, on every channel: `--preview` of `mayday incident update` and `correct`, and `mayday
incident preview` for what waits for a reader."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mayday.cli.incident import Id, incident_app
from mayday.cli.naming import naming
from mayday.cli.printing import AsJson, print_json
from mayday.cli.remote import remote
from mayday.domain.plain_words import spoken
from mayday.domain.timeline_words import Naming

__all__ = ["Previewed", "show_preview"]

Previewed = Annotated[bool, typer.Option("--preview", help="Show how it would leave on every channel; send nothing.")]


@incident_app.command()
def preview(
    incident: Id,
    task: Annotated[str, typer.Argument(help="A review that waits, as `incident show` has it.")],
    text: Annotated[str, typer.Option(help="Other words than those that were written.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show what a review would release, as it would leave on every channel."""
    show_preview(incident, {"task": task, "text": text}, as_json)


def show_preview(incident: str, body: dict[str, Any], as_json: bool) -> None:
    """Ask for a preview and print it."""
    found = remote().post(f"/api/v1/incidents/{incident}/previews", body)
    if as_json:
        print_json(found)
        return
    names = naming()
    if found["wrong"]:
        typer.echo(f"the server cannot show it: {found['wrong']}")
    for words in found["differs"]:
        typer.echo(f"it may look different: {words}")
    for channel in found["channels"]:
        _print_channel(channel, found["reaches"].get(channel["channel"], []), names)
    if found["held"]:
        typer.echo(f"{found['held']}: it would wait")
    if found["second_reader"]:
        typer.echo("a second person reads it before it leaves")


def _print_channel(channel: dict[str, Any], whom: list[str], names: Naming) -> None:
    for shown in channel["shown"]:
        by = "" if shown["provider"] == "desk" else f", {spoken(shown['provider'])}"
        typer.echo(
            f"by {spoken(channel['channel'])} ({shown['form']}{by})" + (f" to {_listed(whom, names)}" if whom else "")
        )
        lines = ([shown["subject"], ""] if shown["subject"] else []) + shown["text"].splitlines() + shown["small"]
        typer.echo("\n".join(f"  | {line}".rstrip() for line in lines))
        facts = [f"{name}: {fact}" for name, fact in shown["facts"].items()]
        if shown["shortened"]:
            facts.append("too long for this channel: it leaves cut, as shown")
        for fact in facts:
            typer.echo(f"  {fact}")
    for gap in channel["unreached"]:
        target = names.of(gap["target"])
        typer.echo(f"by {spoken(channel['channel'])} NOT {target}: {names.text(gap['reason'])}")


def _listed(whom: list[str], names: Naming) -> str:
    return ", ".join(one if one.startswith("#") or "@" in one or " " in one else names.of(one) for one in whom)
