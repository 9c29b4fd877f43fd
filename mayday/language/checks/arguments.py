"""Level 4: what `with` hands over fits what the action, the called runbook or the vendor takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, get_args

from mayday.domain.ranks import PriorityName
from mayday.language.checks.kinds import Kind, field_kind
from mayday.language.checks.layout import Layout, Placed
from mayday.language.checks.texts import Text
from mayday.language.checks.types import Typed
from mayday.language.documents import Document, Path
from mayday.language.expressions import is_template
from mayday.language.findings import Finding, define, nearest
from mayday.language.runbook import FieldSpec, Runbook

if TYPE_CHECKING:
    from mayday.language.library import Library

__all__ = ["argument_findings", "value_problem"]

UNKNOWN = define(
    "T410",
    "input that nobody takes",
    "`with` hands over what the action declares, the called runbook takes, or the vendor's case holds.",
    wrong="- { id: room, do: bridge.open, with: { nme: war room, name: war room } }\n",
    right="- { id: room, do: bridge.open, with: { name: war room } }\n",
    frame="steps",
)
MISSING = define(
    "T411",
    "input left out",
    "An input that is not optional has to be handed over.",
    wrong="- { id: room, do: bridge.open }\n",
    right="- { id: room, do: bridge.open, with: { name: war room } }\n",
    frame="steps",
)
WRONG = define(
    "T412",
    "input of another type",
    "An input declared as number, list or boolean takes a value, or one `{{ }}` of that type. Text around it makes "
    "it a text.",
    wrong='- { id: impact, do: incident.set_impact, with: { customers_affected: "{{ incident.title }}" } }\n',
    right="- { id: impact, do: incident.set_impact, with: { customers_affected: 1200 } }\n",
    frame="steps",
)
DEFAULT = define(
    "T413",
    "default that does not fit",
    "The default of an input or a field has its type, and is one of its `enum`.",
    wrong="inputs: { region: { type: string, enum: [eu, us], default: asia } }\n",
    right="inputs: { region: { type: string, enum: [eu, us], default: eu } }\n",
    frame="runbook",
)

ENGAGE_INPUTS: dict[str, dict[str, Any]] = {
    "priority": {"type": "string", "required": False, "enum": list(get_args(PriorityName))},
    "summary": {"type": "string", "required": False},
    "description": {"type": "string", "required": False},
}
"""What a vendor's case takes."""

_SAID = {
    "string": "a text",
    "person": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}


def value_problem(value: Any, kind: str, words: list[str | int] | None = None) -> tuple[str, str]:
    """What is wrong with a plain value of a declared type, as (message, hint); empty when it fits."""
    fits = {
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "number": isinstance(value, int | float) and not isinstance(value, bool),
        "boolean": isinstance(value, bool),
        "list": isinstance(value, list),
        "object": isinstance(value, dict),
    }.get(kind, isinstance(value, str))
    if not fits:
        return f"{value!r} is not {_SAID.get(kind, f'a {kind}')}", ""
    if words and value not in words:
        return f"{value!r} is not possible", nearest(str(value), map(str, words))
    return "", ""


def argument_findings(
    runbook: Runbook, layout: Layout, typed: Typed, document: Document, library: Library
) -> Iterator[Finding]:
    """Everything about `with`, and the defaults of inputs and fields."""
    yield from _defaults(runbook.inputs, ("inputs",), document)
    for placed in layout.steps:
        step = placed.step
        form = step.ask or step.task
        if form is not None:
            verb = "ask" if step.ask else "task"
            yield from _defaults(form.fields, (*placed.path, verb, "fields"), document)
        specs = _declared(placed, library)
        if specs is not None:
            yield from _arguments(placed, specs, typed, document)


def _declared(placed: Placed, library: Library) -> Mapping[str, dict[str, Any]] | None:
    step = placed.step
    if step.do is not None:
        action = library.actions.get(step.do)
        return action.inputs if action else None
    if step.engage is not None:
        return ENGAGE_INPUTS
    if step.call is not None and any(step.call == f"{entry.name}@{entry.version}" for entry in library.files):
        inputs = library.runbook(step.call).inputs
        return {
            name: {"type": spec.type, "required": spec.required and spec.default is None, "enum": spec.enum}
            for name, spec in inputs.items()
        }
    return None


def _arguments(
    placed: Placed, specs: Mapping[str, dict[str, Any]], typed: Typed, document: Document
) -> Iterator[Finding]:
    given = placed.step.with_ or {}
    path: Path = (*placed.path, "with")
    target = placed.step.do or placed.step.call or placed.step.engage
    for name, value in given.items():
        if name not in specs:
            yield document.find(UNKNOWN, (*path, name), f"{target} takes no `{name}`", nearest(name, specs), key=True)
        else:
            yield from _value(value, specs[name], (*path, name), placed, typed, document)
    for name, spec in specs.items():
        if spec.get("required", True) and name not in given:
            where = path if placed.step.with_ is not None else placed.path
            yield document.find(MISSING, where, f"{target} needs `{name}`", f"write with: {{ {name}: ... }}")


def _value(
    value: Any, spec: dict[str, Any], path: Path, placed: Placed, typed: Typed, document: Document
) -> Iterator[Finding]:
    wanted = str(spec.get("type", "string"))
    if value is None or wanted in ("any", "object"):
        return
    if isinstance(value, str) and is_template(value):
        kind = typed.kind_of(Text(path, value, "value", placed))
        problem = _kind_problem(kind, wanted)
        if problem:
            yield document.find(
                WRONG, path, f"`{path[-1]}` takes {_SAID.get(wanted, f'a {wanted}')}, this is {problem}"
            )
        return
    message, hint = value_problem(value, wanted, spec.get("enum"))
    if message:
        yield document.find(
            WRONG, path, f"`{path[-1]}`: {message}", hint or f"write {_SAID.get(wanted, f'a {wanted}')}"
        )


def _kind_problem(kind: Kind | None, wanted: str) -> str:
    """What a template gives, in words, where the input takes something else."""
    expected = field_kind(wanted).name
    if kind is None:  # a text with values in it
        return "" if expected in ("string", "any", "datetime") else "a text"
    if "any" in (kind.name, expected) or kind.name == expected:
        return ""
    if expected == "number" and kind.name == "integer":
        return ""
    if expected == "string" and (kind.ranked or kind.name in ("datetime", "duration")):
        return ""
    if expected == "datetime" and kind.name == "string":
        return ""
    return {"list": "a list", "boolean": "true or false", "string": "a text"}.get(kind.name, f"a {kind.name}")


def _defaults(fields: Mapping[str, FieldSpec], path: Path, document: Document) -> Iterator[Finding]:
    for name, spec in fields.items():
        if spec.default is None:
            continue
        message, hint = value_problem(spec.default, spec.type, spec.enum)
        if message:
            yield document.find(DEFAULT, (*path, name, "default"), message, hint)
