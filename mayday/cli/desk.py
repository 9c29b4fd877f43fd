"""`mayday desk`: the embedded desk, so that somebody who is paged sees it: pages, chat, tickets, mail, status page."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mayday.cli.naming import naming
from mayday.cli.printing import AsJson, answered, clock, print_json, table
from mayday.cli.remote import remote
from mayday.domain.plain_words import spoken
from mayday.domain.timeline_words import ACTIONS, Naming

desk_app = typer.Typer(no_args_is_help=True, help="The embedded desk: what it rings, says, opens, mails and posts.")

Incident = Annotated[str | None, typer.Option(help="Of one incident only.")]


@desk_app.command()
def pages(
    person: Annotated[str | None, typer.Option(help="Whose; `all` for everybody. (default: yours)")] = None,
    state: Annotated[str, typer.Option(help="ringing, sent, acknowledged, closed or all.")] = "ringing",
    incident: Incident = None,
    as_json: AsJson = False,
) -> None:
    """The pages that ring for you."""
    found = remote().get("/api/v1/desk/pages", person=person, state=state, incident=incident)
    if as_json:
        print_json(found)
        return
    names = naming()
    rows = [
        [str(page["id"]), clock(page["rang_at"]), names.of(page["person"]), page["channel"], page["incident_id"],
         page["page"], page["state"], page["text"]]
        for page in found["items"]
    ]  # fmt: skip
    table(["no", "rang", "person", "via", "incident", "page", "state", ""], rows, "nothing rings")


@desk_app.command()
def ack(number: Annotated[int, typer.Argument(help="The page's number.")], as_json: AsJson = False) -> None:
    """Answer a page by its number."""
    answered(remote().post(f"/api/v1/desk/pages/{number}/ack"), as_json, "acknowledged")


@desk_app.command()
def decline(
    number: Annotated[int, typer.Argument(help="The page's number.")],
    reason: Annotated[str, typer.Option(help="Why you cannot take it.")],
    as_json: AsJson = False,
) -> None:
    """Say by its number that you cannot take a page, or the role that it offers."""
    answered(remote().post(f"/api/v1/desk/pages/{number}/decline", {"reason": reason}), as_json, "declined")


@desk_app.command()
def messages(
    incident: Incident = None,
    channel: Annotated[str | None, typer.Option(help="Of one channel only.")] = None,
    as_json: AsJson = False,
) -> None:
    """What was said in the desk's channels."""
    found = remote().get("/api/v1/desk/messages", incident=incident, channel=channel)
    _show(found, as_json, {"at": "sent_at", "channel": "channel", "to": "audience", "from": "author", "": "text"})


@desk_app.command()
def channels(incident: Incident = None, as_json: AsJson = False) -> None:
    """The desk's channels, and who is in them."""
    found = remote().get("/api/v1/desk/channels", incident=incident)
    columns = {"name": "name", "topic": "topic", "members": "members", "opened": "opened_at", "archived": "archived_at"}
    _show(found, as_json, columns)


@desk_app.command()
def tickets(incident: Incident = None, as_json: AsJson = False) -> None:
    """Incidents, problems and changes of the desk's register."""
    found = remote().get("/api/v1/desk/tickets", incident=incident)
    columns = {"number": "number", "kind": "kind", "state": "state", "opened": "opened_at", "": "summary"}
    _show(found, as_json, columns)


@desk_app.command("work-orders")
def work_orders(incident: Incident = None, as_json: AsJson = False) -> None:
    """Approved changes and fail-overs that were handed to their implementers."""
    found = remote().get("/api/v1/desk/work-orders", incident=incident)
    _show(found, as_json, {"number": "number", "ordered": "ordered_at", "what": "action", "approval": "approval"})


@desk_app.command()
def bridges(incident: Incident = None, as_json: AsJson = False) -> None:
    """Where people meet."""
    found = remote().get("/api/v1/desk/bridges", incident=incident)
    _show(
        found, as_json, {"name": "name", "url": "url", "phone": "phone", "opened": "opened_at", "closed": "closed_at"}
    )


@desk_app.command()
def mails(incident: Incident = None, as_json: AsJson = False) -> None:
    """Mails that left."""
    found = remote().get("/api/v1/desk/mails", incident=incident)
    _show(found, as_json, {"at": "queued_at", "to": "recipients", "subject": "subject", "": "text"})


@desk_app.command()
def invites(incident: Incident = None, as_json: AsJson = False) -> None:
    """The calendar: invitations as last sent."""
    found = remote().get("/api/v1/desk/invites", incident=incident)
    columns = {"from": "start_at", "until": "end_at", "": "summary", "to": "attendees", "state": "method"}
    _show(found, as_json, columns)


@desk_app.command()
def status(incident: Incident = None, as_json: AsJson = False) -> None:
    """What the status page says."""
    found = remote().get("/api/v1/desk/status", incident=incident)
    _show(found, as_json, {"at": "posted_at", "service": "service", "status": "status", "title": "title", "": "text"})


@desk_app.command("vendor-cases")
def vendor_cases(incident: Incident = None, as_json: AsJson = False) -> None:
    """Cases at vendors."""
    found = remote().get("/api/v1/desk/vendor-cases", incident=incident)
    columns = {"number": "number", "vendor": "vendor", "priority": "priority", "opened": "opened_at", "": "summary"}
    _show(found, as_json, columns)


def _show(found: dict[str, Any], as_json: bool, columns: dict[str, str]) -> None:
    if as_json:
        print_json(found)
        return
    names = naming()
    rows = [[_cell(name, item.get(name), names) for name in columns.values()] for item in found["items"]]
    table(list(columns), rows, "nothing there")


def _cell(name: str, value: Any, names: Naming) -> str:
    if value is None:
        return ""
    if name == "service":
        return names.service(value)
    if name == "vendor":
        return names.of(f"vendor.{value}")
    if name == "method":
        return "taken back" if value == "CANCEL" else "stands"
    if name == "action":
        return ACTIONS.get(value, str(value))
    if name == "members":
        return ", ".join(names.of(person) for person in value)
    if name in ("author", "audience"):
        return names.of(value) if name == "author" else spoken(value)
    if name.endswith("_at"):
        return clock(value)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
