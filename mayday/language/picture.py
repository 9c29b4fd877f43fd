"""What a picture of a runbook shows, before anybody draws it: phases with their steps, and rows on axes of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from mayday.domain.durations import Duration
from mayday.domain.plain_words import plain_condition, plain_event, plain_length, plain_text
from mayday.language.catalog import Catalog
from mayday.language.checks.layout import nested_lists
from mayday.language.explanation import Telling
from mayday.language.runbook import GateTimeout, Runbook, Step, all_steps

__all__ = ["Axis", "Bar", "Item", "Lane", "Picture", "Row", "picture_of"]

ItemKind = Literal["automatic", "message", "page", "vendor", "decision", "person", "wait", "group", "outcome", "note"]
_KINDS: dict[str, ItemKind] = {
    "do": "automatic",
    "call": "automatic",
    "send": "message",
    "page": "page",
    "engage": "vendor",
    "decide": "decision",
    "ask": "person",
    "task": "person",
    "wait": "wait",
    "choose": "group",
    "parallel": "group",
    "for_each": "group",
    "repeat": "group",
    "steps": "group",
}
SAMPLE_SEVERITY = "SEV1"
"""Whose times are shown where a runbook leaves them to the severity, and it names none itself."""
SHOWN_TICKS = 60


@dataclass(frozen=True)
class Item:
    """One step, or the heading of what follows from one."""

    kind: ItemKind
    text: str
    details: tuple[str, ...] = ()
    depth: int = 0
    beside: bool = False
    """The next steps do not wait for it."""
    id: str = ""


@dataclass(frozen=True)
class Lane:
    """A phase, a handler, or the very end: a column of items."""

    title: str
    until: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Bar:
    """Something that lasts, in seconds from the start of its row."""

    start: int
    end: int
    text: str
    kind: Literal["ring", "again", "gate", "extended", "clock", "review"]


@dataclass(frozen=True)
class Row:
    """One line on an axis: bars, marks, and what happens at the end."""

    title: str
    since: str
    bars: tuple[Bar, ...] = ()
    marks: tuple[tuple[int, str], ...] = ()
    then: str = ""
    repeats: bool = False
    """Goes on beyond the axis."""

    @property
    def length(self) -> int:
        return max([bar.end for bar in self.bars] + [at for at, _ in self.marks], default=0)


@dataclass(frozen=True)
class Axis:
    """Rows that share one axis of time."""

    title: str
    note: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Picture:
    title: str
    about: str
    phases: tuple[Lane, ...]
    others: tuple[Lane, ...]
    axes: tuple[Axis, ...] = field(default=())


def picture_of(runbook: Runbook, catalog: Catalog) -> Picture:
    """Everything that is drawn, in words and seconds; equal for equal runbooks and catalogs."""
    return _Sketch(runbook, catalog).picture()


class _Sketch:
    def __init__(self, runbook: Runbook, catalog: Catalog) -> None:
        self._book = runbook
        self._catalog = catalog
        self._telling = Telling(runbook, catalog)
        names = [*runbook.applies_to.severity, SAMPLE_SEVERITY]
        self._severity = next((name for name in names if name in catalog.severities), None)

    def picture(self) -> Picture:
        book = self._book
        phases = tuple(
            Lane(
                f"{number}. {phase.name or phase.id.replace('_', ' ').capitalize()}",
                f"Left as soon as {plain_condition(phase.until)}" if phase.until else "Left when its steps are done",
                tuple(self._items(phase.steps, 0)),
            )
            for number, phase in enumerate(book.phases, start=1)
        )
        others = [
            Lane(
                f"Whenever {plain_event(handler.event)}",
                f"only if {plain_condition(handler.when)}" if handler.when else "at any time, beside the phases",
                tuple(self._items(handler.steps, 0)),
            )
            for handler in book.handlers
        ]
        if book.finally_:
            others.append(Lane("At the very end", "whatever happened", tuple(self._items(book.finally_, 0))))
        applies = " ".join([*book.applies_to.severity, *book.applies_to.service])
        about = book.metadata.description or (f"For {applies}." if applies else "")
        axes = (
            Axis("Who is woken, and when", "from the moment the call starts", tuple(self._calls())),
            Axis("Decisions", "from the question; no answer is never a yes", tuple(self._gates())),
            Axis("What is said, and how often", "from the moment it starts", tuple(self._cadences())),
            Axis("The vendors' clocks", "from our first contact, by contract", tuple(self._vendors())),
        )
        title = f"{book.metadata.name.replace('_', ' ')} {book.metadata.version}"
        return Picture(title, about, phases, tuple(others), tuple(axis for axis in axes if axis.rows))

    def _items(self, steps: list[Step], depth: int) -> Iterator[Item]:
        for step in steps:
            details = [plain_text(line.strip()) for line in self._telling.ends(step)]
            if step.when:
                details.insert(0, f"only if {plain_condition(step.when)}")
            words, said = self._words(step)
            yield Item(
                _KINDS.get(step.verb, "note"), words, (*said, *details), depth, beside=step.background, id=step.id
            )
            for slot, _, nested in nested_lists(step):
                if slot != "steps":
                    heading = self._heading(step, slot) + ("" if nested else " nothing more")
                    yield Item("outcome", heading, (), depth + 1, id=f"{step.id}.{slot}")
                yield from self._items(nested, depth + (1 if slot == "steps" else 2))
            if step.decide and "lapsed" not in (step.outcomes or {}):
                yield Item("outcome", self._silence(step), (), depth + 1, id=f"{step.id}.outcomes.lapsed")

    def _words(self, step: Step) -> tuple[str, list[str]]:
        if step.decide:
            return plain_text(step.decide), [self._telling.voters(step.voters)]
        if step.do == "incident.set_status" and not step.name:
            return f"Set the status to {plain_text(str((step.with_ or {}).get('status', '?')))}", []
        if step.do:
            return _capital(self._telling.action(step.do, step.name)), []
        if step.wait and step.wait.until:
            return f"Wait until {plain_condition(step.wait.until)}", []
        if step.repeat and step.repeat.until:
            most = f", {step.repeat.max} times at most" if step.repeat.max else ""
            return f"Again and again until {plain_condition(step.repeat.until)}{most}:", []
        words = plain_text(self._telling.words(step))
        return _capital(words.replace("_", " ") if step.verb in ("send", "set_cadence", "call", "set") else words), []

    def _heading(self, step: Step, slot: str) -> str:
        if slot.startswith("choose[") and step.choose:
            return f"If {plain_condition(step.choose[int(slot[7:-1])].when)}:"
        if slot.startswith("outcomes."):
            outcome = slot.partition(".")[2]
            return "If nobody answers in time:" if outcome == "lapsed" else f"If {outcome.replace('_', ' ')}:"
        known = {"else": "Else:", "on_timeout": "When time is up:", "on_error": "When it fails:"}
        return known.get(slot, f"Side by side, {slot.partition('.')[2].replace('_', ' ')}:")

    def _silence(self, step: Step) -> str:
        late = step.on_timeout if isinstance(step.on_timeout, GateTimeout) else GateTimeout()
        if late.then == "approved":
            return "If nobody answers in time: as if approved"
        if late.then not in ("lapsed", "rejected"):
            return f"If nobody answers in time: {late.then.replace('_', ' ')}"
        return "If nobody answers in time: as if rejected" if "rejected" in (step.outcomes or {}) else "No answer: no"

    def _every_step(self) -> Iterator[tuple[str, Step]]:
        for phase in self._book.phases:
            for step in all_steps(phase.steps):
                yield phase.name or phase.id.replace("_", " "), step
        for handler in self._book.handlers:
            for step in all_steps(handler.steps):
                yield f"whenever {plain_event(handler.event)}", step
        for step in all_steps(self._book.finally_):
            yield "the very end", step

    def _calls(self) -> Iterator[Row]:
        rings = self._rings()
        for name, role in self._book.roles.items():
            if role.from_ and role.from_.partition(".")[0] == "schedule":
                bars = [Bar(0, rings, self._telling.who(role.from_), "ring")]
                if role.fallback:
                    bars.append(Bar(rings, 2 * rings, self._telling.who(role.fallback), "ring"))
                yield Row(
                    f"Role: {name.replace('_', ' ')}", "from the start", tuple(bars), then="else the board says: nobody"
                )
        for phase, step in self._every_step():
            if step.page is None:
                continue
            policy = self._book.escalations.get(step.page.removeprefix("escalation."))
            bars, at = [], 0
            if policy is None:
                bars.append(Bar(0, rings, self._telling.who(step.page), "ring"))
                then = "the incident commander is called"
            else:
                for turn in range(policy.repeat):
                    for level in policy.levels:
                        who = self._telling.who(level.notify)
                        bars.append(Bar(at, at + _seconds(level.ack_within), who, "again" if turn else "ring"))
                        at = bars[-1].end
                called = policy.on_exhausted
                several = called is not None and len(called.targets) > 1
                then = f"{self._telling.who(called.notify) if called else 'nobody'} {'are' if several else 'is'} called"
            title = step.name or plain_text(self._telling.who(step.page))
            yield Row(f"Wake {title}", phase, tuple(bars), then=f"nobody answered: {then}")

    def _rings(self) -> int:
        policy = self._catalog.severities.get(self._severity) if self._severity else None
        return _seconds(policy.ack_within) if policy else 300

    def _gates(self) -> Iterator[Row]:
        for phase, step in self._every_step():
            if step.decide is None or step.timeout is None:
                continue
            late = step.on_timeout if isinstance(step.on_timeout, GateTimeout) else GateTimeout()
            end = _seconds(step.timeout)
            bars = [Bar(0, end, self._telling.needed(step.voters), "gate")]
            if late.escalate and late.extend:
                extra = f"and {self._telling.who(late.escalate)}"
                bars.append(Bar(end, end + _seconds(late.extend), extra, "extended"))
            every = _seconds(step.remind_every) if step.remind_every else end
            marks = tuple((at, "") for at in range(every, end, every))[:SHOWN_TICKS]
            then = f"no answer: {late.then}" + (f"; reminded every {plain_length(every)}" if marks else "")
            yield Row(plain_text(step.decide), phase, tuple(bars), marks, then=then)

    def _cadences(self) -> Iterator[Row]:
        names = {phase.id: phase.name or phase.id.replace("_", " ") for phase in self._book.phases}
        for cadence in self._book.cadences.values():
            every = _seconds(cadence.every)
            marks = tuple((every * number, "") for number in range(1, SHOWN_TICKS + 1))
            reviews: tuple[Bar, ...] = ()
            reader = ""
            if cadence.review:
                early = min(_seconds(cadence.review.within), every)
                reviews = tuple(Bar(at - early, at, "", "review") for at, _ in marks)
                reader = f"; {self._telling.who(cadence.review.by)} reads it {plain_length(early)} before"
            phase, _, when = cadence.start.partition(".")
            starts = f"when “{names.get(phase, phase)}” is {when}"
            yield Row(
                f"{self._telling.who(cadence.send.to).capitalize()}: every {plain_length(every)}",
                "from the start" if cadence.start == "opened" else starts,
                reviews,
                marks,
                then=f"until {plain_condition(cadence.until)}{reader}",
                repeats=True,
            )

    def _vendors(self) -> Iterator[Row]:
        for phase, step in self._every_step():
            vendor = self._catalog.vendors.get((step.engage or "").removeprefix("vendor."))
            if vendor is None or not step.engage:
                continue
            priority: Any = str((step.with_ or {}).get("priority", "P1"))
            name = vendor.name or step.engage.removeprefix("vendor.").replace("_", " ")
            yield from _clock_rows(f"{name} ({priority})", phase, vendor.contract.respond_within.get(priority), "reply")
            yield from _clock_rows(
                f"{name} ({priority})", phase, vendor.contract.resolve_within.get(priority), "repair"
            )
            breach = vendor.contract.respond_within.get(priority)
            if breach is not None:
                marks = tuple(
                    (
                        _seconds(breach) + (_seconds(contact.after) if isinstance(contact.after, Duration) else 0),
                        contact.level.replace("_", " "),
                    )
                    for contact in vendor.contacts
                    if contact.after is not None
                )
                if marks:
                    yield Row(f"{name}: if late", phase, (), marks)


def _seconds(length: Duration) -> int:
    """Seconds of an axis; a business day is drawn as a day."""
    return length.business_days * 86_400 if length.is_business else length.seconds


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _clock_rows(title: str, phase: str, length: Duration | None, what: str) -> Iterator[Row]:
    if length is not None:
        end = _seconds(length)
        bar = Bar(0, end, what, "clock")
        yield Row(f"{title}: {what}", phase, (bar,), then=f"a breach after {plain_length(end)}")
