"""`mayday review`: what comes after an incident, until nothing is owed any more."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from mayday.cli.errors import WRONG_USAGE, CliError
from mayday.cli.naming import naming
from mayday.cli.printing import AsJson, answered, clock, print_json, table
from mayday.cli.remote import remote
from mayday.cli.review_actions import actions_app
from mayday.cli.review_archive import archive, export
from mayday.cli.review_replay import replay
from mayday.cli.review_time import at, lanes, scenario
from mayday.cli.review_verify import verify
from mayday.cli.review_what_if import what_if
from mayday.domain.plain_words import spoken
from mayday.domain.timeline_words import Naming

review_app = typer.Typer(no_args_is_help=True, help="Reviews: owner, meeting, report, follow-ups, closing.")
review_app.add_typer(actions_app, name="actions")
review_app.command("verify")(verify)
review_app.command("archive")(archive)
review_app.command("export")(export)
review_app.command("replay")(replay)
review_app.command("at")(at)
review_app.command("lanes")(lanes)
review_app.command("scenario")(scenario)
review_app.command("what-if")(what_if)

Id = Annotated[str, typer.Argument(metavar="ID", help="The incident: its id, or INC- and the last six characters.")]
Why = Annotated[str, typer.Option("--reason", help="Why; it stands in the timeline.")]


def send(incident: str, path: str, body: dict[str, Any], as_json: bool, done: str) -> None:
    """Send something to a review and say what became of it. Fields that nobody gave are left out."""
    given = {name: value for name, value in body.items() if value is not None}
    answered(remote().post(f"/api/v1/reviews/{incident}/{path}", given), as_json, done)


# -- looking


@review_app.command("list")
def list_reviews(
    state: Annotated[str | None, typer.Option(help="draft, in_review, reviewed, closed; or open.")] = "open",
    owner: Annotated[str | None, typer.Option(help="Of this person; `me` for your own.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Also those in which nothing is owed any more.")] = False,
    as_json: AsJson = False,
) -> None:
    """Reviews in which something is still owed."""
    found = remote().get("/api/v1/reviews", state=None if all_ else state, owner=owner)
    if as_json:
        print_json(found)
        return
    names = naming()
    rows = [
        [
            item["id"],
            item["severity"],
            item["state"].replace("_", " "),
            _owner(item, names),
            clock(item["meeting_at"]),
            str(item["open_actions"]),
            str(item["owed"]),
            item["title"],
        ]
        for item in found["items"]
    ]
    table(["id", "severity", "state", "owner", "meeting", "actions", "owed", "title"], rows, "no reviews")


@review_app.command()
def show(incident: Id, as_json: AsJson = False) -> None:
    """A review: its state, and who owes what by when."""
    found = remote().get(f"/api/v1/reviews/{incident}")
    if as_json:
        print_json(found)
        return
    typer.echo(f"{found['incident_id']}  {found['severity']}  review {found['state'].replace('_', ' ')}")
    names = naming()
    service = names.service(found["service"])
    typer.echo(f"{found['title']}  [{service}]  resolved {clock(found['resolved_at'])}")
    meeting = found.get("meeting") or {}
    for label, value in (
        ("owner", _owner(found, names)),
        ("meeting", "" if meeting.get("cancelled") else clock(meeting.get("starts_at"))),
        ("report", f"version {found['report_version']}" if found["report_version"] else "not drafted yet"),
        ("readers", _readers(found)),
        ("problem", found.get("problem")),
        ("closing form", f"missing {spoken(', '.join(found['missing']))}" if found["missing"] else "complete"),
    ):
        if value:
            typer.echo(f"{label}: {value}")
    rows = [
        [
            item["id"],
            ", ".join(names.of(ref) for ref in item["for"]),
            clock(item["due_at"]) + (" late" if item["overdue"] else ""),
            item["text"] if item["kind"] in ("action", "finding", "release") else spoken(item["text"]),
        ]
        for item in found["ledger"]
    ]
    table(["owed", "by", "until", ""], rows, "nothing is owed")


def _readers(found: dict[str, Any]) -> str:
    """Whom the report goes to, or where each version of it went."""
    sent = [
        f"{each['audience']} (version {each['version']}, {_went(each)})" for each in found.get("sent_reports") or []
    ]
    wanted = [f"{each['audience']} by {', '.join(each['via'])}" for each in found.get("readers") or []]
    return "; ".join(sent) if sent else f"{'; '.join(wanted)}, once it was reviewed" if wanted else ""


def _went(sent: dict[str, Any]) -> str:
    if sent["at"]:
        return f"sent {clock(sent['at'])}"
    return f"not sent: {'; '.join(sent['missed'])}" if sent["missed"] else "on its way"


@review_app.command()
def report(
    incident: Id,
    version: Annotated[int | None, typer.Option(min=1, help="An earlier version.")] = None,
    output: Annotated[Path | None, typer.Option(help="Write it to this file: .md, .html or .pdf.")] = None,
    as_json: AsJson = False,
) -> None:
    """The report: printed as Markdown, or written as Markdown, HTML or PDF."""
    found = remote().get(f"/api/v1/reviews/{incident}/report", version=version)
    if output is not None:
        _write_report(found, output)
    if as_json:
        print_json(found)
    elif output is None:
        typer.echo(found["markdown"], nl=False)
    else:
        typer.echo(f"{output}: version {found['version']}")


@review_app.command()
def article(
    incident: Id,
    output: Annotated[Path | None, typer.Option(help="Write it to this file, as Markdown.")] = None,
    as_json: AsJson = False,
) -> None:
    """A draft of a knowledge article from what is known by now: what it looks like, why, what helps."""
    found = remote().get(f"/api/v1/reviews/{incident}/article")
    if output is not None:
        _write(output, found["markdown"].encode())
    if as_json:
        print_json(found)
    else:
        typer.echo(output if output is not None else found["markdown"], nl=output is not None)


def _heading(markdown: str) -> str:
    """What the report is called: its first line."""
    return f"Report of {markdown.partition(chr(10))[0].removeprefix('# ')}"


def _write_report(found: dict[str, Any], output: Path) -> None:
    """By the end of the file's name; a page has the lanes of the night in it."""
    from mayday.archive.printing import NotPrinted, as_html, as_pdf

    content = found["markdown"].encode()
    if output.suffix in (".html", ".htm", ".pdf"):
        lanes = remote().download(f"/api/v1/reviews/{found['incident_id']}/lanes").decode()
        version = f"version {found['version']}" if found["version"] else "before its first version"
        mark = f"{found['incident_id']}, {version}"
        page = as_html(found["markdown"], _heading(found["markdown"]), lanes, mark=mark)
        try:
            content = as_pdf(page) if output.suffix == ".pdf" else page.encode()
        except NotPrinted as error:
            raise CliError(str(error), hint=error.hint) from None
    _write(output, content)


