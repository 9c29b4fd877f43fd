"""Level 3: everything that is named exists: people, roles, policies, templates, actions, audiences, vendors, phases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from mayday.domain.incident import BUILT_IN_ROLES
from mayday.domain.system_events import RESERVED, SYSTEM_EVENTS
from mayday.language.catalog import Catalog
from mayday.language.checks import reference_codes as codes
from mayday.language.checks.layout import Layout, Placed
from mayday.language.compile import SERVICE_OWNER
from mayday.language.documents import Document, Path
from mayday.language.findings import Finding, nearest
from mayday.language.runbook import EscalationPolicy, Message, Notify, ReviewBy, Runbook, Step

if TYPE_CHECKING:
    from mayday.language.library import Library

__all__ = ["ReferenceChecks", "catalog_reference"]

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
        return codes.FORM.code, f"{ref!r} does not say what it names", hint
    if kind not in kinds:
        return codes.FORM.code, f"{ref} is not possible here", f"write {', '.join(f'{other}.X' for other in kinds)}"
    names = set(known[kind])
    if name in names:
        return None
    return codes.NOBODY.code, f"there is no {kind} {name}", nearest(name, names)


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
        for number, handler in enumerate(self._runbook.handlers):
            yield from self._event(handler.event, ("handlers", number, "event"))
        for placed in self._layout.steps:
            yield from self._step(placed)

    def _ids(self) -> Iterator[Finding]:
        for placed in self._layout.steps:
            first = self._layout.by_id[placed.id]
            if first is not placed:
                line = self._document.mark((*first.path, "id")).line
                message = f"the id {placed.id} stands in line {line} too"
                yield self._document.find(
                    codes.TWICE, (*placed.path, "id"), message, "ids are unique in the whole runbook"
                )
        phases = [phase.id for phase in self._runbook.phases]
        for number, name in enumerate(phases):
            if name in phases[:number]:
                message = f"two phases are called {name}"
                yield self._document.find(codes.TWICE, ("phases", number, "id"), message, "rename one of them")

    def _header(self) -> Iterator[Finding]:
        for index, service in enumerate(self._runbook.applies_to.service):
            if service not in self._catalog.services:
                where = ("applies_to", "service", index)
                hint = nearest(service, self._catalog.services)
                yield self._document.find(codes.SERVICE, where, f"there is no service {service}", hint)
        for name, role in self._runbook.roles.items():
            yield from self._people(role.from_, ("roles", name, "from"))
            yield from self._people(role.fallback, ("roles", name, "fallback"))
            if self._comes_back(name):
                message = f"role {name} falls back on itself"
                yield self._document.find(
                    codes.LOOP_OF_ROLES, ("roles", name), message, "end with a schedule or a person"
                )
        review = self._runbook.review
        if review is not None:
            yield from self._people(review.owner, ("review", "owner"))
            attendees = review.meeting.attendees if review.meeting else []
            for index, ref in enumerate(attendees if isinstance(attendees, list) else []):
                yield from self._people(ref, ("review", "meeting", "attendees", index))
            for index, ref in enumerate(review.report_to or []):
                yield from self._reference(ref, ("review", "report_to", index), ("audience", *PEOPLE))
            for index, obligation in enumerate(review.obligations):
                yield from self._people(obligation.to, ("review", "obligations", index, "to"))

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
            yield self._document.find(codes.ROLE, (*path, "assigns"), message, nearest(step.assigns, self._roles))
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
                codes.CADENCE, (*path, "set_cadence"), message, nearest(step.set_cadence, self._runbook.cadences)
            )
        if step.call is not None:
            yield from self._call(step.call, (*path, "call"))
        if step.wait is not None and step.wait.event is not None:
            yield from self._event(step.wait.event, (*path, "wait", "event"))
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
                    yield self._document.find(codes.EXCLUDED, where, f"{ref!r} excludes nobody", hint)
        if step.on_timeout is not None and not isinstance(step.on_timeout, list):
            yield from self._people(step.on_timeout.escalate, (*path, "on_timeout", "escalate"))
        if step.break_glass is not None:
            yield from self._targets(step.break_glass.by, (*path, "break_glass", "by"))
            yield from self._targets(step.break_glass.second, (*path, "break_glass", "second"))

    def _reference(self, ref: str | None, path: Path, kinds: tuple[str, ...]) -> Iterator[Finding]:
        wrong = catalog_reference(ref, self._catalog, self._roles, kinds) if ref is not None else None
        if wrong:
            code = codes.FORM if wrong[0] == codes.FORM.code else codes.NOBODY
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
            yield self._document.find(codes.TEMPLATE, path, f"there is no template {name}", nearest(name, known))

    def _action(self, name: str, path: Path) -> Iterator[Finding]:
        known = self._library.actions
        if name not in known:
            yield self._document.find(codes.ACTION, path, f"there is no action {name}", nearest(name, known))

    def _page(self, target: str, path: Path) -> Iterator[Finding]:
        if "." in target:
            yield from self._people(target, path)
        elif target not in self._runbook.escalations:
            owner = next((f"did you mean {kind}.{target}?" for kind, names in self._named() if target in names), "")
            hint = owner or nearest(target, self._runbook.escalations) or "write it under `escalations`, or schedule.X"
            yield self._document.find(codes.POLICY, path, f"there is no escalation policy {target}", hint)

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
            message = f"there is no runbook {name}"
            if name in self._library.broken:
                message, hint = f"the runbook {name} has errors of its own", "put them right first"
            yield self._document.find(codes.RUNBOOK, path, message, hint)
        elif self._calls_back(name):
            yield self._document.find(
                codes.RUNBOOK, path, f"{name} calls this runbook again", "a runbook cannot contain itself"
            )
        else:
            yield from self._left_out(name, path)

    def _left_out(self, name: str, path: Path) -> Iterator[Finding]:
        called = self._library.runbook(name)
        brings = {"cadences": called.cadences, "handlers": called.handlers, "finally": called.finally_}
        if left := [part for part, written in brings.items() if written]:
            message = f"of {name} only the phases are walked here, not its {' and '.join(left)}"
            yield self._document.find(codes.LEFT_OUT, path, message, "write here what you want of them")

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

    def _event(self, name: str, path: Path) -> Iterator[Finding]:
        if name.partition(".")[0] in RESERVED and "." in name and name not in SYSTEM_EVENTS:
            yield self._document.find(
                codes.EVENT, path, f"the system has no event {name}", nearest(name, SYSTEM_EVENTS)
            )

    def _start(self, start: str, path: Path) -> Iterator[Finding]:
        phase, _, moment = start.partition(".")
        phases = [entry.id for entry in self._runbook.phases]
        if start == "opened" or (phase in phases and moment in ("entered", "done")):
            return
        known = ["opened", *(f"{name}.{when}" for name in phases for when in ("entered", "done"))]
        yield self._document.find(codes.PHASE, path, f"{start} is no moment of this runbook", nearest(start, known))
