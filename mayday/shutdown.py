"""Stopping a process: the first SIGTERM or Ctrl-C asks it to finish what it holds, the second ends it at once."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

log = structlog.get_logger(__name__)

ENDED_AT_ONCE = 130
"""Exit status after a second signal, as shells report Ctrl-C."""


@contextmanager
def stop_on_signals(stop: asyncio.Event) -> Iterator[None]:
    """Inside, SIGTERM and SIGINT set `stop` instead of ending the process. Only in the main thread's event loop."""
    loop = asyncio.get_running_loop()

    def asked(name: str) -> None:
        if stop.is_set():
            log.warning("ended_at_once", signal=name)
            os._exit(ENDED_AT_ONCE)
        log.info("stop_requested", signal=name)
        stop.set()

    signals = (signal.SIGTERM, signal.SIGINT)
    for one in signals:
        loop.add_signal_handler(one, asked, one.name)
    try:
        yield
    finally:
        for one in signals:
            loop.remove_signal_handler(one)
