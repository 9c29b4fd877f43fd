"""A rehearsal's workflow whose walker takes down its inputs. A module of its own: the sandbox imports it."""

from __future__ import annotations

from temporalio import workflow

from mayday.archive.tape import TalkingWalker
from mayday.domain.incident import StartInput
from workflows.incident import IncidentEnd
from workflows.rehearsal import RehearsedIncident


@workflow.defn(name="IncidentWorkflow")
class ListeningRehearsal(RehearsedIncident):
    walker_class = TalkingWalker

    @workflow.init
    def __init__(self, start: StartInput) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: StartInput) -> IncidentEnd:
        return await super().run(start)
