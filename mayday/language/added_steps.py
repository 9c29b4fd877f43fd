"""A step that a person adds to a running incident, under the checks of a step in the file.

The step is looked at where it would stand: behind everything that the pinned runbook holds, with its roles, policies,
inputs and results. The catalog is today's, because the step names people and vendors of today.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from mayday.language.checks import check_runbook
from mayday.language.documents import Document, Mark, Path
from mayday.language.findings import Finding, in_order
from mayday.language.runbook import Phase, Runbook, Step
from mayday.language.shape import read_model

if TYPE_CHECKING:
    from mayday.language.library import Library

__all__ = ["ADDED", "added_step_findings"]

ADDED = "added_by_a_person"
"""The phase that the step is put into for the checks."""
_HERE = Mark(2, 1, 2, 1)


def added_step_findings(body: dict[str, Any], runbook: Runbook, library: Library) -> list[Finding]:
    """What is wrong with a step of the language's own shape, once it has an id. Lines and columns mean nothing here."""
    data = runbook.model_dump(mode="json", by_alias=True, exclude_unset=True)
    data["phases"] = [*data["phases"], {"id": ADDED, "steps": [body]}]
    path: Path = ("phases", len(data["phases"]) - 1, "steps", 0)
    document = Document("step", data)
    document.marks = {(): Mark(1, 1, 1, 1), path: _HERE}
    merged = read_model(document, Runbook)
    found = list(document.findings)
    if merged is not None:
        found += check_runbook(merged, document, library)
    return in_order(finding for finding in found if finding.line == _HERE.line)


def with_added(runbook: Runbook, steps: list[dict[str, Any]]) -> Runbook:
    """The runbook with the steps that people added so far, so that a further one may use their results."""
    added = []
    for body in steps:
        try:
            added.append(Step.model_validate(body))
        except ValidationError:
            continue  # written by a newer version: it cannot be referred to, and nothing else depends on it
    if not added:
        return runbook
    phase = Phase(id=f"{ADDED}_before", steps=added)
    return runbook.model_copy(update={"phases": [*runbook.phases, phase]})
