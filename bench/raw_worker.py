"""The activities of the floor, and its worker: `python -m bench.raw_worker ADDRESS` is a process of its own."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

from bench.raw_workflows import RAW_WORKFLOWS

QUEUE = "raw"
#: when the activity of `FirstActivity` began (`time.perf_counter`), by workflow id
BEGUN: dict[str, float] = {}


@activity.defn(name="begin")
async def begin(title: str) -> None:
    BEGUN[str(activity.info().workflow_id)] = time.perf_counter()


@activity.defn(name="note")
async def note(given: dict[str, Any]) -> dict[str, Any]:
    return given


@activity.defn(name="tick")
async def tick(due_at: float) -> float:
    """How late it is, seconds; the history keeps it."""
    return time.time() - due_at


async def raw_client(address: str) -> Client:
    return await Client.connect(address, data_converter=pydantic_data_converter)


def raw_worker(client: Client, queue: str = QUEUE) -> Worker:
    return Worker(client, task_queue=queue, workflows=RAW_WORKFLOWS, activities=[begin, note, tick])


async def _serve(address: str) -> None:
    async with raw_worker(await raw_client(address)):
        print("polling", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
