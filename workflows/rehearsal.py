"""The incident workflow as rehearsals on the time-skipping server run it: the same, but for mocks that take time.

A running activity stops that server's clock. So the activity of a mock with `after` or `hang` answers at once with the
failure `LATER`, and the wait is a workflow timer here. Without such a mock, the history is the production workflow's
own and replays with it.
"""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from temporalio import workflow

from mayday.domain.effects import EffectRequest, EffectResult
from mayday.domain.incident import AlertBatch, StartInput
from mayday.domain.limits import limits_of, unanswered
from workflows.incident import ALERT_SIGNAL, COMMAND_SIGNAL, IncidentEnd, IncidentWorkflow

LATER, AWAY_SIGNAL = "rehearsal_later", "rehearsal_away"


@workflow.defn(name="IncidentWorkflow")
class RehearsedIncident(IncidentWorkflow):
    @workflow.init
    def __init__(self, start: StartInput) -> None:
        super().__init__(start)
        self._away = False
        self._missed: list[Callable[[], None]] = []

    @workflow.run
    async def run(self, start: StartInput) -> IncidentEnd:
        return await super().run(start)

    @workflow.signal(name=AWAY_SIGNAL)
    async def go_away(self, seconds: float) -> None:
        """Do not run for a while, as if no worker were there: what arrives waits, deadlines pass unseen."""
        self._away = True
        await asyncio.sleep(seconds)
        self._away = False
        missed, self._missed = self._missed, []
        for bring in missed:
            bring()
        self._stirred = True

    @workflow.signal(name=ALERT_SIGNAL)
    def alerts_fired(self, batch: AlertBatch) -> None:
        self._now_or_later(lambda: super(RehearsedIncident, self).alerts_fired(batch))

    @workflow.signal(name=COMMAND_SIGNAL)
    def command_sent(self, envelope: dict[str, Any]) -> None:
        self._now_or_later(lambda: super(RehearsedIncident, self).command_sent(envelope))

    def _now_or_later(self, bring: Callable[[], None]) -> None:
        if self._away:
            self._missed.append(bring)
        else:
            bring()

    def _has_news(self) -> bool:
        return not self._away and super()._has_news()

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
    """Stands for the review, which a rehearsal does not go into; like the real one it outlives the incident's run."""

    @workflow.run
    async def run(self, given: dict[str, Any]) -> None:
        if not given.get("warm_up"):
            await workflow.wait_condition(lambda: False)
