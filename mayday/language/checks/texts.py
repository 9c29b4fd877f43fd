"""Every expression and template of a runbook, with its place and what is in scope there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from mayday.language.checks.layout import Layout, Placed
from mayday.language.documents import Path
from mayday.language.expressions import is_template
from mayday.language.runbook import Form, Message, Runbook, Step, Task

__all__ = ["Text", "texts_of", "texts_of_message", "texts_of_step"]


@dataclass(frozen=True, eq=False)
class Text:
    """One expression or text.

    `condition` is a bare expression that is true or false, `list` one that is a list, `text` a template whose result is
    text, `value` a template that keeps its type where it is one `{{ }}`.
    """

    path: Path
    text: str
    kind: Literal["condition", "list", "text", "value"]
    step: Placed | None = None
    phase: int | None = None
    """The phase whose `until` this is."""
    after: bool = False
    """Looked at while or after the step's inner steps run (`repeat.until`), not before."""
    waited: bool = False
    """Looked at again and again, until it holds."""
    extra: tuple[str, ...] = ()
    """Names in scope besides the usual ones: `event`, `update`, ..."""


MESSAGE_NAMES = ("update", "next_update_at", "audience")


def texts_of(runbook: Runbook, layout: Layout) -> Iterator[Text]:
    """Everything that is evaluated when the runbook is walked."""
    for number, phase in enumerate(runbook.phases):
        if phase.until is not None:
            yield Text(("phases", number, "until"), phase.until, "condition", phase=number, waited=True)
    for number, handler in enumerate(runbook.handlers):
        if handler.when is not None:
            yield Text(("handlers", number, "when"), handler.when, "condition", extra=("event",))
    for name, cadence in runbook.cadences.items():
        yield Text(("cadences", name, "until"), cadence.until, "condition", waited=True)
        yield from texts_of_message(cadence.send, ("cadences", name, "send"), None)
    for placed in layout.steps:
        yield from texts_of_step(placed)
    for name, template in runbook.templates.items():
        yield Text(("templates", name, "text"), template.text, "text", extra=(*MESSAGE_NAMES, "pending"))
        if template.subject is not None:
            yield Text(("templates", name, "subject"), template.subject, "text", extra=MESSAGE_NAMES)
    meeting = runbook.review.meeting if runbook.review else None
    if meeting is not None and isinstance(meeting.attendees, str) and is_template(meeting.attendees):
        yield Text(("review", "meeting", "attendees"), meeting.attendees, "value")
    for index, obligation in enumerate(runbook.review.obligations if runbook.review else []):
        path: Path = ("review", "obligations", index)
        yield Text((*path, "text"), obligation.text, "text")
        if obligation.when is not None:
            yield Text((*path, "when"), obligation.when, "condition")
        if is_template(obligation.after):
            yield Text((*path, "after"), obligation.after, "value")


def texts_of_step(placed: Placed) -> Iterator[Text]:
    """The expressions and texts of one step, without those of the steps inside it."""
    for text in _texts_of(placed.step, placed.path):
        extra = (*text.extra, "event") if placed.handler is not None and "event" not in text.extra else text.extra
        yield Text(text.path, text.text, text.kind, placed, None, text.after, text.waited, extra)


def texts_of_message(message: Message, path: Path, step: Placed | None) -> Iterator[Text]:
    for name in ("text", "subject"):
        text = getattr(message, name)
        if text is not None:
            yield Text((*path, name), text, "text", step, extra=MESSAGE_NAMES)


def _texts_of(step: Step, path: Path) -> Iterator[Text]:
    if step.when is not None:
        yield Text((*path, "when"), step.when, "condition")
    for name in ("message", "decide", "log"):
        text = getattr(step, name)
        if text is not None:
            yield Text((*path, name), text, "text")
    for name, value in (("with", step.with_), ("set", step.set)):
        yield from _values(value, (*path, name))
    if step.send is not None:
        yield from texts_of_message(step.send, (*path, "send"), None)
    if step.subject is not None:
        for name in ("plan", "backout", "change"):
            text = getattr(step.subject, name)
            if text is not None:
                yield Text((*path, "subject", name), text, "text")
        yield from _values(step.subject.items, (*path, "subject", "items"))
    if step.ask is not None:
        yield from _form(step.ask, (*path, "ask"))
    if step.task is not None:
        yield from _form(step.task, (*path, "task"))
    yield from _conditions(step, path)


def _conditions(step: Step, path: Path) -> Iterator[Text]:
    if step.wait is not None:
        if step.wait.until is not None:
            yield Text((*path, "wait", "until"), step.wait.until, "condition", waited=True)
        if step.wait.when is not None:
            yield Text((*path, "wait", "when"), step.wait.when, "condition", extra=("event",))
    for index, branch in enumerate(step.choose or []):
        yield Text((*path, "choose", index, "when"), branch.when, "condition")
    if step.repeat is not None and step.repeat.until is not None:
        yield Text((*path, "repeat", "until"), step.repeat.until, "condition", after=True)
    if step.for_each is not None and isinstance(step.for_each.in_, str):
        kind: Literal["value", "list"] = "value" if is_template(step.for_each.in_) else "list"
        yield Text((*path, "for_each", "in"), step.for_each.in_, kind)
    elif step.for_each is not None:
        yield from _values(step.for_each.in_, (*path, "for_each", "in"))


def _form(form: Form | Task, path: Path) -> Iterator[Text]:
    yield Text(
        (*path, "question" if isinstance(form, Form) else "text"),
        form.question if isinstance(form, Form) else form.text,
        "text",
    )
    if isinstance(form, Task):
        for index, item in enumerate(form.items):
            yield Text((*path, "items", index), item, "text")


def _values(value: Any, path: Path) -> Iterator[Text]:
    """The templates inside nested values of a `with` or `set`."""
    if isinstance(value, str) and is_template(value):
        yield Text(path, value, "value")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _values(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _values(item, (*path, index))
