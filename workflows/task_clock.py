"""Notices a workflow task that is none, before anything is decided in it.

A query that finds no worker with the run in its cache comes with the whole history, and that may end in events for
which a workflow task is only about to begin. The SDK's core (temporalio 1.35) plays those events to the workflow at
once, with the time of the task *before* them, and sends what was decided then in the name of the task that follows. A
replay decides it at that task's own time: the entries get other times, and what was not due may be due. Consoles ask
all the time, so it takes no more than a worker or a server that starts again.

Such a task shows in that the history has grown while its clock stands still. It is refused: the run leaves the cache,
the query is asked again, and the task that follows is walked from the history as any replay does it.
"""

from __future__ import annotations

from datetime import datetime

from temporalio import workflow

#: in microseconds: the time-skipping server counts in whole ones, and two real tasks of it may share one
MILLISECOND = 1000


class PhantomTaskError(Exception):
    """Fails the workflow task, not the workflow."""


class TaskClock:
    """Knows by length and time which workflow task is under way."""

    def __init__(self) -> None:
        self._length = 0
        self._at: datetime | None = None
        self._phantom = False

    def look(self) -> None:
        """To be called whenever something is brought; never by a query, which sees tasks that are none."""
        length, at = workflow.info().get_current_history_length(), workflow.now()
        stands_still = at == self._at and at.microsecond % MILLISECOND != 0
        self._phantom |= stands_still and length > self._length and not workflow.unsafe.is_replaying()
        self._length, self._at = length, at

    def refuse_phantoms(self) -> None:
        """Raises PhantomTaskError when what was brought is not yet a workflow task's."""
        self.look()
        if self._phantom:
            raise PhantomTaskError("events without a workflow task: they are walked again once there is one")
