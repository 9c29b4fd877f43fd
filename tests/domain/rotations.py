"""Schedules as the catalog writes them, in one line each."""

from __future__ import annotations

from typing import Any

from mayday.domain.schedules import LocalSchedule


def schedule(tz: str = "UTC", layers: list[dict[str, Any]] | None = None, **more: Any) -> LocalSchedule:
    return LocalSchedule.model_validate({"tz": tz, "layers": layers or [daily("ana", "raj")], **more})


def daily(*people: str, at: str = "08:00", **more: Any) -> dict[str, Any]:
    return {"rotation": "daily", "handoff": at, "people": list(people), **more}


def weekly(*people: str, at: str = "Mon 09:00", **more: Any) -> dict[str, Any]:
    return {"rotation": "weekly", "handoff": at, "people": list(people), **more}


def custom(*people: str, every: str, **more: Any) -> dict[str, Any]:
    return {"rotation": "custom", "every": every, "people": list(people), **more}
