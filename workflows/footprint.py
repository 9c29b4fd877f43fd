"""A command in every workflow task in which something was decided.

A workflow task that asks nothing of the server leaves nothing in the history but its own three events. When another
task follows directly, the SDK's core replays both as one, at the time of the later one (temporalio 1.35; it does so to
skip the heartbeats of local activities). What was decided in the first task is then decided again at another moment:
the entries get other times, and a deadline may have passed in between, which ends the replay. It takes a query or a
refused update at the right millisecond to cause it, and a worker that is started again to suffer from it (seen in the
fault tests). So a task in which nothing else is asked writes the number of entries into the memo.
"""

from __future__ import annotations

from temporalio import workflow

ENTRIES = "entries"


class Footprint:
    """Knows whether a workflow task was looked at before, and leaves the mark."""

    def __init__(self) -> None:
        self._length = 0

    def fresh(self) -> bool:
        """Whether this is the first look in the current workflow task."""
        length = workflow.info().get_current_history_length()
        first, self._length = length != self._length, length
        return first

    def leave(self, entries: int) -> None:
        workflow.upsert_memo({ENTRIES: entries})
