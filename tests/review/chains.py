"""Timelines for tests: entries by their minute, hashed as the real ones are."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from mayday.domain.timeline import GENESIS, Entry, append


class Chain:
    def __init__(self, start_at: datetime) -> None:
        self.start_at = start_at
        self.entries: list[Entry] = []

    def add(self, minute: float, kind: str, actor: str = "system", step: str | None = None, /, **data: Any) -> Chain:
        head = self.entries[-1].hash if self.entries else GENESIS
        at = self.start_at + timedelta(minutes=minute)
        self.entries.append(append(head, len(self.entries) + 1, at, kind, actor, step, data))
        return self

    def at(self, minute: float) -> datetime:
        return self.start_at + timedelta(minutes=minute)
