"""Level 3: everything that is named exists: people, roles, policies, templates, actions, audiences, vendors, phases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from mayday.domain.incident import BUILT_IN_ROLES
from mayday.language.catalog import Catalog
from mayday.language.checks.layout import Layout, Placed
from mayday.language.compile import SERVICE_OWNER
from mayday.language.documents import Document, Path
from mayday.language.findings import Finding, define, nearest
from mayday.language.runbook import EscalationPolicy, Message, Notify, ReviewBy, Runbook, Step

if TYPE_CHECKING:
    from mayday.language.library import Library

__all__ = ["ReferenceChecks", "catalog_reference"]

NOBODY = define(
    "R301",
    "reference to nobody",
    "`person.X`, `group.X` and `schedule.X` stand in the catalog, `role.X` in the runbook or among the built-in roles: "
    "incident_commander, deputy, scribe, operations_lead, tech_lead, comms_lead, customer_liaison.",
    wrong="- { id: look, task: { text: Look, to: role.deputi } }\n",
    right="- { id: look, task: { text: Look, to: role.deputy } }\n",
    frame="steps",
)
FORM = define(
    "R302",
    "reference without its kind",
    "A reference says what it names: `person.`, `role.`, `group.`, `schedule.`, `audience.`, `vendor.`, or it is "
    "`service.owner`.",
    wrong="- { id: look, task: { text: Look, to: ana } }\n",
    right="- { id: look, task: { text: Look, to: person.ana } }\n",
    frame="steps",
)
POLICY = define(
    "R303",
    "unknown escalation policy",
    "`page` names a policy of `escalations`, or a schedule, role, group or person.",
    wrong='- { id: wake, page: oncal, message: "join" }\n',
    right='- { id: wake, page: oncall, message: "join" }\n',
    frame="steps",
)
TEMPLATE = define(
    "R304",
    "unknown template",
    "A template is built in, in `runbooks/templates/`, or in `templates` of the runbook.",
    wrong="- { id: tell, send: { template: technical_updat, to: audience.technical } }\n",
    right="- { id: tell, send: { template: technical_update, to: audience.technical } }\n",
    frame="steps",
)
ACTION = define(
    "R305",
    "unknown action",
    "`do` and a gate's `subject` name an action that is built in or in `actions` of the catalog.",
    wrong="- { id: room, do: bridge.opn, with: { name: war room } }\n",
    right="- { id: room, do: bridge.open, with: { name: war room } }\n",
    frame="steps",
)
RUNBOOK = define(
    "R306",
    "unknown runbook",
    "`call` names a runbook of the library with its version, `name@1.0.0`, and never one that calls this one.",
    wrong="- { id: sub, call: check_netwrk@1.0.0 }\n",
    right="- { id: sub, call: check_network@1.0.0 }\n",
    frame="steps",
)
CADENCE = define(
    "R307",
    "unknown cadence",
    "`set_cadence` names a cadence of this runbook.",
    wrong="- { id: slow, set_cadence: technical_updte, every: 30m }\n",
    right="- { id: slow, set_cadence: technical_update, every: 30m }\n",
    frame="steps",
)
PHASE = define(
    "R308",
    "unknown phase",
    "A cadence starts at `opened`, `PHASE.entered` or `PHASE.done`.",
    wrong="cadences:\n  technical_update: { start: wrk.done, every: 15m, until: 'incident.status >= \"resolved\"', "
    "send: { template: technical_update, to: audience.technical } }\n",
    right="cadences:\n  technical_update: { start: work.done, every: 15m, until: 'incident.status >= \"resolved\"', "
    "send: { template: technical_update, to: audience.technical } }\n",
    frame="runbook",
)
TWICE = define(
    "R309",
    "id used twice",
    "The id of a step is unique in the whole runbook, whatever block it stands in: people name it in commands.",
    wrong="- { id: look, log: first }\n- { id: look, log: second }\n",
    right="- { id: look, log: first }\n- { id: look_again, log: second }\n",
    frame="steps",
)
SERVICE = define(
    "R310",
    "unknown service",
    "`applies_to` names services of the catalog.",
    wrong="applies_to: { service: [paymnts] }\n",
    right="applies_to: { service: [payments] }\n",
    frame="runbook",
)
ROLE = define(
    "R311",
    "unknown role",
    "`assigns` names a role of this runbook or a built-in one.",
    wrong='- { id: wake, page: oncall, assigns: tech_led, message: "join" }\n',
    right='- { id: wake, page: oncall, assigns: tech_lead, message: "join" }\n',
    frame="steps",
)
EXCLUDED = define(
    "R312",
    "unknown exclusion",
    "`exclude` takes `requester`, `implementer` and references to people.",
    wrong="- { id: gate, decide: Go, voters: { from: [person.dana], exclude: [requestor, requester, "
    "implementer] }, timeout: 5m, "
    "outcomes: { approved: [], rejected: [] } }\n",
    right="- { id: gate, decide: Go, voters: { from: [person.dana], exclude: [person.ana, requester, "
    "implementer] }, timeout: 5m, "
    "outcomes: { approved: [], rejected: [] } }\n",
    frame="steps",
)
LOOP_OF_ROLES = define(
    "R313",
    "roles that fall back on each other",
    "A fallback of a fallback ends with somebody; one that comes back to its own role ends with nobody.",
    wrong="roles: { deputy: { from: role.scribe }, scribe: { from: role.deputy } }\n",
    right="roles: { deputy: { from: role.scribe }, scribe: { from: person.ana } }\n",
    frame="runbook",
)

PEOPLE = ("person", "role", "group", "schedule")
"""Kinds of a reference that name people; `service.owner` may stand wherever they may."""


def catalog_reference(
    ref: str, catalog: Catalog, roles: Iterable[str], kinds: tuple[str, ...]
) -> tuple[str, str, str] | None:
    """What is wrong with a reference, as (code, message, hint); None when it names something."""
    if ref == SERVICE_OWNER and "role" in kinds:
        return None
    kind, dot, name = ref.partition(".")
    known: dict[str, Iterable[str]] = {
        "person": catalog.people,
        "group": catalog.groups,
        "schedule": catalog.schedules,
        "audience": catalog.audiences,
        "vendor": catalog.vendors,
        "role": roles,
    }
    if not dot or kind not in known:
        owners = [other for other in kinds if ref in set(known[other])]
        hint = f"did you mean {owners[0]}.{ref}?" if owners else f"write {', '.join(f'{other}.X' for other in kinds)}"
        return FORM.code, f"{ref!r} does not say what it names", hint
    if kind not in kinds:
        return FORM.code, f"{ref} is not possible here", f"write {', '.join(f'{other}.X' for other in kinds)}"
    names = set(known[kind])
    if name in names:
        return None
    return NOBODY.code, f"there is no {kind} {name}", nearest(name, names)


class ReferenceChecks:
    """The references of one runbook."""

    def __init__(self, runbook: Runbook, layout: Layout, document: Document, library: Library) -> None:
        self._runbook = runbook
        self._layout = layout
        self._document = document
        self._library = library
        self._catalog = library.catalog
        assigned = [placed.step.assigns for placed in layout.steps if placed.step.assigns]
        self._roles = {*runbook.roles, *BUILT_IN_ROLES}
        self._assigned = assigned

    def findings(self) -> Iterator[Finding]:
        yield from self._ids()
        yield from self._header()
        for name, policy in self._runbook.escalations.items():
            yield from self._policy(policy, ("escalations", name))
        for name, cadence in self._runbook.cadences.items():
            path: Path = ("cadences", name)
            yield from self._message(cadence.send, (*path, "send"))
            yield from self._review(cadence.review, (*path, "review"))
            yield from self._start(cadence.start, (*path, "start"))
            for status, template in cadence.final.items():
                yield from self._template(template, (*path, "final", status))
        for placed in self._layout.steps:
            yield from self._step(placed)

    def _ids(self) -> Iterator[Finding]:
        for placed in self._layout.steps:
            first = self._layout.by_id[placed.id]
            if first is not placed:
                line = self._document.mark((*first.path, "id")).line
                message = f"the id {placed.id} stands in line {line} too"
                yield self._document.find(TWICE, (*placed.path, "id"), message, "ids are unique in the whole runbook")
        phases = [phase.id for phase in self._runbook.phases]
        for number, name in enumerate(phases):
            if name in phases[:number]:
                message = f"two phases are called {name}"
                yield self._document.find(TWICE, ("phases", number, "id"), message, "rename one of them")

    def _header(self) -> Iterator[Finding]:
        for index, service in enumerate(self._runbook.applies_to.service):
            if service not in self._catalog.services:
                where = ("applies_to", "service", index)
                hint = nearest(service, self._catalog.services)
                yield self._document.find(SERVICE, where, f"there is no service {service}", hint)
        for name, role in self._runbook.roles.items():
            yield from self._people(role.from_, ("roles", name, "from"))
            yield from self._people(role.fallback, ("roles", name, "fallback"))
            if self._comes_back(name):
                message = f"role {name} falls back on itself"
                yield self._document.find(LOOP_OF_ROLES, ("roles", name), message, "end with a schedule or a person")
        review = self._runbook.review
        if review is not None:
            yield from self._people(review.owner, ("review", "owner"))
            attendees = review.meeting.attendees if review.meeting else []
            for index, ref in enumerate(attendees if isinstance(attendees, list) else []):
                yield from self._people(ref, ("review", "meeting", "attendees", index))

    def _comes_back(self, name: str) -> bool:
        """Whether every way from a role's `from` and `fallback` leads through roles back to it."""

        def ends(role: str, seen: tuple[str, ...]) -> bool:
            spec = self._runbook.roles.get(role)
            refs = [ref for ref in (spec.from_, spec.fallback) if ref] if spec else []
            if spec is None or not refs:
                return True
            return any(
                not ref.startswith("role.") or (ref[5:] not in seen and ends(ref[5:], (*seen, ref[5:]))) for ref in refs
            )

        return not ends(name, (name,))

    def _policy(self, policy: EscalationPolicy, path: Path) -> Iterator[Finding]:
        for number, level in enumerate(policy.levels):
            yield from self._targets(level.notify, (*path, "levels", number, "notify"))
        yield from self._notify(policy.on_exhausted, (*path, "on_exhausted"))

    def _step(self, placed: Placed) -> Iterator[Finding]:
        step, path = placed.step, placed.path
        if step.do is not None:
            yield from self._action(step.do, (*path, "do"))
        if step.send is not None:
            yield from self._message(step.send, (*path, "send"))
        if step.page is not None:
            yield from self._page(step.page, (*path, "page"))
        if step.assigns is not None and step.assigns not in self._roles:
            message = f"there is no role {step.assigns}"
            yield self._document.find(ROLE, (*path, "assigns"), message, nearest(step.assigns, self._roles))
        if step.engage is not None:
            yield from self._reference(step.engage, (*path, "engage"), ("vendor",))
        if step.manual is not None:
            yield from self._people(step.manual.to, (*path, "manual", "to"))
        for name, form in (("ask", step.ask), ("task", step.task)):
            if form is not None:
                yield from self._people(form.to, (*path, name, "to"))
                yield from self._notify(form.on_overdue, (*path, name, "on_overdue"))
        if step.set_cadence is not None and step.set_cadence not in self._runbook.cadences:
            message = f"there is no cadence {step.set_cadence}"
            yield self._document.find(
                CADENCE, (*path, "set_cadence"), message, nearest(step.set_cadence, self._runbook.cadences)
            )
        if step.call is not None:
            yield from self._call(step.call, (*path, "call"))
        yield from self._gate(step, path)

    def _gate(self, step: Step, path: Path) -> Iterator[Finding]:
        if step.subject is not None:
            yield from self._action(step.subject.action, (*path, "subject", "action"))
            yield from self._people(step.subject.implementer, (*path, "subject", "implementer"))
        if step.voters is not None:
            for name, refs in (("from", step.voters.from_), ("required", step.voters.required)):
                for index, ref in enumerate(refs):
                    yield from self._people(ref, (*path, "voters", name, index))
            for index, ref in enumerate(step.voters.exclude):
                if ref in ("requester", "implementer"):
                    continue
                wrong = catalog_reference(ref, self._catalog, self._roles, PEOPLE)
                if wrong:
                    where = (*path, "voters", "exclude", index)
                    hint = nearest(ref, ("requester", "implementer")) if "." not in ref else wrong[2]
                    yield self._document.find(EXCLUDED, where, f"{ref!r} excludes nobody", hint)
        if step.on_timeout is not None and not isinstance(step.on_timeout, list):
            yield from self._people(step.on_timeout.escalate, (*path, "on_timeout", "escalate"))
        if step.break_glass is not None:
            yield from self._targets(step.break_glass.by, (*path, "break_glass", "by"))
            yield from self._targets(step.break_glass.second, (*path, "break_glass", "second"))

    def _reference(self, ref: str | None, path: Path, kinds: tuple[str, ...]) -> Iterator[Finding]:
        wrong = catalog_reference(ref, self._catalog, self._roles, kinds) if ref is not None else None
        if wrong:
            code = FORM if wrong[0] == FORM.code else NOBODY
            yield self._document.find(code, path, wrong[1], wrong[2])

    def _people(self, ref: str | None, path: Path) -> Iterator[Finding]:
        return self._reference(ref, path, PEOPLE)

    def _targets(self, refs: str | list[str], path: Path) -> Iterator[Finding]:
        if isinstance(refs, str):
            yield from self._people(refs, path)
            return
        for index, ref in enumerate(refs):
            yield from self._people(ref, (*path, index))

    def _notify(self, notify: Notify | None, path: Path) -> Iterator[Finding]:
        if notify is not None:
            yield from self._targets(notify.notify, (*path, "notify"))

    def _message(self, message: Message, path: Path) -> Iterator[Finding]:
        yield from self._reference(message.to, (*path, "to"), ("audience", *PEOPLE))
        if message.template is not None:
            yield from self._template(message.template, (*path, "template"))
        yield from self._review(message.review, (*path, "review"))

    def _review(self, review: ReviewBy | None, path: Path) -> Iterator[Finding]:
        if review is not None:
            yield from self._people(review.by, (*path, "by"))

    def _template(self, name: str, path: Path) -> Iterator[Finding]:
        known = {*self._library.templates, *self._runbook.templates}
        if name not in known:
            yield self._document.find(TEMPLATE, path, f"there is no template {name}", nearest(name, known))

    def _action(self, name: str, path: Path) -> Iterator[Finding]:
        known = self._library.actions
        if name not in known:
            yield self._document.find(ACTION, path, f"there is no action {name}", nearest(name, known))

    def _page(self, target: str, path: Path) -> Iterator[Finding]:
        if "." in target:
            yield from self._people(target, path)
        elif target not in self._runbook.escalations:
            owner = next((f"did you mean {kind}.{target}?" for kind, names in self._named() if target in names), "")
            hint = owner or nearest(target, self._runbook.escalations) or "write it under `escalations`, or schedule.X"
            yield self._document.find(POLICY, path, f"there is no escalation policy {target}", hint)

    def _named(self) -> list[tuple[str, Iterable[str]]]:
        catalog = self._catalog
        return [
            ("schedule", catalog.schedules),
            ("role", self._roles),
            ("group", catalog.groups),
            ("person", catalog.people),
        ]

    def _call(self, name: str, path: Path) -> Iterator[Finding]:
        known = [f"{entry.name}@{entry.version}" for entry in self._library.files if entry.runbook]
        if name not in known:
            same = [other for other in known if other.partition("@")[0] == name.partition("@")[0]]
            hint = f"did you mean {same[-1]}?" if same else nearest(name, known)
            yield self._document.find(RUNBOOK, path, f"there is no runbook {name}", hint)
        elif self._calls_back(name):
            yield self._document.find(
                RUNBOOK, path, f"{name} calls this runbook again", "a runbook cannot contain itself"
            )

    def _calls_back(self, name: str) -> bool:
        waiting, seen = [name], {name}
        while waiting:
            called = self._library.runbook(waiting.pop())
            if called.metadata.name == self._runbook.metadata.name:
                return True
            more = {placed.step.call for placed in Layout(called).steps if placed.step.call} - seen
            known = {
                ref for ref in more if any(ref == f"{entry.name}@{entry.version}" for entry in self._library.files)
            }
            seen |= known
            waiting += sorted(known)
        return False

    def _start(self, start: str, path: Path) -> Iterator[Finding]:
        phase, _, moment = start.partition(".")
        phases = [entry.id for entry in self._runbook.phases]
        if start == "opened" or (phase in phases and moment in ("entered", "done")):
            return
        known = ["opened", *(f"{name}.{when}" for name in phases for when in ("entered", "done"))]
        yield self._document.find(PHASE, path, f"{start} is no moment of this runbook", nearest(start, known))
