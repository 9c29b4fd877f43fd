"""The JSON Schema for editors and the models accept and refuse the same files."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from mayday.language.documents import load_document
from mayday.language.schema import KINDS, schema_of
from mayday.language.shape import read_model
from mayday.settings import packaged_runbooks

FOLDERS = {"catalog": "catalog", "template": "templates", "scenario": "scenarios", "runbook": "library"}
VARIANTS = 150


def corpus(kind: str) -> list[Any]:
    found = []
    for path in sorted((packaged_runbooks() / FOLDERS[kind]).rglob("*.yaml")):
        data = load_document(path.read_bytes(), str(path)).data
        if data["kind"].lower() == kind:
            found.append(data)
    return found


def models_accept(kind: str, data: Any) -> bool:
    document = load_document(json.dumps(data).encode(), "x.yaml")
    return read_model(document, KINDS[kind]) is not None and not document.findings


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


def mutated(data: Any, chance: random.Random) -> tuple[Any, str]:
    """One key deleted, misspelt or retyped."""
    changed = copy.deepcopy(data)
    path = chance.choice(list(places(data)))
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    how = chance.choice(["delete", "misspell", "text", "number", "list", "mapping", "truth"])
    if how == "delete":
        del holder[path[-1]]
    elif how == "misspell" and isinstance(holder, dict):
        holder[f"{path[-1]}x"] = holder.pop(path[-1])
    else:
        holder[path[-1]] = {"text": "Some Text", "number": -7, "list": [], "mapping": {"a": 1}, "truth": True}.get(
            how, 1
        )
    return changed, f"{how} {path}"


@pytest.mark.parametrize("kind", KINDS)
def test_both_agree(kind: str) -> None:
    validator = jsonschema.Draft202012Validator(schema_of(kind))
    chance = random.Random(20260302)
    files = corpus(kind)
    apart = []
    for _ in range(VARIANTS):
        data, what = mutated(chance.choice(files), chance)
        by_schema = next(validator.iter_errors(data), None)
        if models_accept(kind, data) != (by_schema is None):
            apart.append(f"{what}: schema says {by_schema.message[:80] if by_schema else 'fine'}")
    assert apart == []