def _write(output: Path, content: bytes) -> None:
    try:
        output.write_bytes(content)
    except OSError as error:
        raise CliError(f"{output}: {error.strerror}") from None


# -- acting


@review_app.command()
def accept(incident: Id, as_json: AsJson = False) -> None:
    """Accept the ownership of the review that was offered to you."""
    send(incident, "accepts", {}, as_json, "the review is yours")


@review_app.command()
def owner(
    incident: Id,
    person: Annotated[str, typer.Argument(help="Who shall own it.")],
    reason: Why = "",
    as_json: AsJson = False,
) -> None:
    """Give the review to somebody else."""
    send(incident, "owner", {"person": person, "reason": reason}, as_json, f"{person} is asked")


@review_app.command()
def meeting(
    incident: Id,
    starts_at: Annotated[str, typer.Argument(metavar="WHEN", help="2026-05-05T10:00:00Z")],
    reason: Why = "",
    as_json: AsJson = False,
) -> None:
    """Hold the meeting at another time; the invitation follows."""
    send(incident, "meeting", {"starts_at": starts_at, "reason": reason}, as_json, f"meeting at {starts_at}")


@review_app.command()
def edit(
    incident: Id,
    section: Annotated[str, typer.Argument(help="summary, impact, root_cause, contributing_factors, lessons.")],
    text: Annotated[str | None, typer.Argument(help="The text; else --file, or the standard input.")] = None,
    file: Annotated[Path | None, typer.Option(help="Read it from this file; - for the standard input.")] = None,
    version: Annotated[int | None, typer.Option(min=0, help="The version you read; the newest by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write a section of the report."""
    if text is not None and file is not None:
        raise CliError("give the text or --file, not both", status=WRONG_USAGE)
    if text is None:
        text = sys.stdin.read() if file is None or str(file) == "-" else file.read_text(encoding="utf-8")
    if version is None:
        sections = remote().get(f"/api/v1/reviews/{incident}/report")["sections"]
        version = sections.get(section, {}).get("version", 0)
    body = {"section": section, "text": text, "version": version}
    send(incident, "report", body, as_json, f"wrote {section}")


@review_app.command()
def state(
    incident: Id,
    state: Annotated[str, typer.Argument(help="draft, in_review, reviewed, closed.")],
    as_json: AsJson = False,
) -> None:
    """Move the review on: draft, in review, reviewed, closed."""
    send(incident, "state", {"state": state}, as_json, f"the review is {state.replace('_', ' ')}")


@review_app.command()
def form(
    incident: Id,
    category: Annotated[str | None, typer.Option(help="network, database, ...")] = None,
    cause_code: Annotated[str | None, typer.Option(help="vendor, capacity, defect, ...")] = None,
    caused_by_change: Annotated[
        bool | None, typer.Option("--caused-by-change/--no-change", help="Whether a change was the cause.")
    ] = None,
    change: Annotated[str | None, typer.Option(help="The change's number.")] = None,
    detected_by: Annotated[str | None, typer.Option(help="monitoring, customer, ...")] = None,
    impact_started_at: Annotated[str | None, typer.Option(help="2026-03-02T02:00:00Z")] = None,
    impact_ended_at: Annotated[str | None, typer.Option(help="2026-03-02T03:38:00Z")] = None,
    workaround: Annotated[str | None, typer.Option(help="What helps meanwhile, for whoever has it next.")] = None,
    as_json: AsJson = False,
) -> None:
    """Fill in the closing form; without options, what it still lacks."""
    body = {
        "category": category,
        "cause_code": cause_code,
        "caused_by_change": caused_by_change,
        "change": change,
        "detected_by": detected_by,
        "impact_started_at": impact_started_at,
        "impact_ended_at": impact_ended_at,
        "workaround": workaround,
    }
    if any(value is not None for value in body.values()):
        send(incident, "closing-form", body, as_json, "filled in")
        return
    found = remote().get(f"/api/v1/reviews/{incident}")
    if as_json:
        print_json({**found["form"], "missing": found["missing"]})
    else:
        typer.echo(f"missing: {spoken(', '.join(found['missing']))}" if found["missing"] else "complete")


@review_app.command()
def close(incident: Id, as_json: AsJson = False) -> None:
    """Close the review, and with it the incident. Open actions are chased all the same."""
    send(incident, "state", {"state": "closed"}, as_json, "closed")


@review_app.command()
def release(
    incident: Id,
    item: Annotated[str, typer.Argument(help="The message, as `review show` has it.")],
    withhold: Annotated[bool, typer.Option("--withhold", help="It shall not go.")] = False,
    text: Annotated[str | None, typer.Option(help="Write it anew instead; another person releases it then.")] = None,
    reason: Why = "",
    as_json: AsJson = False,
) -> None:
    """Let a final message go that somebody else wrote."""
    if text is not None:
        send(incident, "rewrites", {"item": item, "text": text}, as_json, "written; another person releases it")
        return
    body = {"item": item, "withhold": withhold, "reason": reason}
    send(incident, "releases", body, as_json, "withheld" if withhold else "released")


@review_app.command()
def finding(
    incident: Id,
    finding: Annotated[str, typer.Argument(help="The finding, as `review show` has it.")],
    yes: Annotated[bool | None, typer.Option("--yes/--no", help="Ratify or refuse; confirm or deny.")] = None,
    settle: Annotated[str | None, typer.Option(help="What was done about a finding that stays one.")] = None,
    reason: Why = "",
    as_json: AsJson = False,
) -> None:
    """Answer a finding that waits for you, or settle one that stays."""
    if (yes is None) == (settle is None):
        raise CliError("give --yes, --no or --settle TEXT", status=WRONG_USAGE)
    if settle is not None:
        send(incident, "settlements", {"finding": finding, "text": settle}, as_json, "settled")
    else:
        send(incident, "findings", {"finding": finding, "yes": yes, "reason": reason}, as_json, "answered")


@review_app.command()
def rca(
    incident: Id,
    vendor: Annotated[str, typer.Argument(help="The vendor's id.")],
    text: Annotated[str, typer.Argument(help="What they found, or where it is.")],
    as_json: AsJson = False,
) -> None:
    """The vendor's root cause analysis came."""
    send(incident, "vendor-rcas", {"vendor": vendor, "text": text}, as_json, "noted")


@review_app.command()
def problem(
    incident: Id,
    number: Annotated[str, typer.Argument(help="The problem record's number.")],
    url: Annotated[str, typer.Option(help="Where it is.")] = "",
    as_json: AsJson = False,
) -> None:
    """Name the problem record that was opened by hand."""
    send(incident, "problem", {"number": number, "url": url}, as_json, f"problem {number}")


@review_app.command()
def note(
    incident: Id,
    text: Annotated[str, typer.Argument(help="What is to be remembered.")],
    at: Annotated[str | None, typer.Option(help="When it happened: 2026-03-02T02:10:00Z.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write something into the timeline of an incident that is over."""
    send(incident, "notes", {"text": text, "occurred_at": at}, as_json, "noted")


# -- inside


def _owner(item: dict[str, Any], names: Naming) -> str:
    name = names.of(item["owner"]) if item.get("owner") else "nobody"
    return name if item.get("accepted") else f"{name} (asked)"
