"""What travels from a webhook to a run: one alert with its route, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from mayday.domain.incident import AlertEvent
from mayday.language.routing import RoutedAlert
from mayday.records.columns import Written, json_text

__all__ = ["Action", "Delivered", "Parcel", "touched"]

Action = Literal["opened", "attached", "resolved", "ignored", "queued"]


@dataclass(slots=True)
class Parcel:
    """One alert on its way. `row` is its inbox row, None when the inbox could not be reached."""

    event: AlertEvent
    routed: RoutedAlert
    workflow_id: str
    row: int | None = None
    #: kept, and looked at again later: its incident ended a moment ago
    held: bool = False
    #: the alert as JSON, as the inbox keeps it
    text: Written = field(init=False)

    def __post_init__(self) -> None:
        self.text = json_text(self.event)

    @property
    def size(self) -> int:
        """Bytes, about as many as it takes in a signal."""
        return len(self.text)

    def counts_anew(self, why: str) -> None:
        """It is no repetition of what came before: it gets a dedupe key of its own."""
        self.event.dedupe_key = f"{self.event.dedupe_key}:{why}"
        self.text = json_text(self.event)

    @property
    def firing(self) -> bool:
        return self.event.state == "firing"


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of an alert: the incident it belongs to, or why there is none."""

    incident_id: str | None
    workflow_id: str | None
    action: Action

    def public(self) -> dict[str, Any]:
        """The shape of the webhook's answer."""
        return {"id": self.incident_id, "workflow_id": self.workflow_id, "action": self.action}


def touched(results: list[Delivered]) -> list[dict[str, Any]]:
    """One line an incident and action, in the order of the body: who opened it also attached the rest to it."""
    opened = {found.workflow_id for found in results if found.action == "opened"}
    shown: dict[tuple[str | None, str], dict[str, Any]] = {}
    for found in results:
        if found.action == "attached" and found.workflow_id in opened:
            continue
        shown.setdefault((found.workflow_id, found.action), found.public())
    return list(shown.values())
