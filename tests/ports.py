"""Ports for processes that a test starts."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket

_TRIED = itertools.count()


def free_port() -> int:
    """One that nobody has, below those that the system hands out by itself: until the process listens on it, no
    connection of another test is given it."""
    for number in _TRIED:
        port = 20_000 + (os.getpid() * 131 + number) % 12_000
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("the count never ends")
