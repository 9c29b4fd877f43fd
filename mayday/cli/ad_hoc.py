"""`mayday incident page|task|decide|engage|step`: what is not in the runbook, added while it runs.

Each is a step of the language, under the same checks, gates and authority as those in the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mayday.cli.errors import WRONG_USAGE, CliError
from mayday.cli.incident import Id, command, incident_app
from mayday.cli.printing import AsJson

__all__ = ["decide", "engage", "page", "step", "task"]

StepId = Annotated[str | None, typer.Option("--id", help="The step's id; one is made up otherwise.")]
DUE = "30m"
IN_CHARGE = "role.incident_commander"


@incident_app.command()
def page(
    incident: Id,
    target: Annotated[str, typer.Argument(help="A policy, schedule.X, role.X, group.X or person.X.")],
    message: Annotated[str, typer.Option(help="What they read.")] = "You are needed on {{ incident.title }}",
    via: Annotated[list[str] | None, typer.Option(help="push, sms, voice, email, chat.")] = None,
    join_within: Annotated[str | None, typer.Option(help="On the bridge within this time, else paged again.")] = None,
    assigns: Annotated[str | None, typer.Option(help="The role that comes with the acknowledgement.")] = None,
    step_id: StepId = None,
    as_json: AsJson = False,
) -> None:
    """Page somebody, and climb until somebody answers."""
    body = {"page": target, "message": message, "via": via, "join_within": join_within, "assigns": assigns}
    _add(incident, step_id, body, as_json, f"{target} is being paged")


@incident_app.command()
def task(
    incident: Id,
    to: Annotated[str, typer.Argument(help="person.X or role.X; a bare name is a person.")],
    text: Annotated[str, typer.Argument(help="What to do.")],
    due: Annotated[str, typer.Option(help="Asked again after this time: 10m, 1h.")] = DUE,
    step_id: StepId = None,
    as_json: AsJson = False,
) -> None:
    """Give somebody something to do, for so many minutes."""
    body = {"to": _who(to), "text": text, "due": due, "on_overdue": {"notify": IN_CHARGE}}
    _add(incident, step_id, {"task": body}, as_json, f"{to} has {due} to: {text}")


@incident_app.command()
def decide(
    incident: Id,
    question: Annotated[str, typer.Argument(help="What is asked, in one sentence.")],
    voters: Annotated[list[str], typer.Option("--from", help="Who votes: group.X, person.X, role.X, schedule.X.")],
    approvals: Annotated[int, typer.Option(min=1, help="How many yeses.")] = 1,
    required: Annotated[list[str] | None, typer.Option(help="Whose yes is needed.")] = None,
    veto: Annotated[bool, typer.Option("--veto", help="One no rejects.")] = False,
    delegates: Annotated[bool, typer.Option("--delegates", help="Who is asked may let somebody else vote.")] = False,
    timeout: Annotated[str, typer.Option(help="Lapses after this time.")] = "15m",
    option: Annotated[list[str] | None, typer.Option(help="Own outcomes instead of approved and rejected.")] = None,
    action: Annotated[str | None, typer.Option(help="What is approved: change.execute, dr.invoke.")] = None,
    change: Annotated[str | None, typer.Option(help="The change's number.")] = None,
    plan: Annotated[str | None, typer.Option(help="What will be done.")] = None,
    backout: Annotated[str | None, typer.Option(help="How it is taken back.")] = None,
    implementer: Annotated[str | None, typer.Option(help="Who does it.")] = None,
    step_id: StepId = None,
    as_json: AsJson = False,
) -> None:
    """Open a decision gate."""
    subject = {"action": action, "change": change, "plan": plan, "backout": backout, "implementer": implementer}
    if not action and _given(subject):
        lost = ", ".join(f"--{name}" for name in _given(subject))
        raise CliError(f"{lost}: say with --action what is approved: change.execute, dr.invoke", status=WRONG_USAGE)
    who = {"from": voters, "approvals": approvals, "required": required, "veto": veto or None}
    outcomes: dict[str, Any] = {name: [] for name in option or ("approved", "rejected")}
    body: dict[str, Any] = {
        "decide": question,
        "voters": _given({**who, "delegates": delegates or None}),
        "timeout": timeout,
        "on_timeout": {"then": "lapsed"},
        "outcomes": outcomes,
        "options": option,
        "subject": _given(subject) if action else None,
    }
    _add(incident, step_id, body, as_json, f"decision open for {timeout}")


@incident_app.command()
def engage(
    incident: Id,
    vendor: Annotated[str, typer.Argument(help="A vendor of the catalog.")],
    summary: Annotated[str, typer.Option(help="What they read.")] = "{{ incident.title }}",
    priority: Annotated[str, typer.Option(help="P1 to P5, as the contract has it.")] = "P1",
    step_id: StepId = None,
    as_json: AsJson = False,
) -> None:
    """Open a case at a vendor and hold them to the contract."""
    named = vendor if vendor.startswith("vendor.") else f"vendor.{vendor}"
    body = {"engage": named, "with": {"priority": priority, "summary": summary}}
    _add(incident, step_id, body, as_json, f"{vendor} engaged")


@incident_app.command()
def step(
    incident: Id,
    file: Annotated[Path, typer.Argument(help="A step in YAML or JSON, as in a runbook; - reads standard input.")],
    as_json: AsJson = False,
) -> None:
    """Add any step of the language."""
    from mayday.language.documents import load_document

    try:
        text = typer.get_text_stream("stdin").read().encode() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise CliError(f"{file}: {error.strerror}", status=WRONG_USAGE) from None
    document = load_document(text, str(file))
    if not isinstance(document.data, dict):
        raise CliError("\n".join(map(str, document.findings)) or f"{file}: is no step", status=WRONG_USAGE)
    _add(incident, None, document.data, as_json, "added")


def _add(incident: str, step_id: str | None, body: dict[str, Any], as_json: bool, done: str) -> None:
    command(incident, "steps", _given({"id": step_id, **body}), as_json, done)


def _given(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}


def _who(text: str) -> str:
    return text if "." in text else f"person.{text}"
