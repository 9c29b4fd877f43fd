"""Whether a scenario is about its runbook: the steps, people, actions and values that it names exist."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from mayday.domain.incident import BUILT_IN_ROLES
from mayday.language.checks import scenario_codes as codes
from mayday.language.documents import Document, Path
from mayday.language.findings import Code, Finding, nearest
from mayday.language.runbook import Runbook, Step, all_steps
from mayday.language.scenario import Expectation, Scenario, TimelineItem

if TYPE_CHECKING:
    from mayday.language.library import Library

__all__ = ["called_by", "scenario_findings"]

#: keys of an item that name a step, a page, a decision, a task or an engagement
STEPS = ("ack", "accept", "vote", "complete", "override", "vendor_reply", "decision")
EXPECTED_STEPS = ("task", "decided", "undecided", "page", "vendor_breached")
PEOPLE = ("by", "delegate", "on_behalf_of", "heard_by", "person")
#: what a task, page or override can be about besides a step: `word:name`
ABOUT_STEPS = ("review", "vendor", "exhausted", "ratify", "witness", "spoken", "confirm")
#: tasks and pages that are not a step's
OWN = ("resolve_incident", "candidate", "confirm:declaration")
#: messages that people write themselves are read under `review:update:N` and the like
WRITTEN = ("review:update:", "review:correction:", "review:final:")
#: ports whose behaviour a mock can change
PORTS = ("pager", "chat", "mail", "status_page", "calendar")
#: effects that are no actions of the catalog
EFFECTS = ("paging.", "messaging.", "roster.", "calendar.", "system.", "vendor.", "timeline.", "incident.", "review.")


def scenario_findings(
    scenario: Scenario, document: Document, runbooks: Sequence[Runbook], library: Library
) -> Iterator[Finding]:
    """Everything that a scenario names and nobody knows. `runbooks`: the one that it is about, and those it calls."""
    if not runbooks:
        names = library.names
        message = f"there is no runbook {scenario.runbook}"
        yield document.find(codes.RUNBOOK, ("runbook",), message, nearest(scenario.runbook, names))
        return
    yield from _Names(scenario, document, runbooks, library).findings()


class _Names:
    def __init__(self, scenario: Scenario, document: Document, books: Sequence[Runbook], library: Library) -> None:
        self._scenario, self._document, self._library = scenario, document, library
        self._runbook, self._books = books[0], books
        self._steps: dict[str, Step] = {step.id: step for book in self._books for step in _steps_of(book)}
        added = [item.add_step for item in scenario.timeline if item.add_step is not None]
        self._added = set(_ids(added)) | {f"{verb}_{number}" for body in added for verb in body for number in range(20)}
        self._cadences = {name for book in self._books for name in book.cadences}
        own = scenario.catalog
        self._catalog = {
            kind: {*getattr(library.catalog, kind), *(own.get(kind) or {})}
            for kind in ("people", "groups", "schedules", "services", "audiences", "vendors")
        }
        self._has_catalog = bool(library.catalog.people)
        """Without one, beside a runbook that lies somewhere, only the runbook's own names can be looked up."""
        self._roles = {*BUILT_IN_ROLES, *(name for book in self._books for name in book.roles)}

    def findings(self) -> Iterator[Finding]:
        given = self._scenario.given
        for role, person in given.roles.items():
            place = ("given", "roles", role)
            yield from self._known(codes.NAME, place, "role", role, self._roles, key=True)
            yield from self._known(codes.NAME, place, "person", person, self._catalog["people"])
        for name in given.inputs:
            yield from self._known(
                codes.VALUE, ("given", "inputs", name), "input", name, self._runbook.inputs, key=True
            )
        if given.incident is not None:
            place = ("given", "incident", "service")
            yield from self._known(codes.NAME, place, "service", given.incident.service, self._catalog["services"])
        for name, mock in self._scenario.mocks.items():
            yield from self._mock(name, mock)
        for index, item in enumerate(self._scenario.timeline):
            yield from self._item(item, ("timeline", index))
        for index, expected in enumerate(self._scenario.expect):
            yield from self._expected(expected, ("expect", index))

    # items ----------------------------------------------------------------------------------------------------

    def _item(self, item: TimelineItem, place: Path) -> Iterator[Finding]:
        if item.expect is not None:
            yield from self._expected(item.expect, (*place, "expect"))
            return
        if item.refused is not None:
            return
        for key in PEOPLE:
            person = getattr(item, key)
            if person is not None and person != "owner":
                yield from self._known(codes.NAME, (*place, key), "person", person, self._catalog["people"])
        for key in STEPS:
            if (name := getattr(item, key)) is not None:
                yield from self._step(name, (*place, key), roles=key == "accept")
        if item.role is not None:
            yield from self._known(codes.NAME, (*place, "role"), "role", item.role, self._roles)
        if item.update is not None:
            audience = item.update.removeprefix("audience.")
            yield from self._known(codes.NAME, (*place, "update"), "audience", audience, self._catalog["audiences"])
        if item.to is not None:
            yield from self._ref(item.to, (*place, "to"))
        step = self._steps.get(_last(item.complete)) if item.complete else None
        if step is not None and item.result is not None:
            fields = self._fields(step)
            for name in item.result if fields is not None else ():
                yield from self._known(codes.VALUE, (*place, "result", name), "field", name, fields or (), key=True)

    def _fields(self, step: Step) -> Iterable[str] | None:
        """The fields of a step's form, or the outputs of its action, which its manual stand-in asks for."""
        form = step.ask or step.task
        if form is not None:
            return list(form.fields)
        action = self._library.actions.get(step.do or "")
        return list(action.outputs) if action is not None and action.effect != "irreversible" else None

    def _expected(self, expected: Expectation, place: Path) -> Iterator[Finding]:
        if expected.never is not None:
            yield from self._expected(expected.never, (*place, "never"))
            return
        for key in EXPECTED_STEPS:
            name = getattr(expected, key)
            if name is not None and not (key == "vendor_breached" and name in self._catalog["vendors"]):
                yield from self._step(name, (*place, key))
        if expected.paged is not None:
            yield from self._ref(expected.paged, (*place, "paged"))
        if expected.action is not None:
            actions = self._library.actions
            yield from self._known(codes.NAME, (*place, "action"), "action", expected.action, actions)
            inputs = actions[expected.action].inputs if expected.action in actions else {}
            for name in expected.with_ or {}:
                if inputs:
                    yield from self._known(codes.VALUE, (*place, "with", name), "input", name, inputs, key=True)
        if expected.audience is not None:
            audience = expected.audience.removeprefix("audience.")
            yield from self._known(codes.NAME, (*place, "audience"), "audience", audience, self._catalog["audiences"])
        if expected.sent is not None and expected.sent.startswith("update:"):
            audience = expected.sent.removeprefix("update:")
            yield from self._known(codes.NAME, (*place, "sent"), "audience", audience, self._catalog["audiences"])
        elif expected.sent is not None:
            own = {name for book in self._books for name in book.templates}
            known = {*self._library.templates, *own, *self._cadences, *self._steps, *self._added}
            yield from self._known(codes.NAME, (*place, "sent"), "message", expected.sent, known)

    def _mock(self, name: str, mock: Any) -> Iterator[Finding]:
        actions = self._library.actions
        ports = {*PORTS, *(action.partition(".")[0] for action in actions)}
        if name not in ports and not name.startswith(EFFECTS):
            yield from self._known(codes.NAME, ("mocks", name), "action", name, {*actions, *PORTS}, key=True)
        outputs = actions[name].outputs if name in actions else {}
        for index, each in enumerate(mock if isinstance(mock, list) else [mock]):
            for key in each.return_ or {} if outputs else ():
                inside = (index, "return", key) if isinstance(mock, list) else ("return", key)
                place: Path = ("mocks", name, *inside)
                yield from self._known(codes.VALUE, place, "output", key, outputs, key=True)

    # names ----------------------------------------------------------------------------------------------------

    def _step(self, name: str, place: Path, *, roles: bool = False) -> Iterator[Finding]:
        word, colon, rest = name.partition(":")
        if name in OWN or word == "fact" or name.startswith(WRITTEN) or (roles and name in self._roles):
            return
        known: set[str] = {*self._steps, *self._added}
        if not colon:
            yield from self._known(codes.STEP, place, "step", _last(name), known, whole=name)
        elif word in ("role", "successor"):
            yield from self._known(codes.STEP, place, "role", rest, self._roles)
        elif word == "phase":
            phases = {phase.id for phase in self._runbook.phases}
            yield from self._known(codes.STEP, place, "phase", rest, phases)
        elif word == "cadence":
            yield from self._known(codes.STEP, place, "cadence", rest, self._cadences)
        elif word in ABOUT_STEPS:
            audiences = self._catalog["audiences"] if word == "review" else set()
            about = _last(rest.partition(":")[0].partition("/")[0])
            yield from self._known(codes.STEP, place, "step", about, known | self._cadences | audiences, whole=name)

    def _ref(self, ref: str, place: Path) -> Iterator[Finding]:
        kind, dot, name = ref.partition(".")
        kinds = {"person": "people", "group": "groups", "schedule": "schedules"}
        if not dot:
            yield from self._known(codes.NAME, place, "person", ref, self._catalog["people"])
        elif kind in kinds:
            yield from self._known(codes.NAME, place, kind, name, self._catalog[kinds[kind]])
        elif kind == "role":
            yield from self._known(codes.NAME, place, kind, name, self._roles)

    def _known(
        self, code: Code, place: Path, kind: str, name: str, known: Iterable[str], *, whole: str = "", key: bool = False
    ) -> Iterator[Finding]:
        names = set(known)
        if name not in names and (self._has_catalog or code is codes.STEP):
            message = f"there is no {kind} {whole or name}"
            yield self._document.find(code, place, message, nearest(name, names), key=key)


def _last(path: str | None) -> str:
    """The id of the step at the end of a path: `ask` of `loop[2].ask`."""
    return re.sub(r"\[\d+\]$", "", (path or "").rpartition(".")[2])


def called_by(runbook: Runbook) -> list[str]:
    """The runbooks, `name@version`, that its steps call."""
    return [step.call for step in _steps_of(runbook) if step.call is not None]


def _steps_of(runbook: Runbook) -> Iterator[Step]:
    for phase in runbook.phases:
        yield from all_steps(phase.steps)
    for handler in runbook.handlers:
        yield from all_steps(handler.steps)
    yield from all_steps(runbook.finally_)


def _ids(value: Any) -> Iterator[str]:
    """Every id in steps that somebody adds."""
    if isinstance(value, dict):
        if isinstance(value.get("id"), str):
            yield value["id"]
        for item in value.values():
            yield from _ids(item)
    elif isinstance(value, list):
        for item in value:
            yield from _ids(item)
