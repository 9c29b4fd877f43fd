"""A worker process whose only workflow breaks: Temporal's core warns of it. Started by test_core_logs.py."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from mayday.logs import configure_logs
from mayday.temporal.core_logs import forward_core_logs


@workflow.defn
class BrokenWorkflow:
    @workflow.run
    async def run(self) -> None:
        raise RuntimeError("a mistake in the code, with token=abc123456")


async def main(address: str) -> None:
    client = await Client.connect(address)
    runner = UnsandboxedWorkflowRunner()
    async with Worker(client, task_queue="broken", workflows=[BrokenWorkflow], workflow_runner=runner):
        await client.start_workflow(
            BrokenWorkflow.run, id="broken", task_queue="broken", run_timeout=timedelta(minutes=1)
        )
        await asyncio.Event().wait()  # the test ends this process


if __name__ == "__main__":
    configure_logs(form="json", process="worker")
    forward_core_logs()
    asyncio.run(main(sys.argv[1]))
