"""The report as Markdown. Text of people, vendors and alerts is escaped: it shows as it was written, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from mayday.domain.plain_words import spoken
from mayday.domain.report.gist import gist
from mayday.domain.report.model import AudienceFact, DecisionFact, EventFact, Report, VendorFact, VoteFact
from mayday.domain.report.plan_sections import followed, promised
from mayday.domain.report.score_words import scores
from mayday.domain.report.words import because, events, length, plain, quoted, shortened, table, when
from mayday.domain.review.owed import Finding, VendorRca
from mayday.domain.review.reporting import PEOPLE_SECTIONS
from mayday.domain.timeline_words import thing

AUDIENCE_HEAD = ("audience", "sent", "first after", "longest gap", "on time", "missed", "holding lines")
UNFILLED = "to be filled in"
#: lines of the short timeline in the text; the whole one is in the records
LISTED = 400
#: lines of each list of what was done by hand, failed, or was noted
FIRST = 60
TITLES = {
    "summary": "Summary",
    "impact": "Impact",
    "root_cause": "Root cause",
    "contributing_factors": "Contributing factors",
    "lessons": "Lessons",
}


def render(report: Report) -> str:
    """The whole report; sections that nobody has written yet say what belongs there."""
    parts = [
        _head(report),
        _people(report, "summary"),
        _people(report, "impact"),
        _impact(report),
        _clocks(report),
        _course(report),
        _decisions(report),
        _communication(report),
        promised(report),
        scores(report.score) if report.score else "",
        _vendors(report),
        followed(report),
        _by_hand(report),
        _exceptions(report),
        _people(report, "root_cause"),
        _people(report, "contributing_factors"),
        _people(report, "lessons"),
        _actions(report),
        _timeline(report),
        _proof(report),
    ]
    return "\n".join(part.rstrip() + "\n" for part in parts if part)


def named(person: str | None, report: Report) -> str:
    """A person, or what else a reference names, as the catalog calls them."""
    return plain(report.naming.of(person)) if person else ""


# -- parts


def _head(report: Report) -> str:
    status = f", review {report.state.replace('_', ' ')}" if report.state else ""
    drafted = f"Version {report.version}, drafted {when(report.drafted_at)}. " if report.version else ""
    title = f"# {'DRILL: ' if report.drill else ''}{report.severity} {plain(report.title) or report.incident_id}"
    service = plain(report.naming.services.get(report.service, report.service)) or "-"
    what = f"Incident `{report.incident_id}` on {service}, {report.status or 'open'}{status}."
    lines = [title, "", f"{drafted}{what} Runbook {plain(report.runbook) or '-'}. Times are UTC."]
    refs = [
        f"ticket {plain(report.ticket)}" if report.ticket else "",
        f"problem {plain(report.problem)}" if report.problem else "",
        f"owner {named(report.owner, report)}" if report.owner else "",
        f"meeting {when(report.meeting.starts_at)}" if report.meeting and not report.meeting.cancelled else "",
    ]
    if any(refs):
        line = f"{', '.join(ref for ref in refs if ref)}."
        lines.append(line[0].upper() + line[1:])
    if report.broken_at is not None:
        lines += ["", f"**The timeline was altered: entry {report.broken_at} does not follow from the one before it.**"]
    return "\n".join(lines)


def _people(report: Report, section: str) -> str:
    title = "\n\n".join([f"## {TITLES[section]}", *([_gist(report)] if section == "summary" else [])])
    written = report.written.get(section)
    if written is None:
        return f"{title}\n\n*To be written: {PEOPLE_SECTIONS[section]}*"
    author = f"*Version {written.version} by {named(written.author, report)}, {when(written.at)}*"
    return f"{title}\n\n{quoted(written.text)}\n\n{author}"


def _gist(report: Report) -> str:
    return "\n".join(f"- {line}" for line in gist(report)) or "Nothing stands on the timeline yet."


def _impact(report: Report) -> str:
    form = report.form
    customers = "not known yet" if report.customers_affected is None else f"{report.customers_affected:,}"
    change = (
        UNFILLED if form.caused_by_change is None else f"yes {plain(form.change)}" if form.caused_by_change else "no"
    )
    rows = [
        ("Customers affected", customers),
        ("Impact", _from_to(report.impact_started_at, report.impact_ended_at)),
        ("Incident", f"{when(report.opened_at)} to {when(report.resolved_at)}"),
        ("Alerts", str(report.alerts)),
        ("Reopened", f"{report.reopened} times" if report.reopened else "no"),
        ("Category", plain(form.category) or UNFILLED),
        ("Cause", plain(form.cause_code) or UNFILLED),
        ("Caused by a change", change),
        ("Detected by", plain(form.detected_by) or UNFILLED),
        *([("Workaround", plain(form.workaround))] if form.workaround else []),
    ]
    return table(("", ""), rows)


def _from_to(start: datetime | None, end: datetime | None) -> str:
    if start is None and end is None:
        return "not known yet"
    return f"{when(start) if start else 'not known yet'} to {when(end) if end else 'not known yet'}"


def _clocks(report: Report) -> str:
    rows = [(fact.name, length(fact.seconds), str(fact.n), fact.definition) for fact in report.clocks]
    lines = ["## Clocks", "", table(("clock", "length", "n", "from and to"), rows)]
    for span in report.leaderless:
        how = f"{length(span.seconds)}, {plain(span.note)}"
        lines += ["", f"Nobody was in command from {when(span.from_at)} to {when(span.until_at)} ({how})."]
    return "\n".join(lines)


def _course(report: Report) -> str:
    rows = [
        (fact.name or spoken(fact.phase), when(fact.entered_at), length(fact.seconds), plain(fact.how))
        for fact in report.phases
    ]
    lines = [
        "## Course",
        "",
        table(("phase", "entered", "length", "left because"), rows) if rows else "No phase was entered.",
    ]
    lines += ["", *events([*report.commanders, *report.severities])]
    return "\n".join(lines)


def _decisions(report: Report) -> str:
    if not report.decisions:
        return "## Decisions\n\nNo decision gate was opened."
    return "\n\n".join(["## Decisions", *[_decision(item, report) for item in report.decisions]])


def _decision(decision: DecisionFact, report: Report) -> str:
    needed = (
        f"{decision.approvals} of {', '.join(named(who, report) for who in decision.voters)}"
        if decision.approvals
        else "-"
    )
    required = f", required: {', '.join(named(who, report) for who in decision.required)}" if decision.required else ""
    about = f"`{decision.id}`, opened {when(decision.opened_at)}, approvals needed: {needed}{required}"
    title = f"### {plain(decision.question) or decision.id}"
    lines = [title, "", f"{about}; requested by {named(decision.requester, report) or '-'}.", ""]
    for outcome in decision.outcomes:
        after = f" after {length(outcome.seconds)}" if outcome.seconds is not None else ""
        lines.append(f"- **{outcome.outcome.replace('_', ' ')}** at {when(outcome.at)}{after}{because(outcome.reason)}")
    if not decision.outcomes:
        lines.append("**undecided**")
    if decision.votes:
        rows = [
            (
                when(vote.at),
                named(vote.person, report) + (f" for {named(vote.on_behalf_of, report)}" if vote.on_behalf_of else ""),
                vote.choice,
                plain(vote.reason) or "-",
                _spoken(vote, report),
            )
            for vote in decision.votes
        ]
        lines += ["", table(("when", "who", "vote", "reason", "how"), rows)]
    else:
        lines += ["", "Nobody voted."]
    more = [*decision.events, *decision.findings]
    if more:
        lines += ["", *[f"- {plain(line)}" for line in more]]
    return "\n".join(lines)


def _spoken(vote: VoteFact, report: Report) -> str:
    if vote.heard_by is None:
        return "-"
    recorded = f", recorded by {named(vote.recorded_by, report)}" if vote.recorded_by else ""
    confirmed = "confirmed" if vote.confirmed else "NOT confirmed"
    return f"spoken, heard by {named(vote.heard_by, report)}{recorded}, {confirmed}"


def _communication(report: Report) -> str:
    if not report.audiences:
        return "## Communication\n\nNo message left to any audience."
    rows = [_audience(fact) for fact in report.audiences]
    lines = [
        "## Communication",
        "",
        table(AUDIENCE_HEAD, rows),
    ]
    for fact in report.audiences:
        lines += ["", f"### {plain(spoken(fact.audience))}", ""]
        said = [(missed, "**missed**: nobody read it in time") for missed in fact.missed]
        for message in fact.sent:
            what = f"{spoken(message.purpose)}: {plain(shortened(message.text))}"
            said.append((message.at, what + _parts(message.via, message.problem)))
        said += [(problem.at, plain(problem.problem)) for problem in fact.problems]
        lines += [f"- {when(at)} {what}" for at, what in sorted(said, key=lambda pair: pair[0])]
    return "\n".join(lines)


def _audience(fact: AudienceFact) -> tuple[str, ...]:
    return (
        plain(spoken(fact.audience)),
        str(len(fact.sent)),
        length(fact.first_after_s),
        length(fact.longest_gap_s),
        f"{fact.on_time} of {fact.due}" if fact.due else "-",
        str(len(fact.missed)),
        str(fact.holding),
    )


def _parts(via: list[str], problem: str) -> str:
    return (f" ({', '.join(map(plain, via))})" if via else "") + (f", not by {plain(problem)}" if problem else "")


def _vendors(report: Report) -> str:
    if not report.vendors and not report.vendor_rcas:
        return ""
    lines = ["## Vendors"]
    for fact in report.vendors:
        lines += ["", *_vendor(fact, report)]
    for rca in report.vendor_rcas:
        what = f"Root cause analysis of {plain(rca.name or rca.vendor)} (case {plain(rca.case) or '-'})"
        lines += ["", f"{what}: {_rca(rca)}, asked {rca.asked} times."]
    return "\n".join(lines)


def _rca(rca: VendorRca) -> str:
    if rca.received_at:
        return f"received {when(rca.received_at)}: {plain(rca.text)}"
    return "never came" if rca.missing else "open"


def _vendor(fact: VendorFact, report: Report) -> list[str]:
    contract = f"Contract {plain(fact.contract) or '-'}, {plain(fact.priority) or '-'}."
    reply = (
        f"Contacted {when(fact.first_contact_at)}, first reply {when(fact.first_reply_at)} ({length(fact.response_s)})"
    )
    closed = f"closed {when(fact.closed_at)}, clock paused {length(fact.paused_s)}"
    title = f"### {plain(report.naming.vendors.get(fact.vendor, spoken(fact.vendor)))}, case {plain(fact.case) or '-'}"
    lines = [title, "", f"{contract} {reply}, {closed}."]
    for name, items in (
        ("Breach", fact.breaches),
        ("Escalated to", fact.escalations),
        ("Paused", fact.pauses),
        ("", fact.replies),
    ):
        lines += [f"- {name + ': ' if name else ''}{plain(item)}" for item in items]
    return lines


def _by_hand(report: Report) -> str:
    lines = ["## By hand, and what failed", ""]
    lines += _some(report.interventions) or ["Nothing was overridden or added by hand."]
    if report.failures:
        lines += ["", "Failed or late:", "", *_some(report.failures)]
    if report.notes:
        lines += ["", "Notes:", "", *_some(report.notes)]
    return "\n".join(lines)


def _some(items: Sequence[EventFact]) -> list[str]:
    """The first of them; a night of a thousand notes has them all on its timeline."""
    more = len(items) - FIRST
    return [*events(items[:FIRST]), *([f"- and {more} more on the timeline"] if more > 0 else [])]


def _exceptions(report: Report) -> str:
    lines = [f"- {plain(line)}" for line in report.exceptions]
    for finding in report.findings:
        still = "**open**, " if finding.open else ""
        what = f"{plain(thing(finding.decision, report.naming, quoted=True))}, {finding.kind}: {plain(finding.text)}"
        lines.append(f"- {what}: {still}{_finding(finding, report)}")
    return "\n".join(["## Exceptions and findings", "", *lines]) if lines else "## Exceptions and findings\n\nNone."


def _finding(finding: Finding, report: Report) -> str:
    if finding.settled_by:
        return f"settled by {named(finding.settled_by, report)}: {plain(finding.settlement)}"
    if finding.answer:
        return f"{finding.answer} by {named(finding.answered_by, report)}{because(finding.reason)}"
    return "nobody answered in time" if finding.expired else "not answered yet"


def _actions(report: Report) -> str:
    if not report.actions:
        return "## Follow-up actions\n\nNone yet."
    rows = [
        (
            item.id,
            plain(item.title),
            named(item.owner, report),
            item.priority,
            when(item.due_at),
            item.state + (f" {when(item.ended_at)}{because(item.result)}" if item.ended_at else ""),
        )
        for item in report.actions
    ]
    return "\n".join(["## Follow-up actions", "", table(("no.", "action", "owner", "priority", "due", "state"), rows)])


def _timeline(report: Report) -> str:
    shown = report.timeline[:LISTED]
    lines = ["## Timeline"]
    for day, happened in groupby(sorted(shown, key=lambda event: event.at), lambda event: when(event.at)[:10]):
        rows = [(when(event.at)[11:], plain(event.text)) for event in happened]
        lines += ["", f"### {day}", "", table(("time", "what"), rows)]
    if not shown:
        lines += ["", "Nothing stands on the timeline yet."]
    if len(report.timeline) > len(shown):
        lines += ["", f"And {len(report.timeline) - len(shown)} more: `mayday incident timeline {report.incident_id}`."]
    return "\n".join(lines)


def _proof(report: Report) -> str:
    intact = report.broken_at is None
    verdict = "Every entry follows from the one before it." if intact else f"Entry {report.broken_at} was altered."
    check = f"Check: `mayday review verify {report.incident_id}`."
    return f"---\n\n{report.entries} entries, head `{report.head}`. {verdict} {check}"
