"""How the `mayday` process ends: not taken apart while threads of Temporal's core may still call back into it."""

from __future__ import annotations

import atexit
import os
import sys

__all__ = ["leave"]

_CORE = "temporalio.bridge.temporal_sdk_bridge"


def leave(ended: SystemExit) -> None:
    """Ends the process as `ended` says, with its output written.

    The core's threads may hand over an answer at any time, even one that was given up. In an interpreter that is being
    taken apart this is fatal ("PyGILState_Release"): a clean stop would look like a crash to whoever started us. So a
    process that has loaded the core ends without being taken apart.
    """
    if _CORE not in sys.modules or not (ended.code is None or isinstance(ended.code, int)):
        raise ended
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # nobody reads any more, or it is closed
            continue
    os._exit(ended.code or 0)
