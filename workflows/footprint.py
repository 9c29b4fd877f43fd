"""A command in every workflow task in which something came that is not an update.

A workflow task that asks nothing of the server leaves nothing in the history but its own three events. When another
task follows directly, the SDK's core may walk both as one, at the time of the later one (temporalio 1.35; it does so to
skip the heartbeats of local activities). Two ways lead there: a refused update, whose task servers forget as a rule but
not always; and a worker that begins anew while an update waits: it walks both as one, and every replay after the update
was accepted walks them apart. Then the entries get other times, and an answer comes after what it came before. So where
a signal, a timer or an answer leads to nothing else that is asked, the number of entries is written into the memo.

An update needs no mark, its acceptance is an event. And the mark must not depend on the length of the history: a task
that only refused an update is not in the history, and those that were merged have the length of the last one, so a
replay would count otherwise (seen with 16 people writing at once).
"""

from __future__ import annotations

from temporalio import workflow

ENTRIES = "entries"


def leave_footprint(entries: int) -> None:
    workflow.upsert_memo({ENTRIES: entries})
