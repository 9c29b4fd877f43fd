"""What another incident hands over as it is merged in, written by an author or taken from a recording.

The keys are those of the signal `absorbed` (docs/adr/0032): a duplicate that owed nothing needs only its name, its
title, who merged it and why.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from mayday.language.runbook import Shape

__all__ = ["Handover"]

NEEDED = {"merge": ("from_", "title", "by", "reason"), "alerts": ("events",), "ended": ()}


class Handover(Shape):
    """A duplicate that is merged in, alerts that a merged one passes on, or the word that the survivor has ended."""

    what: Literal["merge", "alerts", "ended"] = Field("merge", description="a duplicate, its alerts, or the end")
    from_: str | None = Field(None, alias="from", description="the other incident")
    from_workflow: str | None = Field(None, description="its workflow; after its name by default")
    by: str | None = Field(None, description="who merged it")
    reason: str | None = Field(None, description="and why")
    handed_at: str | None = Field(None, description="when; its deadlines run since then")
    title: str | None = Field(None, description="the other incident's title")
    services: list[str] = Field([], description="its services, which become ours")
    responders: list[str] = Field([], description="people who worked on it, and now on this")
    customers_affected: int | None = Field(None, description="of it; the larger number stands")
    alerts: int = Field(0, description="how many it had seen")
    firing: dict[str, Any] = Field({}, description="those still firing, by key")
    gates: dict[str, Any] = Field({}, description="its open questions, as recorded")
    steps: dict[str, Any] = Field({}, description="their steps, in the language's own shape")
    engagements: dict[str, Any] = Field({}, description="its vendors' cases, as recorded")
    vendors: dict[str, Any] = Field({}, description="those vendors, as pinned")
    tasks: dict[str, Any] = Field({}, description="its open work, as recorded")
    ladders: dict[str, Any] = Field({}, description="its calls that nobody has answered, as recorded")
    given_back: str | None = Field(None, description="what it owed comes back; the status of who did not take it over")
    events: list[dict[str, Any]] = Field([], description="with `alerts`: what it passes on")
    status: str | None = Field(None, description="with `ended`: how the survivor ended")
    order: dict[str, Any] | None = Field(None, description="the signed order to merge, as recorded")

    @model_validator(mode="after")
    def _whole(self) -> Handover:
        for name in NEEDED[self.what]:
            if not getattr(self, name):
                raise ValueError(f"`{name.rstrip('_')}` is missing: a handover of `{self.what}` says it")
        return self

    def signal(self) -> dict[str, Any]:
        """As it travels. A recorded one is the same again; an author's has what it leaves out as nothing owed."""
        if self.what != "merge":
            return {"what": self.what, **self.model_dump(mode="json", by_alias=True, exclude_unset=True)}
        whole = self.model_dump(mode="json", by_alias=True, exclude={"events", "status", "order"})
        order = {"order": self.order} if self.order is not None else {}
        return {**whole, "from_workflow": self.from_workflow or f"incident/{self.from_}", **order}
