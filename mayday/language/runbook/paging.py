"""Escalation policies, and roles with who is offered them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mayday.domain.durations import Duration
from mayday.language.runbook.shapes import Notify, Ref, Shape, Via


class RoleSpec(Shape):
    from_: Ref | None = Field(
        None, alias="from", description="Who is offered the role first: schedule.X, person.X, group.X"
    )
    fallback: Ref | None = Field(
        None, description="Offered next, when nobody accepted within the severity's ack_within"
    )
    description: str | None = None


class Level(Shape):
    notify: Ref | list[Ref]
    via: list[Via] = ["push", "voice"]
    ack_within: Duration

    @property
    def targets(self) -> list[str]:
        return [self.notify] if isinstance(self.notify, str) else list(self.notify)


class EscalationPolicy(Shape):
    levels: Annotated[list[Level], Field(min_length=1, max_length=20)]
    repeat: Annotated[int, Field(ge=1, le=20)] = 1
    on_exhausted: Notify | None = None
