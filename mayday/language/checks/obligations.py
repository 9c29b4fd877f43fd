"""Level 3 and 4: each obligation of a review is one of its own, and begins at a moment that there is."""

from __future__ import annotations

from collections.abc import Iterator

from mayday.language.checks.layout import Layout
from mayday.language.checks.types import Typed
from mayday.language.documents import Document
from mayday.language.expressions import is_template
from mayday.language.findings import Finding, define, nearest
from mayday.language.runbook import Runbook

__all__ = ["MOMENTS", "obligation_findings"]

MOMENTS = ("opened", "resolved")
"""What an obligation can begin at besides what is done."""

_OWED = "- { id: report, text: Report, to: person.dana, within: 72h }\n"

SAME = define(
    "R315",
    "two obligations of one name",
    "An obligation's id is its own: neither another obligation's nor a step's, since `ID.done` says from when the next "
    "is owed.",
    wrong=f"review:\n  obligations:\n    {_OWED}    {_OWED}",
    right=f"review:\n  obligations:\n    {_OWED}    {_OWED.replace('id: report', 'id: letter')}",
    frame="runbook",
)
FROM_WHEN = define(
    "R316",
    "obligation from a moment that never comes",
    "`after` is `opened`, `resolved`, `STEP.done`, `OBLIGATION.done` of one that stands above, or one `{{ }}` that is "
    "a moment.",
    wrong=f"review:\n  obligations:\n    {_OWED.replace('72h', '72h, after: resolve')}",
    right=f"review:\n  obligations:\n    {_OWED.replace('72h', '72h, after: resolved')}",
    frame="runbook",
)


def obligation_findings(runbook: Runbook, layout: Layout, typed: Typed, document: Document) -> Iterator[Finding]:
    """Ids, and what each begins at."""
    known: list[str] = []
    kinds = {text.path: typed.kind_of(text) for text in typed.texts if text.path[:2] == ("review", "obligations")}
    for index, obligation in enumerate(runbook.review.obligations if runbook.review else []):
        path = ("review", "obligations", index)
        if obligation.id in known or obligation.id in layout.by_id:
            what = "an obligation above" if obligation.id in known else "a step"
            yield document.find(SAME, (*path, "id"), f"{obligation.id} is {what} too", "rename one of them")
        if is_template(obligation.after):
            kind = kinds.get((*path, "after"))
            if kind is None or kind.name not in ("datetime", "any"):
                message = f"`{obligation.after}` is no moment"
                yield document.find(
                    FROM_WHEN, (*path, "after"), message, "one {{ }} that is a datetime, and no text around it"
                )
        else:
            named, _, moment = obligation.after.rpartition(".")
            if obligation.after not in MOMENTS and not (moment == "done" and (named in known or named in layout.by_id)):
                moments = [*MOMENTS, *(f"{name}.done" for name in (*known, *layout.by_id))]
                message = f"{obligation.after} is no moment that an obligation can begin at"
                yield document.find(FROM_WHEN, (*path, "after"), message, nearest(obligation.after, moments))
        known.append(obligation.id)
