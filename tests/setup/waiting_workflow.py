"""A workflow that waits for a word, as an incident waits for people."""

from __future__ import annotations

from temporalio import workflow


@workflow.defn
class WaitingWorkflow:
    def __init__(self) -> None:
        self._word: str | None = None

    @workflow.run
    async def run(self) -> str:
        await workflow.wait_condition(lambda: self._word is not None)
        return self._word or ""

    @workflow.signal
    def say(self, word: str) -> None:
        self._word = word

    @workflow.query
    def heard(self) -> bool:
        return self._word is not None
