"""Ten weeks of a review, as its people live them, on a time-skipping server with real activities."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.dependencies import Dependencies
from activities.registry import build
from mayday.catalogs import FixedCatalog
from mayday.domain.commands import Answer
from mayday.domain.effects import FlushRequest
from mayday.domain.review import ReviewBoard, ReviewInput
from mayday.domain.timeline import Entry
from mayday.language.catalog import Catalog
from mayday.providers.embedded.ledger import RecordsIntake, RecordsLedger, RecordsMemory, RecordsReviews
from mayday.providers.embedded.pager import DeskJournal
from mayday.providers.holiday_calendar import open_hours
from mayday.providers.registry import desk_ports
from mayday.records import Records
from tests.review.one_night import night
from tests.review.story import FORM, given, utc
from tests.review.test_obligations import FINAL, RATIFICATION, RCA
from workflows.review import ReviewEnd, ReviewWorkflow

START = utc("2026-05-01T18:30")
"""A Friday evening before a bank holiday."""


class Run:
    """One review on the server; `at` moves its clock to a moment."""

    def __init__(self, environment: WorkflowEnvironment, start: ReviewInput, queue: str) -> None:
        self.environment = environment
        self.start = start
        self.queue = queue
        self.commands = 0
        self.handle: WorkflowHandle[Any, ReviewEnd]

    async def open(self) -> None:
        self.handle = await self.environment.client.start_workflow(
            ReviewWorkflow.run, self.start, id=f"review/{self.start.incident_id}", task_queue=self.queue
        )

    async def now(self) -> datetime:
        return await self.environment.get_current_time() + timedelta(seconds=self.start.clock_offset_s)

    async def at(self, moment: str) -> None:
        await self.environment.sleep(utc(moment) - await self.now())

    async def do(self, kind: str, by: str, **fields: Any) -> Answer:
        self.commands += 1
        command = {"id": f"c{self.commands}", "actor": by, "received_at": await self.now(), **fields}
        return await self.handle.execute_update(kind, command, result_type=Answer)

    async def refused(self, kind: str, by: str, **fields: Any) -> str | None:
        with pytest.raises(WorkflowUpdateFailedError) as caught:
            await self.do(kind, by, **fields)
        assert isinstance(caught.value.cause, ApplicationError)
        return caught.value.cause.type

    async def board(self) -> ReviewBoard:
        return await self.handle.query(ReviewWorkflow.review)


@asynccontextmanager
async def review_of(
    environment: WorkflowEnvironment, dependencies: Dependencies, records: Records, **changes: Any
) -> AsyncIterator[Run]:
    """The review of the night of `test_report`, whose entries the store already holds."""
    entries = night().entries
    await records.flushes.keep(FlushRequest(incident_id="INC-1", entries=entries, note_to_ticket=False))
    offset = START - await environment.get_current_time()
    start = given(
        opened_at=utc("2026-05-01T15:00"),
        resolved_at=START,
        head=entries[-1].hash,
        next_seq=entries[-1].seq + 1,
        clock_offset_s=round(offset.total_seconds()),
        people={},
        **changes,
    )
    queue = f"review-{uuid.uuid4()}"
    async with Worker(environment.client, task_queue=queue, workflows=[ReviewWorkflow], activities=build(dependencies)):
        run = Run(environment, start, queue)
        await run.open()
        yield run


async def walk_through(run: Run) -> ReviewEnd:
    """Ten weeks, as the people of this review live them."""
    await run.at("2026-05-02T09:00")
    await run.do("accept_ownership", "ana")
    assert await run.refused("close", "lee") == "not_yours"
    assert await run.refused("release", "ana", item=FINAL["id"]) == "excluded"
    await run.do("release", "li", item=FINAL["id"])
    await run.at("2026-05-05T09:00")
    await run.do("edit_report", "dee", section="summary", text="The gateway failed.", version=0)
    await run.do("answer_finding", "dana", finding=RATIFICATION["id"], yes=True, reason="the only way")
    await run.do("set_state", "ana", state="in_review")
    await run.do("add_action", "ana", title="Second gateway", owner="lee", priority="normal")
    await run.do("set_state", "ana", state="reviewed")
    assert await run.refused("close", "ana") == "invalid"
    await run.do("closing_form", "ana", **FORM)
    await run.do("close", "ana")
    await run.at("2026-05-20T09:00")
    await run.do("receive_rca", "raj", vendor="gateway_co", text="a bad route")
    await run.at("2026-07-15T09:00")
    await run.do("complete_action", "lee", action="A1", result="live")
    return await run.handle.result()


OWED: dict[str, Any] = {
    "finals": [FINAL],
    "findings": [{**RATIFICATION, "due_at": "2026-05-05T12:00:00Z"}],
    "vendor_rcas": [RCA],
}


async def stored(records: Records) -> list[Entry]:
    return await records.timeline.entries("INC-1")


def desk_of(records: Records, catalog: Catalog) -> Dependencies:
    """What the activities work with: everything on the embedded desk."""
    source = FixedCatalog(catalog)
    ports = desk_ports(records, source, "https://mayday.example")
    return Dependencies(
        ports=ports,
        drills=replace(ports),
        catalog=source,
        ledger=RecordsLedger(records),
        intake=RecordsIntake(records),
        reviews=RecordsReviews(records),
        memory=RecordsMemory(records),
        journal=DeskJournal(records.desk),
        open_hours=open_hours,
    )
