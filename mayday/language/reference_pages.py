"""The reference pages and schemas that are made from the tables of the language, so that they cannot lag behind.

`python -m mayday.language.reference_pages` writes them into a checkout; a test fails while they differ.
"""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator

from mayday.domain.ranks import RANKED
from mayday.language import checks  # noqa: F401 - fills the table of codes
from mayday.language.checks.kinds import INCIDENT, PUBLIC_FIELDS, Kind
from mayday.language.documents import DEEPEST, LARGEST, MOST_NODES
from mayday.language.evaluation import MOST_STEPS
from mayday.language.expression_errors import BudgetExceeded, SyntaxRefused, TypeMismatch, UnknownName, UnsetValue
from mayday.language.filters import FILTERS, LONGEST_LIST, LONGEST_TEXT
from mayday.language.findings import CODES, Code
from mayday.language.grammar import LONGEST_EXPRESSION, LONGEST_TEMPLATE
from mayday.language.language_page import language_page
from mayday.language.schema import KINDS, schema_of

__all__ = ["pages", "write"]

LEVELS = {
    "Y": "YAML safety: what a file may not hold, whatever it means",
    "S": "Shape: keys and kinds of values",
    "R": "References: everything that is named exists",
    "T": "Expressions and templates",
    "F": "Flow: what happens, and what follows",
    "C": "Catalog and library",
}
LONGEST_EXAMPLE = 600
FRAMES = {
    "text": "",
    "steps": "steps of a phase",
    "runbook": "keys of a runbook",
    "catalog": "keys of a catalog",
    "files": "files",
}


def pages() -> dict[str, str]:
    """Every generated file by its path in the checkout."""
    made = {
        "docs/checks.md": "\n".join(_checks()) + "\n",
        "docs/expressions.md": "\n".join(_expressions()) + "\n",
        "docs/language.md": language_page(),
    }
    for kind in KINDS:
        made[f"runbooks/schema/{kind}.json"] = json.dumps(schema_of(kind), indent=2, ensure_ascii=False) + "\n"
    return made


_CHECKS = """\
# Checks

`mayday runbook lint` says `file:line:column: CODE message`, and below it what to write instead. Errors stop a runbook
from compiling; warnings stop nobody, unless `--strict` is given. A library with an error refuses to start.

A file has at most {kib} KiB, {deep} levels and {nodes:,} values. This page is made from the checker's own table
(`python -m mayday.language.reference_pages`); every example is one of its tests.
"""


