"""A workflow with the doors of an incident's and nothing behind them, for tests of the gateway on a real server."""

from __future__ import annotations

from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from mayday.domain.commands import Answer, CommandEnvelope
from mayday.domain.incident import AlertBatch, StartInput


@workflow.defn(name="IncidentWorkflow")
class BriefWorkflow:
    """Ends when it is told `over`, with the status that the note says."""

    @workflow.init
    def __init__(self, start: StartInput) -> None:
        self._start = start
        self._alerts = [event.dedupe_key for event in start.events]
        self._over = ""

    @workflow.run
    async def run(self, start: StartInput) -> dict[str, Any]:
        await workflow.wait_condition(lambda: self._over != "")
        await workflow.wait_condition(workflow.all_handlers_finished)
        return {"id": start.id, "status": self._over, "seq": 3, "head": "h", "state": {"status": self._over}}

    @workflow.signal
    def alerts_fired(self, batch: AlertBatch) -> None:
        self._alerts += [event.dedupe_key for event in batch.events]

    @workflow.signal
    def command_sent(self, envelope: CommandEnvelope) -> None:
        self._over = getattr(envelope.command, "text", "") or self._over

    @workflow.update
    async def note(self, envelope: CommandEnvelope) -> Answer:
        self._over = getattr(envelope.command, "text", "")
        return Answer(entry=1)

    @workflow.update
    async def vote(self, envelope: CommandEnvelope) -> Answer:
        return Answer(entry=2)

    @vote.validator
    def _vote_may(self, envelope: CommandEnvelope) -> None:
        raise ApplicationError("only chris votes", type="not_a_voter", non_retryable=True)

    @workflow.query
    def timeline(self, since: int) -> list[dict[str, Any]]:
        return []
