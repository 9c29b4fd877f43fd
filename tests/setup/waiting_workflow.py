"""A workflow that waits for a word, as an incident waits for people."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow


@workflow.defn
class WaitingWorkflow:
    def __init__(self) -> None:
        self._word: str | None = None

    @workflow.run
    async def run(self) -> str:
        await workflow.wait_condition(lambda: self._word is not None, timeout=timedelta(days=7))
        return self._word or ""

    @workflow.signal
    def say(self, word: str) -> None:
        self._word = word

    @workflow.query
    def heard(self) -> bool:
        return self._word is not None


@workflow.defn(name="WaitingWorkflow")
class ChangedWaitingWorkflow:
    """The same workflow in a version that forgot that incidents are open: it has a step before."""

    @workflow.run
    async def run(self) -> str:
        await workflow.execute_activity("step", start_to_close_timeout=timedelta(minutes=1))
        return "changed"


@workflow.defn
class SteppingWorkflow:
    """One activity, as long as it takes."""

    @workflow.run
    async def run(self) -> str:
        result: str = await workflow.execute_activity("step", start_to_close_timeout=timedelta(minutes=1))
        return result
