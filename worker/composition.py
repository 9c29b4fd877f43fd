"""The worker's composition root: the only file of this process that knows concrete classes.

CompositionError   a part cannot be made; the text says which and why
"""

from __future__ import annotations

from temporalio.client import Client

from activities.registry import build
from mayday.records.errors import RecordsUnavailable
from mayday.records.records import Records
from mayday.settings import Settings
from worker.lifecycle import WorkerParts
from workflows.registry import WORKFLOWS


class CompositionError(Exception):
    """A part of the worker cannot be made."""


async def compose(settings: Settings, client: Client) -> WorkerParts:
    """Settings -> records store -> providers -> activities -> the parts of a worker.

    Raises:
        CompositionError: the records store cannot be reached or is none.
    """
    try:
        records = await Records.open(settings.database_url)
    except (RecordsUnavailable, ValueError) as error:
        raise CompositionError(f"the records store cannot be used: {error}") from error
    return WorkerParts(WORKFLOWS, build(settings=settings, client=client, records=records), close=records.close)
