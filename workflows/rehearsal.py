"""The incident workflow as rehearsals on the time-skipping server run it: the same, but for mocks that take time.

A running activity stops that server's clock. So the activity of a mock with `after` or `hang` answers at once with the
failure `LATER`, and the wait is a workflow timer here. Without such a mock, the history is the production workflow's
own and replays with it.
"""

import asyncio
import json
from datetime import timedelta
from typing import Any

from temporalio import workflow

from mayday.domain.effects import EffectRequest, EffectResult
from mayday.domain.incident import StartInput
from mayday.domain.limits import limits_of, unanswered
from workflows.incident import IncidentEnd, IncidentWorkflow

LATER = "rehearsal_later"


@workflow.defn(name="IncidentWorkflow")
class RehearsedIncident(IncidentWorkflow):
    @workflow.init
    def __init__(self, start: StartInput) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: StartInput) -> IncidentEnd:
        return await super().run(start)

    async def carry_out(self, request: EffectRequest) -> EffectResult:
        result = await super().carry_out(request)
        if result.failure is None or result.failure.code != LATER:
            return result
        later: dict[str, Any] = json.loads(result.failure.message)
        if later.get("hangs"):
            await asyncio.sleep(limits_of(request.effect_class, request.timeout_s).total.total_seconds())
            return unanswered(request)
        await asyncio.sleep(timedelta(seconds=later["after_s"]).total_seconds())
        return EffectResult.model_validate(later["result"])


@workflow.defn(name="ReviewWorkflow")
class RehearsedReview:
    """Stands for the review, which a rehearsal of the incident does not go into."""

    @workflow.run
    async def run(self, given: dict[str, Any]) -> None:
        return None
