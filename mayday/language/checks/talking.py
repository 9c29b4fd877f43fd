"""Level 5: who hears from us, how often, and what no customer may read unread."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mayday.language.catalog import Audience
from mayday.language.checks.layout import Layout
from mayday.language.checks.types import NOT_PUBLIC, not_public
from mayday.language.documents import Document, Path
from mayday.language.expressions import SyntaxRefused, parse_template
from mayday.language.findings import Finding, define
from mayday.language.runbook import Message, Runbook

if TYPE_CHECKING:
    from mayday.language.library import Library

__all__ = ["talking_findings"]

UNREVIEWED = define(
    "F540",
    "message to customers that nobody reads first",
    "An audience with `review: required` gets nothing that no person has read, but pre-approved texts: write "
    "`review`, with "
    "who and how long before the tick.",
    wrong="- { id: tell, send: { template: customer_update, to: audience.customers } }\n",
    right="- { id: tell, send: { template: customer_update, to: audience.customers, review: { by: "
    "role.deputy, within: 5m } } }\n",
    frame="steps",
)
UNTOLD = define(
    "F541",
    "audience that is told too rarely",
    "The catalog promises each audience an update every so often, by severity (`updates`). A runbook for "
    "that severity has "
    "a cadence for each of them, as often or more often.",
    wrong="cadences:\n  technical_update: { every: 30m, until: 'incident.status >= \"resolved\"', "
    "send: { template: technical_update, to: audience.technical } }\n",
    right="cadences:\n  technical_update: { every: 15m, until: 'incident.status >= \"resolved\"', "
    "send: { template: technical_update, to: audience.technical } }\n",
    frame="runbook",
)


def talking_findings(runbook: Runbook, layout: Layout, document: Document, library: Library) -> Iterator[Finding]:
    """Cadences, messages and templates of a runbook."""
    for name, cadence in runbook.cadences.items():
        path: Path = ("cadences", name)
        reviewed = cadence.review is not None or cadence.send.review is not None
        yield from _message(cadence.send, (*path, "send"), reviewed, runbook, document, library)
    for placed in layout.steps:
        if placed.step.send is not None:
            reviewed = placed.step.send.review is not None
            yield from _message(placed.step.send, (*placed.path, "send"), reviewed, runbook, document, library)
    for name, template in runbook.templates.items():
        audience = library.catalog.audiences.get(template.audience or "")
        for key in ("text", "subject"):
            text = getattr(template, key)
            if text is not None and audience is not None and _outward(audience):
                yield from _internal(text, ("templates", name, key), runbook, document)
    yield from _promises(runbook, document, library)


def _message(
    message: Message, path: Path, reviewed: bool, runbook: Runbook, document: Document, library: Library
) -> Iterator[Finding]:
    audience = library.catalog.audiences.get(message.to.removeprefix("audience."))
    if audience is None or not message.to.startswith("audience."):
        return
    if audience.review == "required" and not reviewed:
        where = path if path[-1] == "send" and path[0] != "cadences" else path[:-1]
        hint = "write review: { by: role.comms_lead, within: 5m }"
        yield document.find(UNREVIEWED, where, f"nobody reads this before it reaches {message.to}", hint)
    if not _outward(audience):
        return
    for key in ("text", "subject"):
        text = getattr(message, key)
        if text is not None:
            yield from _internal(text, (*path, key), runbook, document)
    template = library.templates.get(message.template or "")
    if template is not None and message.template not in runbook.templates:
        found = _names(template.text, runbook) + _names(template.subject or "", runbook)
        if found:
            what = f"the template {message.template} uses {found[0]}, which is not public"
            yield document.find(NOT_PUBLIC, (*path, "template"), what, "use another template for this audience")


def _outward(audience: Audience) -> bool:
    return audience.review == "required" or audience.visibility == "public"


def _internal(text: str, path: Path, runbook: Runbook, document: Document) -> Iterator[Finding]:
    for name in _names(text, runbook):
        hint = "declare the input with visibility: public" if name.startswith("inputs.") else "leave it out"
        yield document.find(NOT_PUBLIC, path, f"{name} is not public, and customers would read it", hint)


def _names(text: str, runbook: Runbook) -> list[str]:
    public = tuple(name for name, spec in runbook.inputs.items() if spec.visibility == "public")
    try:
        return not_public(parse_template(text), public)
    except SyntaxRefused:
        return []  # reported where the text stands


def _promises(runbook: Runbook, document: Document, library: Library) -> Iterator[Finding]:
    for severity in runbook.applies_to.severity:
        policy = library.catalog.severities.get(severity)
        for audience, promised in policy.updates.items() if policy else ():
            fitting = [
                (name, cadence)
                for name, cadence in runbook.cadences.items()
                if cadence.send.to == f"audience.{audience}"
            ]
            if not fitting:
                message = f"{severity} promises {audience} an update every {promised}, and no cadence sends one"
                where: Path = ("cadences",) if ("cadences",) in document.marks else ("metadata",)
                yield document.find(UNTOLD, where, message, f"add a cadence to audience.{audience}", key=True)
                continue
            slow = [(name, cadence) for name, cadence in fitting if cadence.every > promised]
            if len(slow) == len(fitting):
                name, cadence = slow[0]
                message = f"{severity} promises {audience} an update every {promised}, this is every {cadence.every}"
                yield document.find(UNTOLD, ("cadences", name, "every"), message, f"write every: {promised}")
