"""JSON Schemas for editors, made from the models: completion and red lines while a runbook is written.

Errors come from the checker, which knows more and says it better; an editor only needs keys, words and places.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from mayday.domain.durations import Duration
from mayday.language.catalog import Catalog
from mayday.language.file_meanings import CATALOG_MEANINGS, SCENARIO_MEANINGS, TEMPLATE_MEANINGS
from mayday.language.library import TemplateFile
from mayday.language.meanings import MEANINGS
from mayday.language.runbook import VERB_KEYS, VERBS, Runbook
from mayday.language.scenario import ACTIONS, EXPECTATIONS, ITEM_KEYS, REQUIRED_KEYS, UNATTENDED, Scenario

__all__ = ["KINDS", "schema_of"]

KINDS: dict[str, type[BaseModel]] = {
    "runbook": Runbook,
    "catalog": Catalog,
    "scenario": Scenario,
    "template": TemplateFile,
}
"""Kinds of files, by the name of their schema."""
MEANINGS_OF: dict[str, dict[str, dict[str, str]]] = {
    "runbook": MEANINGS,
    "catalog": CATALOG_MEANINGS,
    "scenario": SCENARIO_MEANINGS,
    "template": TEMPLATE_MEANINGS,
}
ONE_OF: dict[str, tuple[str, ...]] = {
    "Wait": ("for", "until", "event"),
    "Message": ("template", "text"),
    "Expectation": EXPECTATIONS,
    "TimelineItem": ("expect", *ACTIONS),
}
"""Models that hold exactly one of some keys: their validators say it to us, this says it to editors."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(kind: str) -> dict[str, Any]:
    """The schema of one kind of file; `KeyError` for an unknown kind.

    A step is flat: every verb is a property, and `oneOf` says that one of them is required.
    """
    schema: dict[str, Any] = _without_nulls(KINDS[kind].model_json_schema(by_alias=True))
    for name, definition in [(schema.get("title", ""), schema), *schema.get("$defs", {}).items()]:
        for key, meaning in MEANINGS_OF[kind].get(name, {}).items():
            definition["properties"][key]["description"] = meaning
    step = schema.get("$defs", {}).get("Step")
    if step is not None:
        step["oneOf"] = [_verb(verb) for verb in VERBS]
        step["dependentSchemas"] = _companions(VERB_KEYS)
    item = schema.get("$defs", {}).get("TimelineItem")
    if item is not None:
        item["dependentSchemas"] = _actions()
    if kind == "scenario":
        opening = {"contains": {"anyOf": [{"required": ["declare"]}, {"required": ["alert"]}]}}
        schema["anyOf"] = [
            {"properties": {"given": {"required": ["incident"]}}},
            {"required": ["timeline"], "properties": {"timeline": opening}},
        ]
    for name, keys in ONE_OF.items():
        definition = schema.get("$defs", {}).get(name)
        if definition is not None:
            definition["oneOf"] = [{"required": [key]} for key in keys]
    return {"$schema": DIALECT, "$id": f"mayday-{kind}.json", **schema}


def _companions(keys_of: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    """Keys that go with some verbs only: each requires one of them."""
    verbs: dict[str, list[str]] = {}
    for verb, keys in keys_of.items():
        for key in keys:
            if key not in VERBS and key not in ACTIONS:
                verbs.setdefault(key, []).append(verb)
    return {key: {"anyOf": [{"required": [verb]} for verb in those]} for key, those in sorted(verbs.items())}


def _actions() -> dict[str, Any]:
    """What an action of a timeline needs beside it, and what goes with it."""
    needs = {verb: [*([] if verb in UNATTENDED else ["by"]), *REQUIRED_KEYS.get(verb, ())] for verb in ACTIONS}
    return {**{verb: {"required": keys} for verb, keys in needs.items() if keys}, **_companions(ITEM_KEYS)}


def _verb(verb: str) -> dict[str, Any]:
    if verb != "steps":
        return {"required": [verb]}
    loops = [{"required": ["for_each"]}, {"required": ["repeat"]}]
    return {"required": ["steps"], "not": {"anyOf": loops}}  # their steps may stand beside them


def _without_nulls(value: Any) -> Any:
    """Keys are left out rather than set to null, so editors need not offer it."""
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"_seconds", "business_days"}:  # a Duration as a dataclass dumps it; authors write its text
        return str(Duration(seconds=value["_seconds"], business_days=value["business_days"]))
    cleaned = {key: _without_nulls(item) for key, item in value.items() if not (key == "default" and item is None)}
    choices = cleaned.get("anyOf")
    if isinstance(choices, list):
        kept = [choice for choice in choices if choice != {"type": "null"}]
        if len(kept) == 1:
            del cleaned["anyOf"]
            return {**kept[0], **cleaned}
        cleaned["anyOf"] = kept
    return cleaned
