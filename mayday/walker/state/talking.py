"""Messages that left or wait, and the cadences that send them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from mayday.domain.effects import SendPurpose
from mayday.domain.wire import Wire


class CadenceReview(Wire):
    opened_at: datetime
    nag_at: datetime | None = None
    deputy_at: datetime | None = None
    text: str | None = None
    released_by: str | None = None


class Pace(Wire):
    """What a step set for a cadence that had not begun."""

    every_s: int
    step: str


class CadenceState(Wire):
    name: str
    audience: str
    every_s: int
    set_by_hand: bool = False
    #: the severity when it stopped
    severity: str | None = None
    started_at: datetime
    anchor_at: datetime
    due_at: datetime
    last_sent_at: datetime | None = None
    last_manual_at: datetime | None = None
    ticks: int = 0
    holding_in_row: int = 0
    paused: bool = False
    stopped: bool = False
    review: CadenceReview | None = None


class Sent(Wire):
    """A message that left, or waits to leave (`held`)."""

    n: int
    audience: str
    subject: str
    text: str
    purpose: SendPurpose
    step: str
    at: datetime
    by: str = "system"
    held: str | None = None
    dropped: bool = False
    delivered: bool = False
    #: the channels that its author chose, where those are not all of the audience
    via: list[str] | None = None
    #: whom it went to: a correction goes to the same, whoever has their roles by then
    to: list[str] = []
    #: under which effect it was under way when it was held: a channel that has taken it then takes it only once
    key: str | None = None


class Final(Wire):
    """The last message to an outside audience: waits for a second person, then goes to the review."""

    cadence: str
    audience: str
    template: str
    subject: str
    text: str
    due_at: datetime
    state: Literal["waiting", "released", "left_to_review"] = "waiting"
