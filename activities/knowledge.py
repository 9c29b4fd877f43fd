"""Seen before? `knowledge.similar`."""

from __future__ import annotations

from temporalio import activity

from activities.actions import optional_text, receipt, text_of
from activities.chain import first_that_works
from activities.dependencies import Dependencies
from activities.failures import reported
from mayday.domain.effects import ActionReceipt, ActionRequest


class KnowledgeActivities:
    def __init__(self, dependencies: Dependencies) -> None:
        self._given = dependencies

    @activity.defn(name="knowledge.similar")
    async def similar(self, request: ActionRequest) -> ActionReceipt:
        """Past incidents and known errors that look alike, the likest first."""
        with reported():
            service = text_of(request, "service")
            text = optional_text(request, "text") or request.incident.title
            bases = self._given.ports_for(request.incident).knowledge
            items = await first_that_works(
                bases, lambda base: base.similar(service, text, request.incident.id), port="knowledge"
            )
        return receipt({"items": [item.model_dump(mode="json", exclude_none=True) for item in items]})
