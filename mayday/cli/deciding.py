"""`mayday incident ack`, `vote`, `status` and the rest of what people decide in an open incident."""

from __future__ import annotations

from typing import Annotated

import typer

from mayday.cli.errors import WRONG_USAGE, CliError
from mayday.cli.incident import Id, MaybeReason, Reason, command, incident_app
from mayday.cli.previewing import Previewed, show_preview
from mayday.cli.printing import AsJson, parsed_json


@incident_app.command()
def ack(
    incident: Id,
    page: Annotated[str, typer.Argument(help="The page: its id, as `incident show` and `desk pages` have it.")],
    joined: Annotated[bool | None, typer.Option("--joined/--not-joined", help="Are you on the bridge?")] = None,
    as_json: AsJson = False,
) -> None:
    """Acknowledge a page."""
    command(incident, "acks", {"page": page, "joined": joined}, as_json, "acknowledged")


@incident_app.command()
def vote(
    incident: Id,
    decision: Annotated[str, typer.Argument(help="The decision's id.")],
    choice: Annotated[str, typer.Argument(help="approve, reject, abstain, break_glass, or an option.")],
    reason: Reason = "",
    on_behalf_of: Annotated[str | None, typer.Option(help="Who said it aloud.")] = None,
    heard_by: Annotated[str | None, typer.Option(help="Who heard it too.")] = None,
    as_json: AsJson = False,
) -> None:
    """Vote at a decision."""
    body = {
        "decision": decision, "choice": choice, "reason": reason, "on_behalf_of": on_behalf_of, "heard_by": heard_by
    }  # fmt: skip
    command(incident, "votes", body, as_json, f"voted {choice}")


@incident_app.command()
def accept(
    incident: Id,
    name: Annotated[str, typer.Argument(metavar="ROLE", help="The role that was offered; with --task, a task.")],
    task: Annotated[bool, typer.Option("--task", help="It is a task, not a role.")] = False,
    as_json: AsJson = False,
) -> None:
    """Accept a role, or a task."""
    command(incident, "accepts", {"task" if task else "role": name}, as_json, f"accepted {name}")


