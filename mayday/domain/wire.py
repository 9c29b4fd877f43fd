"""The base of every model that crosses a process boundary."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """Crosses a process boundary: unknown fields are ignored and new ones have defaults."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)
