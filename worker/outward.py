"""Whether an incident holds its outward messages: its run is asked, at the moment in which one would leave."""

from __future__ import annotations

import asyncio

import structlog
from temporalio import activity
from temporalio.client import RPCError, WorkflowQueryFailedError, WorkflowQueryRejectedError

from mayday.domain.incident import Board

__all__ = ["outward_held"]

log = structlog.get_logger(__name__)

ANSWERS_WITHIN_S = 3.0
"""A query waits for the run's worker; a send has twenty seconds."""


async def outward_held() -> bool:
    """For the activity that runs. No answer counts as no: the run asked for the message when nothing was held."""
    workflow_id = activity.info().workflow_id
    try:
        handle = activity.client().get_workflow_handle(workflow_id or "")
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            board: Board = await handle.query("board", result_type=Board)
    except (TimeoutError, RPCError, WorkflowQueryFailedError, WorkflowQueryRejectedError) as error:
        log.warning("hold_not_asked", workflow=workflow_id, reason=type(error).__name__)
        return False
    return board.hold_outward
