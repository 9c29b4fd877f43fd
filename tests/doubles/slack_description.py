"""Requests to Slack's Web API held against its own description, which is old: `NEWER` is what it lacks."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from tests.doubles.api_description import SAMPLES
from tests.doubles.server import Asked

#: what Slack has learnt since its description was archived in 2021 (specs/README.md)
NEWER = {
    "chat.postMessage": {"metadata"}, "chat.update": {"metadata"}, "conversations.history": {"include_all_metadata"},
    "conversations.invite": {"force"},
}  # fmt: skip
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str, list, dict), "boolean": (bool, str), "integer": (int, str), "number": (int, float, str),
}  # fmt: skip


@cache
def _description() -> dict[str, Any]:
    file = SAMPLES / "specs/slack/slack_web.cut.openapi_v2.json"
    return dict(json.loads(file.read_text())["paths"]) if file.is_file() else {}


def problems_of(method: str, asked: Asked) -> list[str]:
    """The request held against Slack's own description: required fields, known fields, kinds of values."""
    operations = _description().get(f"/{method}")
    if operations is None:
        return [] if not _description() else [f"{method} is not described"]
    parameters = next(iter(operations.values()))["parameters"]
    fields = {each["name"]: each for each in parameters if each["name"] != "token"}
    given: dict[str, Any] = asked.json if asked.method == "POST" else asked.query
    found = [
        f"{method}: {name} is missing" for name, each in fields.items() if each.get("required") and not given.get(name)
    ]
    for name, value in given.items():
        if name in fields:
            if not isinstance(value, _TYPES[fields[name]["type"]]):
                found.append(f"{method}: {name} is no {fields[name]['type']}")
        elif name not in NEWER.get(method, set()):
            found.append(f"{method}: {name} is not described")
    return found