def _checks() -> Iterator[str]:
    yield _CHECKS.format(kib=LARGEST // 1024, deep=DEEPEST, nodes=MOST_NODES)
    for letter, title in LEVELS.items():
        yield f"## {title}\n"
        yield "| code | | |\n| --- | --- | --- |"
        found = sorted((code for code in CODES.values() if code.code[0] == letter), key=lambda code: code.code)
        for code in found:
            yield f"| [{code.code}](#{code.code.lower()}) | {code.level} | {code.title} |"
        for code in found:
            yield from _code(code)
        yield ""


def _code(code: Code) -> Iterator[str]:
    yield f"\n### {code.code}\n"
    yield f"**{code.title[0].upper()}{code.title[1:]}** ({code.level}). {code.explanation}\n"
    if max(len(code.wrong), len(code.right)) > LONGEST_EXAMPLE or (
        not code.wrong.isprintable() and "\x00" in code.wrong
    ):
        return
    place = f" ({FRAMES[code.frame]})" if FRAMES[code.frame] else ""
    wrong = code.wrong.encode("utf-8", "backslashreplace").decode()
    yield f"Refused{place}:\n\n```yaml\n{wrong.rstrip()}\n```\n\nInstead:\n\n```yaml\n{code.right.rstrip()}\n```"


_INTRODUCTION = """\
# Expressions and templates

`when` and `until` are bare expressions. Other texts hold `{{ expression }}`, `{% if %} {% elif %} {% else %}
{% endif %}`, `{% for name in list %} {% else %} {% endfor %}` (inside: `loop.index`, `loop.first`, `loop.last`) and
`{# remarks #}`. A line that holds only a `{% %}` leaves no line behind. In a `with`, a text that is exactly one `{{ }}`
keeps its type; moments become RFC 3339 texts, lengths of time `1h30m`.

Operators: `and or not in == != < <= > >= + - ~`, `a if c else b`, `.field`, `[i]`, `[a, b]`, `is defined`, `is none`.
Left out on purpose: calls, `* / %`, braces, slices, macros, includes, assignment.

Nothing is converted: `"1" == 1` is false, `"a" < 1` an error, a condition is true or false and nothing else. Two things
mean the same and are compared: a text that is the name of a severity, priority, status or level beside such a word, and
an RFC 3339 text beside a moment. A value is never read as a template again.

## A fact that nobody has set

A name that exists without a value is *unset*. `| default(x)` stands in for it, `is defined` and `is none` ask for it.
Everything else is an error: a text with an unset value is not sent, and a condition on an unset fact asks a person for
it.

## Names

| name | type | |
| --- | --- | --- |"""

_OTHER_NAMES = """\
| `inputs.NAME`, `vars.NAME` | as declared | `visibility: public` makes an input public |
| `roles.NAME` | text | who holds it |
| `bridge.url`, `bridge.phone` | text | the incident's bridge, else the standing one |
| `steps.ID.status`, `steps.ID.result.FIELD` | text, as the action or form declares | |
| `decisions.ID.outcome`, `.reason`, `.ref`, `.digest`, `.approvals` | text, number | |
| `now` | moment | the incident's clock; not in a condition that is waited for |
| `event` | fields | in a handler, in `wait: { event, when }` |
| `alert` | fields | in a route |
| `update`, `next_update_at`, `audience` | text, moment, text | in a message |
| `pending` | list | in a handover brief |

Texts for customers use public names only.

## Words with an order
"""

_LIMITS = """\

An expression has at most {expression:,} characters, a template {template:,}. An evaluation takes at most {steps:,}
steps, goes through {items:,} items of a list and makes {output:,} characters. An expression that fails
while an incident runs makes its step fail, so it becomes a task."""


def _expressions() -> Iterator[str]:
    yield _INTRODUCTION
    for name, kind in INCIDENT.items():
        yield f"| `incident.{name}` | {_said(kind)} | {'public' if name in PUBLIC_FIELDS else ''} |"
    yield _OTHER_NAMES
    for ranked in RANKED:
        ordered = sorted((word for word in ranked if word.rank() is not None), key=lambda word: word.rank() or 0)
        rest = [word.value for word in ranked if word.rank() is None]
        outside = f"; in no order: {', '.join(rest)}" if rest else ""
        yield f"- {ranked.__name__.lower()}: {' < '.join(word.value for word in ordered)}{outside}"
    yield '\nMore severe is greater: `incident.severity >= "SEV2"` means at least a SEV2.\n'
    yield "## Filters\n\n| filter | takes | gives | |\n| --- | --- | --- | --- |"
    for entry in FILTERS.values():
        fewest, most = entry.arguments
        given = "" if most == 0 else "(...)" if fewest else "(...) or none"
        yield f"| `{entry.name}`{given} | {', '.join(entry.takes)} | {entry.gives} | {entry.summary} |"
    yield "\nMoments are shown in UTC.\n\n## Errors and limits\n\n| code | error |\n| --- | --- |"
    for error in (SyntaxRefused, UnknownName, UnsetValue, TypeMismatch, BudgetExceeded):
        yield f"| {error.code} | {(error.__doc__ or '').splitlines()[0]} |"
    yield _LIMITS.format(
        expression=LONGEST_EXPRESSION,
        template=LONGEST_TEMPLATE,
        steps=MOST_STEPS,
        items=LONGEST_LIST,
        output=LONGEST_TEXT,
    )


def _said(kind: Kind) -> str:
    words = {
        "string": "text",
        "integer": "number",
        "boolean": "true or false",
        "datetime": "moment",
        "mapping": "fields",
    }
    return words.get(kind.name, kind.name)


def write(root: pathlib.Path) -> None:
    """Write them into a checkout."""
    for name, text in pages().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(pathlib.Path(__file__).resolve().parents[2])
