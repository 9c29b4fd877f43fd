"""Steps under way or over, the effects they wait for, and the runs of handlers."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from mayday.domain.effects import EffectRequest
from mayday.domain.wire import Wire

StepStatus = Literal[
    "running", "acknowledged", "exhausted", "decided", "replied", "done", "skipped", "failed", "timed_out", "cancelled"
]


class StepState(Wire):
    """One step under way or over. `over` says whether the steps after it may go on."""

    path: str
    verb: str
    status: StepStatus = "running"
    over: bool = False
    started_at: datetime
    ended_at: datetime | None = None
    due_at: datetime | None = None
    occurrence: int = 1
    attempt: int = 0
    retry_at: datetime | None = None
    effect: str | None = None
    background: bool = False
    ad_hoc_by: str | None = None
    #: which nested list runs now: an outcome, a branch, `on_timeout`, `on_error`
    place: str | None = None
    #: rounds of a repeat, items of a for_each, events seen
    round: int = 0
    next_round_at: datetime | None = None
    items: list[Any] | None = None
    result: dict[str, Any] = {}
    #: of a `call`: a step in it says `end`: `phase` or `runbook`, and which step
    leaving: tuple[str, str] | None = None


class Flight(Wire):
    """An effect asked for and not yet answered. `owner` is `kind:name` of who gets the answer."""

    request: EffectRequest
    owner: str
    asked_at: datetime
    purpose: str = ""
    data: dict[str, Any] = {}


class HandlerRun(Wire):
    index: int
    event: dict[str, Any]
    run: int
    over: bool = False
    #: its `when` waits for a fact that a person is asked for
    undecided: bool = False
