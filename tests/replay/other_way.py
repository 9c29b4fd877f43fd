"""An incident workflow that does what no recorded run did: a replay has to notice. Loaded by the sandbox, so it stands
alone."""

from temporalio import workflow

from mayday.domain.incident import StartInput
from workflows.incident import IncidentEnd, IncidentWorkflow


@workflow.defn(name="IncidentWorkflow")
class OtherWay(IncidentWorkflow):
    """Waits a moment before it begins, as no recorded run did."""

    @workflow.init
    def __init__(self, start: StartInput) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: StartInput) -> IncidentEnd:
        await workflow.sleep(1)
        return await super().run(start)
