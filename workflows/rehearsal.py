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

from mayday.domain.commands import Refusal
from mayday.domain.effects import EffectRequest, EffectResult
from mayday.domain.incident import StartInput
from mayday.domain.limits import failed, limits_of, unanswered
from mayday.domain.outage import OUTAGE_SIGNAL, OutageNotice
from workflows.door import COMMAND_SIGNAL
from workflows.effects import ABSORB, ABSORBED
from workflows.incident import ALERT_SIGNAL, IncidentEnd, IncidentWorkflow

LATER, AWAY_SIGNAL, TURNED_AWAY_SIGNAL = "rehearsal_later", "rehearsal_away", "rehearsal_turned_away"
#: a late answer comes this much before its moment: the timer of a deadline then is not firing while it is cancelled
BEFORE_DEADLINES = timedelta(milliseconds=100)


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
    async def go_away(self, seconds: float, told: bool = False) -> None:
        """Do not run for a while, as if no worker were there: what arrives waits, deadlines pass unseen. `told`: as it
        is back, its worker says so."""
        since = self._now()
        self._away = True
        await asyncio.sleep(seconds * self._start.clock_slowed)
        self._away = False
        missed, self._missed = self._missed, []
        for bring in missed:
            bring()
        if told:
            self._walker.outage_told(OutageNotice(from_at=since, to_at=self._now()), self._now())
        self._stirred = True

    @workflow.signal(name=TURNED_AWAY_SIGNAL)
    def turned_away(self, what: str, claimed: str, refusal: Refusal) -> None:
        """A decision that the seal does not believe: a rehearsal has no keys that could say so."""

        def bring() -> None:
            self._arrived(signalled=True)
            self._walker.turn_away(what, claimed, refusal, self._now())

        self._now_or_later(bring)

    @workflow.signal(name=OUTAGE_SIGNAL)
    def outage_ended(self, envelope: Any = None, *more: Any) -> None:
        self._now_or_later(lambda: super(RehearsedIncident, self).outage_ended(envelope))

    @workflow.signal(name=ABSORBED)
    def absorbed(self, handover: Any = None, *more: Any) -> None:
        self._now_or_later(lambda: super(RehearsedIncident, self).absorbed(handover))

    @workflow.signal(name=ALERT_SIGNAL)
    def alerts_fired(self, batch: Any = None, *more: Any) -> None:
        self._now_or_later(lambda: super(RehearsedIncident, self).alerts_fired(batch))

    @workflow.signal(name=COMMAND_SIGNAL)
    def command_sent(self, envelope: Any = None, *more: Any) -> None:
        self._now_or_later(lambda: super(RehearsedIncident, self).command_sent(envelope))

    def _now_or_later(self, bring: Callable[[], None]) -> None:
        if self._away:
            self._missed.append(bring)
        else:
            bring()

    def _has_news(self) -> bool:
        return not self._away and super()._has_news()

    def _done(self, request: EffectRequest, result: EffectResult) -> None:
        if request.kind == ABSORB:
            result = EffectResult()  # the incident that survives is not part of the rehearsal
        if result.failure is None or result.failure.code != LATER:
            super()._done(request, result)
            return
        later: dict[str, Any] = json.loads(result.failure.message)
        wait = timedelta(seconds=later["after_s"])
        answer = EffectResult.model_validate(later["result"])
        if later["hangs"]:
            wait, answer = limits_of(request.effect_class, request.timeout_s).total, unanswered(request)
        elif answer.failure is not None:
            answer = failed(answer.failure.code, answer.failure.message, request.effect_class)
        until = (self._now() + wait - BEFORE_DEADLINES - self._exact_now()) * self._start.clock_slowed
        self._errands.run(
            asyncio.sleep(max(until.total_seconds(), 0.001)),
            lambda _: super(RehearsedIncident, self)._done(request, answer),
        )


@workflow.defn(name="ReviewWorkflow", sandboxed=False)  # it does nothing, and there is one for each incident
class RehearsedReview:
    """Stands for the review, which a rehearsal does not go into; like the real one it outlives the incident's run."""

    @workflow.run
    async def run(self, given: dict[str, Any]) -> None:
        if not given.get("warm_up"):
            await workflow.wait_condition(lambda: False)
