"""`docs/language.md`: the reference of the runbook language, made from the models and their meanings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mayday.language.meanings import MEANINGS, VERB_MEANINGS
from mayday.language.runbook import COMMON_KEYS, VERB_KEYS, VERBS
from mayday.language.scenario import ACTIONS, EXPECTATIONS
from mayday.language.schema import schema_of

__all__ = ["language_page"]

_INTRODUCTION = """\
# The runbook language

Every key of a runbook, a catalog and a scenario: made from the models that read them
(`python -m mayday.language.reference_pages`), so it cannot lag behind. A tutorial is [authoring.md](authoring.md);
expressions and templates are in [expressions.md](expressions.md), findings of the checker in [checks.md](checks.md).

Words: a **runbook** has **phases**, a phase has **steps**, a step has exactly one **verb**. A length of time is
a number with its unit: `90s`, `15m`, `1h30m`, `7d`, `4w`, `3 days`, `5 business days`. A reference is `person.X`,
`role.X`, `group.X`, `schedule.X`, `audience.X`, `vendor.X`, or `service.owner`. Keys that are not listed are refused.
A key in **bold** has to be there.
"""
_TITLES = {
    "Runbook": "A runbook",
    "Step": "Keys of steps",
    "Catalog": "The catalog",
    "Scenario": "A scenario",
}


def language_page() -> str:
    """The whole page."""
    return "\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    yield _INTRODUCTION
    yield "## Verbs\n\nEvery step has one of them.\n\n| verb | meaning | goes with |\n| --- | --- | --- |"
    for verb in VERBS:
        beside = ", ".join(f"`{key}`" for key in VERB_KEYS[verb])
        yield f"| `{verb}` | {VERB_MEANINGS[verb]} | {beside} |"
    yield f"\nEvery step may have {', '.join(f'`{key}`' for key in COMMON_KEYS)}.\n"
    shown: set[str] = set()
    for kind, note in (
        ("runbook", ""),
        ("catalog", "One file or several in `runbooks/catalog/`; each holds some of these.\n"),
        ("scenario", _scenario_note()),
    ):
        schema = schema_of(kind)
        yield f"## {_TITLES[schema['title']]}\n"
        yield note
        yield from _table(schema, schema["title"])
        for name, definition in schema.get("$defs", {}).items():
            if "properties" in definition and name not in shown:
                shown.add(name)
                yield f"### {name}\n" if name not in _TITLES else f"### {_TITLES[name]}\n"
                yield from _table(definition, name)


def _scenario_note() -> str:
    return (
        f"Actions of a timeline: {', '.join(f'`{name}`' for name in ACTIONS)}. "
        f"Expectations: {', '.join(f'`{name}`' for name in EXPECTATIONS)}.\n"
    )


def _table(schema: dict[str, Any], model: str) -> Iterator[str]:
    yield "| key | takes | default | |\n| --- | --- | --- | --- |"
    required = schema.get("required", [])
    for key, value in schema["properties"].items():
        name = f"**`{key}`**" if key in required else f"`{key}`"
        given = value.get("default")
        default = "" if given in (None, [], "") or isinstance(given, dict) else f"`{_plain(given)}`"
        meaning = MEANINGS.get(model, {}).get(key) or value.get("description", "")
        yield f"| {name} | {_takes(value)} | {default} | {' '.join(meaning.split()).replace('|', chr(92) + '|')} |"
    yield ""


def _takes(value: dict[str, Any]) -> str:
    """What may stand there, in the words of the page."""
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        anchor = _TITLES.get(name, name).lower().replace(" ", "-")
        return f"[{name}](#{anchor})"
    if "const" in value:
        return f"`{value['const']}`"
    if "enum" in value:
        return ", ".join(f"`{choice}`" for choice in value["enum"])
    if "anyOf" in value:
        return " or ".join(dict.fromkeys(_takes(choice) for choice in value["anyOf"]))
    kind = value.get("type")
    if kind == "array":
        return f"list of {_takes(value.get('items', {}))}"
    if kind == "object":
        inside = value.get("additionalProperties")
        named = inside if isinstance(inside, dict) else next(iter(value.get("patternProperties", {}).values()), None)
        return f"names, each with {_takes(named)}" if named else "names with values"
    if kind == "string" and "business" in value.get("pattern", ""):
        return "length of time"
    words = {"string": "text", "integer": "number", "number": "number", "boolean": "true or false"}
    return words.get(str(kind), "anything")


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
