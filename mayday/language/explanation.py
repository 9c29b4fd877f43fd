"""A runbook in plain words, for the person who has to trust it: who is asked, how long it waits, what comes then."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from mayday.domain.plain_words import plain_condition, plain_event, plain_text
from mayday.language.actions import BUILT_IN
from mayday.language.catalog import Catalog
from mayday.language.checks.layout import nested_lists
from mayday.language.runbook import (
    Cadence,
    EscalationPolicy,
    GateTimeout,
    Message,
    Notify,
    Runbook,
    Step,
    Voters,
)

__all__ = ["Telling", "explain_runbook"]

INDENT = "    "


def explain_runbook(runbook: Runbook, catalog: Catalog) -> list[str]:
    """The lines of the explanation, indented as the runbook is nested."""
    return list(Telling(runbook, catalog).lines())


class Telling:
    """The words for one runbook and its catalog; a picture of it uses the same ones."""

    def __init__(self, runbook: Runbook, catalog: Catalog) -> None:
        self._runbook = runbook
        self._catalog = catalog
        self._actions = {**BUILT_IN, **catalog.actions}

    def lines(self) -> Iterable[str]:
        book = self._runbook
        yield f"{book.metadata.name} {book.metadata.version}, kept by {book.metadata.owner}"
        if book.metadata.description:
            yield book.metadata.description
        applies = [*book.applies_to.severity, *book.applies_to.service]
        yield (
            f"Walked for: {', '.join(applies)}." if applies else "Walked when a route, a service or a person names it."
        )
        for name, role in book.roles.items():
            then = f", then to {self.who(role.fallback)}" if role.fallback else ""
            yield f"Role {name.replace('_', ' ')}: offered to {self.who(role.from_) if role.from_ else 'nobody'}{then}."
        for name, policy in book.escalations.items():
            yield from self._policy(name, policy)
        for name, cadence in book.cadences.items():
            yield from self._cadence(name, cadence)
        for phase in book.phases:
            until = f", left when {plain_condition(phase.until)}" if phase.until else ""
            yield f"Phase {phase.name or phase.id}{until}:"
            yield from self._steps(phase.steps, INDENT)
        for handler in book.handlers:
            when = f" and {plain_condition(handler.when)}" if handler.when else ""
            yield f"Whenever {plain_event(handler.event)}{when}:"
            yield from self._steps(handler.steps, INDENT)
        if book.finally_:
            yield "At the very end:"
            yield from self._steps(book.finally_, INDENT)

    def who(self, refs: str | list[str] | None) -> str:
        """A reference as people say it."""
        if refs is None:
            return "the incident commander"
        if isinstance(refs, list):
            return " and ".join(self.who(ref) for ref in refs)
        kind, _, name = refs.partition(".")
        words = name.replace("_", " ")
        if kind == "person":
            person = self._catalog.people.get(name)
            return person.name if person else name
        said: dict[str, str] = {
            "role": f"the {words}",
            "group": f"everybody of {words}",
            "schedule": f"whoever is on call for {words}",
            "audience": words,
            "vendor": words,
            "service": "the owner of the service",
        }
        return said.get(kind, refs) if name else refs.replace("_", " ")

    def _policy(self, name: str, policy: EscalationPolicy) -> Iterable[str]:
        rounds = "once" if policy.repeat == 1 else f"{policy.repeat} times over"
        yield f"Escalation {name.replace('_', ' ')}, {rounds}:"
        for number, level in enumerate(policy.levels, start=1):
            via = " and ".join(level.via)
            yield f"{INDENT}{number}. {self.who(level.notify)} by {via}, for {level.ack_within.in_words()}"
        yield f"{INDENT}Nobody answered: {self._told(policy.on_exhausted)}."

    def _told(self, notify: Notify | None) -> str:
        if notify is None:
            return "nobody is told"
        several = isinstance(notify.notify, list) and len(notify.notify) > 1
        return f"{self.who(notify.notify)} {'are' if several else 'is'} told"

    def _cadence(self, name: str, cadence: Cadence) -> Iterable[str]:
        words = f"Every {cadence.every.in_words()} from {_start_words(cadence.start)}: {self._message(cadence.send)}"
        yield f"{words}, until {plain_condition(cadence.until)}."
        if cadence.review:
            then = {
                "send_holding_line": "the holding line leaves",
                "send": "it leaves unread",
                "skip": "it is left out",
            }
            reader, early = self.who(cadence.review.by), cadence.review.within.in_words()
            yield f"{INDENT}{reader} reads it {early} before; without an answer {then[cadence.review.on_timeout]}."

    def _message(self, message: Message) -> str:
        what = f"the text {message.template}" if message.template else f'"{plain_text(message.text or "")}"'
        via = f" by {' and '.join(message.via)}" if message.via else ""
        reader = f", after {self.who(message.review.by)} has read it" if message.review else ""
        return f"{what} to {self.who(message.to)}{via}{reader}"

    def words(self, step: Step) -> str:
        """What a step does, without what is nested in it."""
        return _TELLERS[step.verb](self, step)

    def _steps(self, steps: list[Step], indent: str) -> Iterable[str]:
        for step in steps:
            if_ = f"if {plain_condition(step.when)}: " if step.when else ""
            beside = " (the next steps do not wait)" if step.background else ""
            words = self.words(step)
            yield f"{indent}- {if_}{words}{beside}"
            yield from (f"{indent}{INDENT}{line}" for line in self.ends(step))
            for slot, _, nested in nested_lists(step):
                if slot != "steps":
                    yield f"{indent}{INDENT}{_slot_words(step, slot)}" + ("" if nested else " nothing.")
                yield from self._steps(nested, indent + (INDENT if slot == "steps" else INDENT * 2))

    def ends(self, step: Step) -> Iterable[str]:
        """What happens when time runs out, or it fails."""
        form = step.ask or step.task
        if form is not None and form.due:
            yield f"within {form.due.in_words()}, else {self._told(form.on_overdue)}"
        if step.timeout is not None and not isinstance(step.on_timeout, list):
            late = self._late(step.on_timeout) if step.decide else ""
            yield f"at most {step.timeout.in_words()}{late}"
        elif step.timeout is not None:
            yield f"at most {step.timeout.in_words()}"
        if step.retry is not None:
            yield f"tried {step.retry.attempts} times"
        if step.do is not None and self._on_error(step) == "manual":
            to = (
                self.who(step.manual.to)
                if step.manual and step.manual.to
                else "the deputy, the scribe or the commander"
            )
            yield f"if it fails: a task for {to}"
        elif self._on_error(step) == "continue":
            yield "if it fails, the walk goes on"

    def _on_error(self, step: Step) -> str:
        if isinstance(step.on_error, list):
            return "steps"
        action = self._actions.get(step.do or "")
        return step.on_error or (action.on_error if action and action.on_error else "manual" if step.do else "")

    def action(self, name: str, title: str | None = None) -> str:
        """What a catalog action does: the step's own title, else the catalog's description, else its name."""
        action = self._actions.get(name)
        return title or (action.description if action and action.description else name)

    def _do(self, step: Step) -> str:
        words = self.action(step.do or "", step.name)
        given = ", ".join(
            f"{key} {plain_text(str(value))}"
            for key, value in (step.with_ or {}).items()
            if isinstance(value, str | int)
        )
        return f"{words}: {given}" if given else words

    def _late(self, late: GateTimeout | list[Step] | None) -> str:
        if not isinstance(late, GateTimeout):
            return ", then it has lapsed; no answer is never a yes"
        words = ""
        if late.escalate:
            extra = f" for {late.extend.in_words()} more" if late.extend else ""
            words = f", then {self.who(late.escalate)} may answer too{extra}"
        reason = f", because {late.allow_default_approve}" if late.then == "approved" else ""
        return f"{words}, then it counts as {late.then}{reason}"

    def _gate(self, step: Step) -> str:
        about = f" about {step.subject.action}" if step.subject else ""
        return f'decision{about}: "{plain_text(step.decide or "")}" {self.voters(step.voters)}'

    def needed(self, voters: Voters | None) -> str:
        """Who votes, in short."""
        if voters is None:
            return "the incident commander decides"
        return f"{voters.approvals} {'yes' if voters.approvals == 1 else 'yeses'}: {self.who(list(voters.from_))}"

    def voters(self, voters: Voters | None) -> str:
        """Who votes, how many yeses are needed, and what limits them."""
        if voters is None:
            return "The incident commander decides."
        needed = "one yes" if voters.approvals == 1 else f"{voters.approvals} yeses"
        parts = [f"{self.who(list(voters.from_))} vote, {needed} needed"]
        if voters.required:
            parts.append(f"{self.who(list(voters.required))} must agree")
        if voters.veto:
            parts.append("one no ends it")
        if voters.delegates:
            parts.append("delegates may answer")
        if voters.exclude:
            parts.append(f"not the {' or '.join(voters.exclude)}")
        return "; ".join(parts) + "."

    def _wait(self, step: Step) -> str:
        wait = step.wait
        if wait is None or wait.for_ is not None:
            return f"wait {wait.for_.in_words()}" if wait and wait.for_ else "wait"
        return f"wait until {plain_condition(wait.until)}" if wait.until else f"wait for the event {wait.event}"

    def _loop(self, step: Step) -> str:
        if step.for_each is not None:
            return f"for each {step.for_each.as_} of {_list_words(step.for_each.in_)}:"
        loop = step.repeat
        assert loop is not None
        every = f" every {loop.every.in_words()}" if loop.every else ""
        until = f" until {plain_condition(loop.until)}" if loop.until else ""
        most = f", {loop.max} times at most" if loop.max else ""
        return f"again and again{every}{until}{most}:"

    def _page(self, step: Step) -> str:
        role = f"; who acknowledges is {step.assigns.replace('_', ' ')}" if step.assigns else ""
        join = f"; paged again when not there after {step.join_within.in_words()}" if step.join_within else ""
        return f"wake {self.who(step.page)}{role}{join}"


def _list_words(items: str | list[Any]) -> str:
    if isinstance(items, list):
        return ", ".join(map(str, items))
    return f"the {items.strip('{} ').rpartition('.')[2].replace('_', ' ')}"


def _start_words(start: str) -> str:
    phase, _, when = start.partition(".")
    return {"entered": f"the beginning of {phase}", "done": f"the end of {phase}"}.get(
        when, f"the moment it is {phase}"
    )


def _slot_words(step: Step, slot: str) -> str:
    name = slot.partition(".")[2]
    if slot.startswith("choose[") and step.choose:
        return f"when {plain_condition(step.choose[int(slot[7:-1])].when)}:"
    words = {"else": "else:", "on_timeout": "when time is up:", "on_error": "when it fails:"}
    return words.get(slot) or (f"side by side, {name}:" if slot.startswith("parallel.") else f"{name}:")


_TELLERS: dict[str, Callable[[Telling, Step], str]] = {
    "do": Telling._do,
    "send": lambda telling, step: f"send {telling._message(step.send)}" if step.send else "send",
    "page": Telling._page,
    "engage": lambda telling, step: f"open a case with {telling.who(step.engage)} and watch its contract",
    "decide": Telling._gate,
    "ask": lambda telling, step: (
        f'ask {telling.who(step.ask.to)}: "{plain_text(step.ask.question)}"' if step.ask else "ask"
    ),
    "task": lambda telling, step: (
        f'task for {telling.who(step.task.to)}: "{plain_text(step.task.text)}"' if step.task else "task"
    ),
    "wait": Telling._wait,
    "choose": lambda telling, step: f"{step.name or 'one of these'}:",
    "parallel": lambda telling, step: f"side by side, waiting for {step.join or 'all'}:",
    "for_each": Telling._loop,
    "repeat": Telling._loop,
    "steps": lambda telling, step: f"{step.name or step.id.replace('_', ' ')}:",
    "call": lambda telling, step: f"walk {step.call}",
    "set": lambda telling, step: f"remember {', '.join(step.set or {})}",
    "set_cadence": lambda telling, step: (
        f"send {step.set_cadence} every {step.every.in_words() if step.every else '-'}"
    ),
    "log": lambda telling, step: f'note "{plain_text(step.log or "")}"',
    "end": lambda telling, step: f"leave the {step.end}",
}
