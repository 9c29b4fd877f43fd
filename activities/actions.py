"""What every catalog action shares: its inputs by name, its outputs as the catalog declares them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mayday.domain.effects import ActionReceipt, ActionRequest, Unreached
from mayday.domain.errors import Refused
from mayday.domain.wire import Wire


def text_of(request: ActionRequest, name: str, default: str | None = None) -> str:
    """A text input. Raises Refused when it is missing: the walker makes it a task."""
    value = request.inputs.get(name, default)
    if value is None or value == "":
        raise Refused(f"{request.action} needs `{name}`")
    return str(value)


def optional_text(request: ActionRequest, name: str) -> str | None:
    value = request.inputs.get(name)
    return None if value is None or value == "" else str(value)


def receipt(outputs: Wire | dict[str, Any], passed: Sequence[Unreached] = ()) -> ActionReceipt:
    """Outputs without those that have no value; `passed` are the providers that did not do it."""
    values = outputs.model_dump(mode="json") if isinstance(outputs, Wire) else outputs
    kept = {name: value for name, value in values.items() if value is not None}
    return ActionReceipt(outputs=kept, unreached=list(passed))
