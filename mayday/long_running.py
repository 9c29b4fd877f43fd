"""What a process does once everything that it needs is loaded, and months of work lie before it."""

from __future__ import annotations

import gc

__all__ = ["settle_in"]

#: new objects before Python looks for garbage among them. A storm makes thousands a second that are gone by
#: themselves: with Python's own 700 a sixth of its processor time went into looking at them (docs/performance.md)
NEW_OBJECTS = 50_000


def settle_in() -> None:
    """Call once, before the first request: what is loaded by now stays and is never looked through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 10, 10)
