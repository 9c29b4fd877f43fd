"""JSON Schemas for editors, made from the models: completion and red lines while a runbook is written.

Errors come from the checker, which knows more and says it better; an editor only needs keys, words and places.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from mayday.domain.durations import Duration
from mayday.language.catalog import Catalog
from mayday.language.library import TemplateFile
from mayday.language.meanings import MEANINGS
from mayday.language.runbook import VERBS, Runbook
from mayday.language.scenario import Scenario

__all__ = ["KINDS", "schema_of"]

KINDS: dict[str, type[BaseModel]] = {
    "runbook": Runbook,
    "catalog": Catalog,
    "scenario": Scenario,
    "template": TemplateFile,
}
"""Kinds of files, by the name of their schema."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(kind: str) -> dict[str, Any]:
    """The schema of one kind of file; `KeyError` for an unknown kind.

    A step is flat: every verb is a property, and `oneOf` says that one of them is required.
    """
    schema: dict[str, Any] = _without_nulls(KINDS[kind].model_json_schema(by_alias=True))
    for name, definition in [(schema.get("title", ""), schema), *schema.get("$defs", {}).items()]:
        for key, meaning in MEANINGS.get(name, {}).items():
            definition["properties"][key]["description"] = meaning
    step = schema.get("$defs", {}).get("Step")
    if step is not None:
        step["oneOf"] = [_verb(verb) for verb in VERBS]
    return {"$schema": DIALECT, "$id": f"mayday-{kind}.json", **schema}


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
