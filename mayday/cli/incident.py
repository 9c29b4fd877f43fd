"""`mayday incident`: declare and look; what people decide stands in deciding.py, what they add in ad_hoc.py."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mayday.cli.errors import WRONG_USAGE, CliError
from mayday.cli.naming import naming
from mayday.cli.printing import AsJson, answered, clock, print_json, table
from mayday.cli.remote import remote
from mayday.domain.plain_words import spoken
from mayday.domain.timeline_words import Naming

incident_app = typer.Typer(no_args_is_help=True, help="Declare incidents, look at them, and decide.")

Id = Annotated[str, typer.Argument(metavar="ID", help="The incident: its id, or INC- and the last six characters.")]
Reason = Annotated[str, typer.Option(help="Why; it stands in the timeline.")]
MaybeReason = Annotated[str | None, typer.Option("--reason", help="Why; it stands in the timeline.")]
Why = Annotated[str, typer.Option("--reason", help="Why; it stands in the timeline.")]


def command(incident: str, path: str, body: dict[str, Any], as_json: bool, done: str) -> None:
    """Send something to an incident and say what became of it. Fields that nobody gave are left out."""
    given = {name: value for name, value in body.items() if value is not None}
    answered(remote().post(f"/api/v1/incidents/{incident}/{path}", given), as_json, done)


def _injects(file: Path) -> list[dict[str, Any]]:
    """What a scenario file lets happen to an incident, without what people do in it."""
    from mayday.language.documents import load_document
    from mayday.language.injects import INJECTED, NoScenario, injects_in

    try:
        found = injects_in(load_document(file.read_bytes(), str(file)))
    except OSError as error:
        raise CliError(f"{file}: {error.strerror}", status=WRONG_USAGE) from None
    except NoScenario as error:
        raise CliError(f"{error}: `mayday runbook lint {file}` says more", status=WRONG_USAGE) from None
    if not found:
        raise CliError(f"{file} has nothing that a drill plays: {', '.join(INJECTED)}", status=WRONG_USAGE)
    return found


@incident_app.command()
def declare(
    title: Annotated[str, typer.Option(help="What is wrong, in one line.")],
    service: Annotated[str, typer.Option(help="The service that fails.")],
    severity: Annotated[str | None, typer.Option(help="SEV1 to SEV5; else give --impact and --urgency.")] = None,
    impact: Annotated[str | None, typer.Option(help="high, medium or low.")] = None,
    urgency: Annotated[str | None, typer.Option(help="high, medium or low.")] = None,
    summary: Annotated[str | None, typer.Option(help="What is known.")] = None,
    customers: Annotated[int | None, typer.Option(help="How many customers are affected.")] = None,
    runbook: Annotated[str | None, typer.Option(help="Walk this runbook.")] = None,
    inputs: Annotated[list[str] | None, typer.Option("--input", help="An input of the runbook: NAME=VALUE.")] = None,
    drill: Annotated[bool, typer.Option("--drill", help="An exercise: nobody outside is told.")] = False,
    injects: Annotated[
        Path | None,
        typer.Option(help="With --drill: a scenario whose alerts, vendors' answers and news come true."),
    ] = None,
    unknown_service: Annotated[
        bool, typer.Option("--unknown-service", help="The service is meant as written, though the catalog lacks it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Declare an incident. When its cause has an open one, that one is answered."""
    body: dict[str, Any] = {
        "title": title, "service": service, "severity": severity, "impact": impact, "urgency": urgency,
        "summary": summary, "customers_affected": customers, "runbook": runbook,
    }  # fmt: skip
    body = {name: value for name, value in body.items() if value is not None}
    if injects is not None:
        body["injects"] = _injects(injects)
    if unknown_service:
        body["unknown_service"] = True
    try:
        found = remote().post("/api/v1/incidents", {**body, "inputs": _pairs(inputs or []), "drill": drill})
    except CliError as error:
        if isinstance(error.problem, dict) and error.problem.get("code") == "unknown_service":
            error.hint = "if it is something else, say it again with --unknown-service"
        raise
    for warning in found.get("warnings", []):
        typer.echo(warning, err=True)
    if as_json:
        print_json(found)
    else:
        typer.echo(f"{found['id']} {found['severity']} {found['title']}\n{found['url']}")
        if found["title"] != title:
            wanted = severity if severity not in (None, found["severity"]) else None
            change = f"; to change its severity: mayday incident severity {found['id']} {wanted} --reason WHY"
            typer.echo(
                f"the same cause has this one open already: your words are a note in it{change if wanted else ''}"
            )


@incident_app.command()
def queue(
    person: Annotated[str | None, typer.Option(help="Whose; `all` for everybody. (default: yours)")] = None,
    as_json: AsJson = False,
) -> None:
    """What waits for you over all open incidents, the soonest first."""
    found = remote().get("/api/v1/queue", person=person)
    if as_json:
        print_json(found)
        return
    names = naming()
    rows = [
        [item["severity"], item["incident"], item["kind"], item["id"], clock(item["due_at"]), _about(item, names)]
        for item in found["items"]
    ]
    table(["severity", "incident", "waits", "id", "until", ""], rows, "nothing waits for you")