@incident_app.command()
def decline(
    incident: Id,
    name: Annotated[str, typer.Argument(metavar="ROLE", help="The role that was offered; with --page, a page.")],
    reason: Reason,
    page: Annotated[bool, typer.Option("--page", help="It is a page, not a role.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say that you cannot take a role, or a page; the next is asked at once."""
    body = {"page" if page else "role": name, "reason": reason}
    command(incident, "declines", body, as_json, f"declined {name}; the next is asked")


@incident_app.command()
def complete(
    incident: Id,
    task: Annotated[str, typer.Argument(help="The task's id.")],
    result: Annotated[str, typer.Option(help="The answers as JSON.")] = "{}",
    as_json: AsJson = False,
) -> None:
    """Finish a task; confirmations and reviews of messages are tasks too."""
    command(incident, "completions", {"task": task, "result": parsed_json(result, "--result")}, as_json, "completed")


@incident_app.command()
def update(
    incident: Id,
    audience: Annotated[str, typer.Argument(help="executives, customers, ...")],
    text: Annotated[str, typer.Argument(help="What they should know.")],
    preview: Previewed = False,
    as_json: AsJson = False,
) -> None:
    """Send an update to an audience now."""
    if preview:
        show_preview(incident, {"audience": audience, "text": text}, as_json)
        return
    command(incident, "updates", {"audience": audience, "text": text}, as_json, "sent")


@incident_app.command()
def correct(
    incident: Id,
    number: Annotated[int, typer.Argument(help="Which message, as `incident sent` has it.")],
    text: Annotated[str, typer.Argument(help="What is right.")],
    preview: Previewed = False,
    as_json: AsJson = False,
) -> None:
    """Correct a sent message; a second person releases it."""
    if preview:
        show_preview(incident, {"corrects": number, "text": text}, as_json)
        return
    command(incident, f"updates/{number}/correct", {"text": text}, as_json, "written; a second person releases it")


@incident_app.command()
def note(
    incident: Id,
    text: Annotated[str, typer.Argument(help="What is to be remembered.")],
    at: Annotated[str | None, typer.Option(help="When it happened: 2026-03-02T02:10:00Z.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write something down."""
    command(incident, "notes", {"text": text, "occurred_at": at}, as_json, "noted")


@incident_app.command()
def severity(
    incident: Id,
    severity: Annotated[str, typer.Argument(metavar="SEV", help="SEV1 to SEV5.")],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Change the severity."""
    command(incident, "severity", {"severity": severity, "reason": reason}, as_json, f"severity is {severity}")


@incident_app.command()
def status(
    incident: Id,
    status: Annotated[str, typer.Argument(help="The new status.")],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Set the status: investigating, identified, mitigated, resolved, cancelled."""
    command(incident, "status", {"status": status, "reason": reason}, as_json, f"status is {status}")


@incident_app.command()
def resolve(incident: Id, reason: Reason, as_json: AsJson = False) -> None:
    """Set the status to resolved."""
    command(incident, "status", {"status": "resolved", "reason": reason}, as_json, "resolved")


@incident_app.command()
def role(
    incident: Id,
    role: Annotated[str, typer.Argument(help="incident_commander, deputy, scribe, ...")],
    person: Annotated[str, typer.Argument(help="Who is offered it.")],
    as_json: AsJson = False,
) -> None:
    """Offer a role to somebody."""
    command(incident, "roles", {"role": role, "person": person}, as_json, f"{role} offered to {person}")


@incident_app.command()
def event(
    incident: Id,
    name: Annotated[str, typer.Argument(help="The event's name, as a handler or wait has it.")],
    data: Annotated[str, typer.Option(help="Facts as JSON.")] = "{}",
    as_json: AsJson = False,
) -> None:
    """Tell the runbook that something happened."""
    command(incident, "events", {"name": name, "data": parsed_json(data, "--data")}, as_json, f"{name} told")


@incident_app.command()
def candidate(
    incident: Id,
    decision: Annotated[str, typer.Argument(metavar="accept|reject", help="Whether it is an incident.")],
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Accept a proposed incident, or reject it."""
    if decision not in ("accept", "reject"):
        raise CliError(f"write accept or reject, not {decision}", status=WRONG_USAGE)
    body = {"accept": decision == "accept", "reason": reason}
    command(incident, "candidate", body, as_json, f"{decision}ed")


@incident_app.command()
def merge(
    incident: Id, into: Annotated[str, typer.Argument(help="The incident that goes on.")], reason: MaybeReason = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Merge an incident into another."""
    command(incident, "merge", {"into": into, "reason": reason}, as_json, f"merged into {into}")


@incident_app.command()
def reopen(incident: Id, reason: MaybeReason = None, as_json: AsJson = False) -> None:
    """Go on with an incident that ended within 24 hours."""
    command(incident, "reopen", {"reason": reason}, as_json, "reopened")


@incident_app.command()
def delegate(
    incident: Id,
    to: Annotated[str, typer.Argument(help="Who votes for you.")],
    decision: Annotated[str | None, typer.Option(help="At this decision only.")] = None,
    as_json: AsJson = False,
) -> None:
    """Let somebody vote for you."""
    command(incident, "delegations", {"to": to, "decision": decision}, as_json, f"{to} votes for you")


@incident_app.command()
def impact(
    incident: Id,
    customers: Annotated[int | None, typer.Option(help="How many customers are affected.")] = None,
    started: Annotated[str | None, typer.Option(help="Since when: 2026-03-02T02:10:00Z.")] = None,
    ended: Annotated[str | None, typer.Option(help="Until when.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what customers feel, and since when."""
    body = {"customers_affected": customers, "started_at": started, "ended_at": ended}
    command(incident, "impact", body, as_json, "noted")


@incident_app.command("hold-outward")
def hold_outward(
    incident: Id,
    switch: Annotated[str, typer.Argument(metavar="on|off", help="Hold them back, or let them go again.")],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Hold back everything for outside audiences, or let it go again."""
    if switch not in ("on", "off"):
        raise CliError(f"write on or off, not {switch}", status=WRONG_USAGE)
    command(incident, "hold-outward", {"on": switch == "on", "reason": reason}, as_json, f"hold is {switch}")


@incident_app.command("vendor-reply")
def vendor_reply(
    incident: Id,
    step: Annotated[str, typer.Argument(help="The engagement's id.")],
    kind: Annotated[str, typer.Argument(help="reply, eta, downgrade, waiting_on_us, resumed or resolved.")],
    text: Annotated[str, typer.Argument(help="What they said.")] = "",
    at: Annotated[str | None, typer.Option(help="When they said it: 2026-03-02T02:10:00Z.")] = None,
    as_json: AsJson = False,
) -> None:
    """Enter what a vendor said."""
    body = {"step": step, "kind": kind, "text": text, "occurred_at": at}
    command(incident, "vendor-replies", body, as_json, "entered")


@incident_app.command()
def override(
    incident: Id,
    step: Annotated[str, typer.Argument(help="A step's path, cadence:NAME or phase:ID.")],
    action: Annotated[str, typer.Argument(help="skip, retry, complete, cancel, reassign, pause, resume, end_phase.")],
    reason: Reason,
    to: Annotated[str | None, typer.Option(help="Whom to reassign to.")] = None,
    result: Annotated[str | None, typer.Option(help="The result as JSON, for complete.")] = None,
    as_json: AsJson = False,
) -> None:
    """Overrule the runbook at one step."""
    outputs = parsed_json(result, "--result") if result is not None else None
    body = {"step": step, "action": action, "reason": reason, "to": to, "result": outputs}
    command(incident, "overrides", body, as_json, f"{step}: {action}")
