"""A command in every workflow task in which something was written down.

A workflow task that asks nothing of the server leaves nothing in the history but its own three events. When another
task follows directly, the SDK's core replays both as one, at the time of the later one (temporalio 1.35; it does so to
skip the heartbeats of local activities). What was decided in the first task is then decided again at another moment,
and the entries get other times. A refused update is such a task: servers forget it as a rule, but not always (the
time-skipping one never does). So where a signal, a timer or an answer wrote entries and nothing else was asked for,
their number is written into the memo.

An update needs no mark, its acceptance is an event. And it must not depend on the length of the history: a task that
only refused an update is not in the history, and those that were merged have the length of the last one, so a replay
would count otherwise (seen with 16 people writing at once).
"""

from __future__ import annotations

from temporalio import workflow

ENTRIES = "entries"


def leave_footprint(entries: int) -> None:
    workflow.upsert_memo({ENTRIES: entries})
