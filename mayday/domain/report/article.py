"""A draft of a knowledge article, from what a review knows: what it looks like, why, what helps, where to look.

It is a draft for people to check and to publish where the house keeps its knowledge. It holds what people wrote for the
report and the reasons of the status, and none of the night's notes.
"""

from __future__ import annotations

from mayday.domain.report.model import Report
from mayday.domain.report.words import plain, quoted, when

__all__ = ["article"]

UNWRITTEN = "*Not written yet.*"


def article(report: Report) -> str:
    """Markdown, ending with a line break."""
    service = plain(report.naming.services.get(report.service, report.service))
    heads = (
        ("What it looks like", [*_summary(report), f"Service: {service or '-'}. Severity then: {report.severity}."]),
        ("Why", _cause(report)),
        ("What helps meanwhile", [quoted(report.form.workaround or "") or UNWRITTEN]),
        ("What mended it", ["\n".join(f"- {plain(event.text)}" for event in report.severities) or UNWRITTEN]),
        ("Where to look", _sources(report)),
    )
    parts = [f"# {plain(report.title)}", f"*Draft of a knowledge article, from the review of {report.incident_id}.*"]
    for title, lines in heads:
        parts += [f"## {title}", "\n\n".join(line for line in lines if line)]
    return "\n\n".join(parts) + "\n"


def _summary(report: Report) -> list[str]:
    return [_section(report, "summary", UNWRITTEN)]


def _section(report: Report, name: str, otherwise: str) -> str:
    written = report.written.get(name)
    return quoted(written.text) if written is not None and written.text.strip() else otherwise


def _cause(report: Report) -> list[str]:
    form = report.form
    category = f"category {plain(form.category)}" if form.category else ""
    cause = f"cause {plain(form.cause_code)}" if form.cause_code else ""
    change = f"caused by change {plain(form.change)}".strip() if form.caused_by_change else ""
    words = ", ".join(part for part in (category, cause, change) if part)
    said = [_section(report, name, "") for name in ("root_cause", "contributing_factors")]
    return [f"{words[:1].upper()}{words[1:]}." if words else "" if any(said) else UNWRITTEN, *said]


def _sources(report: Report) -> list[str]:
    vendors = [plain(report.naming.vendors.get(fact.vendor, fact.vendor)) for fact in report.vendors]
    lines = [
        f"- Incident {report.incident_id}, {when(report.opened_at)} to {when(report.resolved_at)}",
        f"- Problem record {plain(report.problem)}" if report.problem else "",
        f"- Ticket {plain(report.ticket)}" if report.ticket else "",
        f"- Runbook {plain(report.runbook)}" if report.runbook else "",
        f"- Vendor {', '.join(dict.fromkeys(vendors))}" if vendors else "",
        *(f"- Follow-up {item.id}: {plain(item.title)} ({item.state})" for item in report.actions),
    ]
    return ["\n".join(line for line in lines if line)]
