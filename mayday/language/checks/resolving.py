"""Level 5: nobody is told "resolved" by a runbook that did not look, or did not wait."""

from __future__ import annotations

from collections.abc import Iterator

from mayday.language.checks.layout import Layout, Placed
from mayday.language.documents import Document
from mayday.language.findings import Finding, define

__all__ = ["resolve_findings"]

_CONFIRM = (
    "- { id: check, ask: { to: role.deputy, question: Up, fields: { ok: { type: boolean } }, due: 5m, "
    "on_overdue: { notify: role.deputy } } }\n"
)
_WAIT = "- { id: pause, wait: { for: 15m } }\n"
_SET = "- { id: done, WHENdo: incident.set_status, with: { status: resolved, reason: stable } }\n"

UNCONFIRMED = define(
    "F550",
    "resolved without a question",
    "Before a runbook sets `resolved`, somebody is asked, and the answer can be no: the step stands behind a "
    "`when`, in a "
    "`choose` or in a gate's branch.",
    wrong=_WAIT + _CONFIRM + _SET.replace("WHEN", ""),
    right=_WAIT + _CONFIRM + _SET.replace("WHEN", "when: steps.check.result.ok, "),
    frame="steps",
)
UNOBSERVED = define(
    "F551",
    "resolved without an observation period",
    "A fix that holds for a minute is no fix: a `wait: { for: ... }` comes before `resolved`.",
    wrong=_CONFIRM + _SET.replace("WHEN", "when: steps.check.result.ok, "),
    right=_WAIT + _CONFIRM + _SET.replace("WHEN", "when: steps.check.result.ok, "),
    frame="steps",
)


def resolve_findings(layout: Layout, document: Document) -> Iterator[Finding]:
    """Every step that sets the status to resolved."""
    for placed in layout.steps:
        if placed.step.do != "incident.set_status" or (placed.step.with_ or {}).get("status") != "resolved":
            continue
        before = [other for other in layout.steps if layout.before(other, placed)]
        if not (_conditional(placed) and any(_can_say_no(other) for other in before)):
            message = f"`{placed.id}` resolves the incident whatever anybody answers"
            yield document.find(UNCONFIRMED, placed.path, message, "ask first, and resolve when the answer is yes")
        if not any(other.step.wait is not None and other.step.wait.for_ is not None for other in before):
            message = f"`{placed.id}` resolves the incident without having watched it"
            yield document.find(UNOBSERVED, placed.path, message, "write wait: { for: 15m } before the question")


def _conditional(placed: Placed) -> bool:
    return any(
        block.step.when is not None or block.slot.startswith(("choose[", "else", "outcomes."))
        for block in placed.ancestors
    )


def _can_say_no(placed: Placed) -> bool:
    form = placed.step.ask or placed.step.task
    if form is not None:
        return any(spec.type == "boolean" or spec.enum for spec in form.fields.values())
    return placed.step.decide is not None
