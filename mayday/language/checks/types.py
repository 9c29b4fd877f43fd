"""Level 4: every expression and template of a runbook parses, and its types go together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mayday.domain.system_events import SYSTEM_EVENTS
from mayday.language.catalog import ActionSpec
from mayday.language.checks.inference import Inference, Problem
from mayday.language.checks.kinds import ANY, EXTRA, INCIDENT, PUBLIC_FIELDS, Kind, names_of
from mayday.language.checks.layout import Layout, Placed
from mayday.language.checks.texts import Text, texts_of
from mayday.language.documents import Document
from mayday.language.expressions import Expression, SyntaxRefused, Template, parse_expression, parse_template
from mayday.language.findings import Finding, define
from mayday.language.runbook import Runbook

__all__ = ["Typed", "parsed", "type_findings"]

SYNTAX = define(
    "T401",
    "not an expression",
    "The grammar is a small part of Jinja's: `and or not in == != < <= > >= + - ~`, `a if c else b`, `.field`, `[i]`, "
    "lists, filters, `is defined`, `is none`. No calls, no `*`, no macros, no includes.",
    wrong="- { id: tell, when: incident.service = 'x', log: hello }\n",
    right="- { id: tell, when: incident.service == 'x', log: hello }\n",
    frame="steps",
)
CLOCK = define(
    "T408",
    "waiting for a time with `now`",
    "A condition is looked at when something happens, and time alone is nothing that happens: use `timeout`, or "
    "`wait: { for: ... }`.",
    wrong="- { id: soak, wait: { until: now > incident.opened_at }, timeout: 5m, on_timeout: [] }\n",
    right="- { id: soak, wait: { for: 5m } }\n",
    frame="steps",
)
NOT_PUBLIC = define(
    "T409",
    "internal value in a text for customers",
    "A text for customers uses public values only: title, service, status and times of the incident, what a person "
    "wrote (`update`), `next_update_at`, and inputs that say `visibility: public`.",
    wrong='templates:\n  scope_post: { audience: customers, text: "{{ incident.customers_affected }} of you" }\n',
    right='templates:\n  scope_post: { audience: customers, text: "{{ incident.service }} is down" }\n',
    frame="runbook",
)


def parsed(text: Text) -> Expression | Template:
    """A text's tree; `SyntaxRefused` when it has none."""
    return parse_expression(text.text) if text.kind in ("condition", "list") else parse_template(text.text)


class Typed:
    """The types of a runbook's names, and the findings of its texts."""

    def __init__(self, runbook: Runbook, layout: Layout, actions: Mapping[str, ActionSpec], document: Document) -> None:
        self._handlers = [handler.event for handler in runbook.handlers]
        self._document = document
        self._names = names_of(runbook, layout, actions)
        self.texts = list(texts_of(runbook, layout))

    def _names_at(self, text: Text) -> dict[str, Kind]:
        """What is in scope at a text: the usual names, its own, and those of enclosing loops."""
        names = {**self._names, **{name: EXTRA[name] for name in text.extra}}
        event = self._event_of(text) if "event" in text.extra else ""
        if event in SYSTEM_EVENTS:
            names["event"] = Kind("mapping", dict.fromkeys(("name", "actor", *SYSTEM_EVENTS[event]), Kind("string")))
        for loop in text.step.inside("for_each") if text.step else ():
            assert loop.step.for_each is not None
            names[loop.step.for_each.as_] = self._item_kind(loop, names)
        return names

    def _event_of(self, text: Text) -> str:
        """The name of the event that `event` is in a text."""
        step = text.step.step if text.step else None
        if (
            step is not None
            and step.wait is not None
            and step.wait.event is not None
            and text.path[-2:] == ("wait", "when")
        ):
            return step.wait.event
        number = text.step.handler if text.step else text.path[1]
        return self._handlers[number] if isinstance(number, int) else ""

    def _item_kind(self, loop: Placed, names: dict[str, Kind]) -> Kind:
        source = loop.step.for_each.in_ if loop.step.for_each else []
        if not isinstance(source, str):
            return Kind("string") if source and all(isinstance(item, str) for item in source) else ANY
        try:
            found = Inference(names).kind(parse_expression(source.strip().removeprefix("{{").removesuffix("}}")).tree)
        except SyntaxRefused:
            return ANY
        return found.item or ANY

    def kind_of(self, text: Text) -> Kind | None:
        """The static type of a `value` text that is one `{{ }}`; None for other texts."""
        try:
            tree = parsed(text)
        except SyntaxRefused:
            return ANY  # reported where the text stands
        if not isinstance(tree, Template) or tree.single is None:
            return None
        return Inference(self._names_at(text)).kind(tree.single)

    def findings(self) -> Iterator[Finding]:
        """Everything of level 4, text by text."""
        for text in self.texts:
            try:
                tree = parsed(text)
            except SyntaxRefused as refused:
                place = (refused.line, refused.column)
                yield self._document.find_within(SYNTAX, text.path, place, refused.message, refused.hint)
                continue
            for problem in self._problems(text, tree):
                yield self._finding(text, problem)
            if text.waited and "now" in tree.names():
                yield self._document.find(CLOCK, text.path, "nothing wakes a condition on `now`", CLOCK_HINT)

    def _problems(self, text: Text, tree: Expression | Template) -> list[Problem]:
        inference = Inference(self._names_at(text))
        if isinstance(tree, Template):
            if tree.single is not None and text.kind == "value":
                inference.kind(tree.single)
            else:
                inference.body(tree.tree.body)
        elif text.kind == "condition":
            inference.condition(tree.tree)
        else:
            inference.kind(tree.tree)
        return inference.problems

    def _finding(self, text: Text, problem: Problem) -> Finding:
        before = text.text[: problem.offset]
        place = (before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
        return self._document.find_within(problem.code, text.path, place, problem.message, problem.hint)


CLOCK_HINT = "use `timeout`, or `wait: { for: 15m }`"


def type_findings(
    document: Document, path: tuple[str | int, ...], text: str, names: Mapping[str, Kind], *, condition: bool = False
) -> Iterator[Finding]:
    """Level 4 for one text outside of a runbook: a library's template, a route's inputs, a source's condition."""
    inference = Inference(names)
    try:
        if condition:
            inference.condition(parse_expression(text).tree)
        else:
            inference.body(parse_template(text).tree.body)
    except SyntaxRefused as refused:
        yield document.find_within(SYNTAX, path, (refused.line, refused.column), refused.message, refused.hint)
        return
    for problem in inference.problems:
        before = text[: problem.offset]
        place = (before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
        yield document.find_within(problem.code, path, place, problem.message, problem.hint)


def not_public(template: Template, public_inputs: tuple[str, ...] = ()) -> list[str]:
    """The names of a text that customers may not read."""
    return [name for name in template.names() if not _public(name, public_inputs)]


def _public(name: str, public_inputs: tuple[str, ...]) -> bool:
    first, _, rest = name.partition(".")
    if first == "incident":
        return rest.partition(".")[0] in PUBLIC_FIELDS or rest.partition(".")[0] not in INCIDENT
    if first == "inputs":
        return rest.partition(".")[0] in public_inputs
    return first in ("update", "next_update_at", "now", "loop")