@incident_app.command("list")
def list_incidents(
    status: Annotated[list[str] | None, typer.Option(help="Only of this status; `open` means not ended.")] = None,
    severity: Annotated[list[str] | None, typer.Option(help="Only of this severity.")] = None,
    service: Annotated[str | None, typer.Option(help="Only of this service.")] = None,
    text: Annotated[str | None, typer.Option(help="Only with this in the title.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="So many at most, the newest first.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="`next` of the page before.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print ids only, for scripts.")] = False,
    as_json: AsJson = False,
) -> None:
    """Incidents, newest first."""
    found = remote().get(
        "/api/v1/incidents", status=status, severity=severity, service=service, text=text, limit=limit, cursor=cursor
    )
    if as_json:
        print_json(found)
        return
    if quiet:
        for item in found["items"]:
            typer.echo(item["id"])
        return
    names = naming()
    rows = [
        [
            item["id"],
            item["severity"],
            item["status"],
            clock(item["opened_at"]),
            _services(item, names),
            item["title"],
        ]
        for item in found["items"]
    ]
    table(["id", "severity", "status", "opened", "services", "title"], rows, "no incidents")


@incident_app.command()
def show(incident: Id, as_json: AsJson = False) -> None:
    """An incident as it is now: who leads, what waits for whom, until when."""
    found = remote().get(f"/api/v1/incidents/{incident}")
    if as_json:
        print_json(found)
        return
    names = naming()
    drill = " (drill)" if found["drill"] else ""
    typer.echo(f"{found['id']}  {found['severity']}  {found['status']}{drill}")
    typer.echo(f"{found['title']}  [{_services(found, names)}]  since {clock(found['opened_at'])}")
    holders = [
        f"{spoken(role['role'])}: {names.of(role['person'])}" for role in found.get("roles", []) if role.get("person")
    ]
    if found.get("leaderless"):
        holders.insert(0, "no commander")
    for label, value in (
        ("roles", ", ".join(holders)), ("phase", found.get("phase")), ("bridge", found.get("bridge")),
        ("merged into", found.get("merged_into")), ("ticket", found.get("ticket")), ("channel", found.get("channel")),
        ("customers", found.get("customers_affected")), ("next update", clock(found.get("next_update_at"))),
    ):  # fmt: skip
        if value:
            typer.echo(f"{label}: {value}")
    if not found.get("live"):
        over = "it is over" if found.get("finished") else "its run does not answer"
        typer.echo(f"(as last stored: {over})")
    rows = [
        [
            item["kind"],
            item["id"],
            _whom(item, names),
            clock(item["due_at"]),
            names.then(item["then"]),
            _about(item, names),
        ]
        for item in found["pending"]
    ]
    table(["waits", "id", "for", "until", "then", ""], rows, "nothing waits")


def _about(item: dict[str, Any], names: Naming) -> str:
    """What waits, in words."""
    return names.waiting(item["kind"], str(item.get("text") or ""), item.get("for") or ())


def _whom(item: dict[str, Any], names: Naming) -> str:
    """Whom it waits for; of a vendor its case says it."""
    refs = (f"vendor.{ref}" for ref in item["for"]) if item["kind"] == "vendor" else item["for"]
    return ", ".join(names.of(ref) for ref in refs)


def _services(item: dict[str, Any], names: Naming) -> str:
    return ", ".join(names.service(service) for service in item["services"])


@incident_app.command()
def timeline(
    incident: Id,
    after: Annotated[int, typer.Option(min=0, help="Entries behind this number.")] = 0,
    kind: Annotated[list[str] | None, typer.Option(help="Only entries of this kind.")] = None,
    as_json: AsJson = False,
) -> None:
    """What has happened: when, who, and why."""
    found = remote().get(f"/api/v1/incidents/{incident}/timeline", after=after, kind=kind)
    if as_json:
        print_json(found)
        return
    names = naming()
    rows = [
        [str(entry["seq"]), clock(entry["at"]), names.actor(entry["actor"]), entry["text"]] for entry in found["items"]
    ]
    table(["", "at", "who", ""], rows, "nothing has happened yet")


@incident_app.command()
def sent(incident: Id, as_json: AsJson = False) -> None:
    """The last messages to audiences, with the number that `correct` takes."""
    found = remote().get(f"/api/v1/incidents/{incident}").get("sent", [])
    if as_json:
        print_json({"items": found, "next": None})
        return
    rows = [
        [str(item["n"]), clock(item["at"]), item["audience"], item["purpose"], item["held"] or "", item["text"]]
        for item in found
    ]
    table(["no", "at", "to", "as", "held", ""], rows, "nothing has been sent")


def _pairs(texts: list[str]) -> dict[str, Any]:
    pairs: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise CliError(f"--input {text}: write NAME=VALUE", status=WRONG_USAGE)
        pairs[name] = value
    return pairs


from mayday.cli import ad_hoc, deciding  # noqa: E402 - they add their commands to `incident_app`

__all__ = ["ad_hoc", "command", "deciding", "incident_app"]
