"""A step that a person adds to a running incident, under the checks of a step in the file.

The step is looked at where it would stand: behind everything that the pinned runbook holds, with its roles, policies,
inputs and results. The catalog is today's, because the step names people and vendors of today.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from mayday.language.checks import check_runbook
from mayday.language.documents import Document, Mark, Path
from mayday.language.findings import Finding, in_order
from mayday.language.runbook import Phase, Runbook, Step
from mayday.language.shape import read_model

if TYPE_CHECKING:
    from mayday.language.library import Library

__all__ = ["ADDED", "Placed", "added_step_findings", "placed_findings", "with_added"]

ADDED = "added_by_a_person"
"""The phase that the step is put into for the checks."""
_FIRST_LINE = 2
"""Whatever is wrong elsewhere in the runbook is found in line 1."""


class Placed(NamedTuple):
    """A finding, and the part of the step that it is about: `voters.from`, `task.due`; empty for the step itself."""

    place: str
    finding: Finding


def added_step_findings(body: dict[str, Any], runbook: Runbook, library: Library) -> list[Finding]:
    """What is wrong with a step of the language's own shape, once it has an id. Lines and columns mean nothing here."""
    return [each.finding for each in placed_findings(body, runbook, library)]


def placed_findings(body: dict[str, Any], runbook: Runbook, library: Library) -> list[Placed]:
    """The same, each with its place in the step, so that a form can say it beside the field."""
    data = runbook.model_dump(mode="json", by_alias=True, exclude_unset=True)
    data["phases"] = [*data["phases"], {"id": ADDED, "steps": [body]}]
    path: Path = ("phases", len(data["phases"]) - 1, "steps", 0)
    document = Document("step", data)
    places = dict(enumerate(_places(body, ()), _FIRST_LINE))
    lines = {(*path, *place): Mark(number, 1, number, 1) for number, place in places.items()}
    document.marks = {(): Mark(1, 1, 1, 1), **lines}
    merged = read_model(document, Runbook)
    found = list(document.findings)
    if merged is not None:
        found += check_runbook(merged, document, library)
    return [Placed(_spoken(places[each.line]), each) for each in in_order(found) if each.line in places]


def _places(value: Any, path: Path) -> Iterator[Path]:
    """The path of a value and of everything in it, each of which gets a line of its own."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from _places(each, (*path, key))


def _spoken(path: Path) -> str:
    return ".".join(str(part) for part in path if isinstance(part, str))


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
