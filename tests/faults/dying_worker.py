"""A worker that kills itself once, with SIGKILL, at a chosen moment: `python -m tests.faults.dying_worker MOMENT FILE`.

FILE is written just before, so that the next worker lives on. The moments are the worst that there are.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from mayday.domain.effects import ActionReceipt, ActionRequest, SentVia
from mayday.domain.ports import Call, Post
from mayday.providers.embedded.chat import DeskChat
from mayday.providers.embedded.pager import DeskPager
from mayday.providers.embedded.tickets import DeskChanges
from mayday.settings import load_settings
from mayday.walker import gates
from worker.main import run

MOMENTS = (
    "after the page has left, before its receipt",
    "after the second approval, before the change",
    "after the change, before its receipt",
    "on the tick, before the update leaves",
    "on the tick, after the update has left",
)


def main(moment: str, file: Path) -> int:
    def die_at(reached: str) -> None:
        if reached == moment and not file.exists():
            file.write_text(reached)
            os.kill(os.getpid(), signal.SIGKILL)

    call, post, change, settle = DeskPager.call, DeskChat.post, DeskChanges.run, gates.settle

    async def dying_call(self: DeskPager, order: Call) -> SentVia:
        sent = await call(self, order)
        if order.page == "page_oncall":
            die_at(MOMENTS[0])
        return sent

    def dying_settle(w: Any, gate: Any, outcome: str, *more: Any) -> None:
        if outcome == "approved":
            die_at(MOMENTS[1])
        settle(w, gate, outcome, *more)

    async def dying_change(self: DeskChanges, request: ActionRequest) -> ActionReceipt:
        receipt = await change(self, request)
        die_at(MOMENTS[2])
        return receipt

    async def dying_post(self: DeskChat, order: Post) -> SentVia:
        if "tick" in order.text:
            die_at(MOMENTS[3])
        sent = await post(self, order)
        if "tick" in order.text:
            die_at(MOMENTS[4])
        return sent

    DeskPager.call, DeskChat.post = dying_call, dying_post  # type: ignore[method-assign]
    DeskChanges.run, gates.settle = dying_change, dying_settle  # type: ignore[method-assign,assignment]
    return run(load_settings())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
