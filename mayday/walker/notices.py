"""Notices: pages and messages that nobody has to answer; only that they left, or could not, is written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mayday.domain.effects import EffectResult, PageReceipt
from mayday.walker import ladders
from mayday.walker.state import Flight

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def answered(w: Walker, name: str, flight: Flight, result: EffectResult) -> None:
    path = flight.request.step
    if result.failure is not None:
        w.entry("page_failed", "system", path, page=path, reason=result.failure.message, code=result.failure.code)
        return
    ladders.record_receipt(w, path, flight, PageReceipt.model_validate(result.value))
