"""Typed dummies: what an action without a mock returns, from the outputs that the action catalog declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mayday.language.catalog import ActionSpec

_BY_NAME: dict[str, Any] = {
    "url": "https://example.invalid/rehearsal",
    "phone": "+441632960000",
    "number": "REH-1",
    "channel": "#rehearsal",
    "outcome": "done",
}
_BY_TYPE: dict[str, Any] = {
    "string": "rehearsal", "integer": 0, "number": 0, "boolean": True, "list": [], "object": {},
    "datetime": "2000-01-01T00:00:00Z", "person": "nobody",
}  # fmt: skip


def dummy_outputs(action: ActionSpec | None, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """One value for each declared output; an output that is also an input gives the input back."""
    outputs: dict[str, Any] = {}
    for name, spec in (action.outputs if action else {}).items():
        if "default" in spec:
            outputs[name] = spec["default"]
        elif spec.get("enum"):
            outputs[name] = spec["enum"][0]
        elif name in inputs:
            outputs[name] = inputs[name]
        else:
            kind = str(spec.get("type", "string"))
            outputs[name] = _BY_NAME[name] if kind == "string" and name in _BY_NAME else _BY_TYPE.get(kind, "rehearsal")
    return outputs
