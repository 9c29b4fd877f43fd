"""A command in every workflow task in which something was decided.

A workflow task that asks nothing of the server leaves nothing in the history but its own three events. When another
task follows directly, the SDK's core replays both as one, at the time of the later one (temporalio 1.35; it does so to
skip the heartbeats of local activities). What was decided in the first task is then decided again at another moment:
the entries get other times, and a deadline may have passed in between, which ends the replay. It takes a query or a
refused update at the right millisecond to cause it, and a worker that is started again to suffer from it (seen in the
fault tests). So where a signal, a timer or an answer of the server leads to nothing else that is asked, the number of
entries is written into the memo.

An update needs no mark, its acceptance is an event. Nor does the answer of a local activity, which is a marker with its
own time. And it must not depend on the length of the history: a task that only refused an update is not in the history,
and those that were merged have the length of the last one, so a replay would count otherwise (seen with 16 people
writing at once).
"""

from __future__ import annotations

from temporalio import workflow

ENTRIES = "entries"


def leave_footprint(entries: int) -> None:
    workflow.upsert_memo({ENTRIES: entries})
