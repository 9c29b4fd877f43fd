"""Who holds a role, who is offered it, and until when their shift lasts."""

from __future__ import annotations

from datetime import datetime

from mayday.domain.wire import Wire


class Offer(Wire):
    """A role offered to somebody, from the roster or as a handover."""

    role: str
    targets: list[str]
    people: list[str] = []
    offered_at: datetime
    due_at: datetime
    by: str = "system"
    handover: bool = False
    rung: int = 0
    round: int = 1


class HolderShift(Wire):
    """When the shift of a role's holder ends, as far as the roster says; `sure` once it was asked at that time."""

    since: datetime
    ref: str | None = None
    ends_at: datetime | None = None
    incoming: str | None = None
    asking: bool = False
    sure: bool = False
    settled: bool = False


class RoleState(Wire):
    role: str
    person: str | None = None
    since: datetime | None = None
    unfilled: bool = False
    offer: Offer | None = None
    #: who was offered it so far and may still take it while it climbs
    asked: list[str] = []
    warned_at: datetime | None = None
    shift: HolderShift | None = None
    tried: int = 0
    #: who said that they cannot, and what of the runbook's was offered and nobody of it can
    declined: list[str] = []
    refused: list[str] = []
    #: everybody declined to command: when they are asked once more
    again_at: datetime | None = None
