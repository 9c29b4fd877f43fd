"""What the bench is doing, on stderr: stdout is the JSON alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextmanager
def stdout_for_the_result() -> Iterator[TextIO]:
    """The real stdout; what anybody else writes there meanwhile (Temporal's core, child processes) goes to stderr."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(os.dup(kept), "w") as out:
            yield out
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
