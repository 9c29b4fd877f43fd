"""Plans, read once for all the incidents that walk them.

A plan is the larger part of what an open incident weighs (docs/performance.md), and it never changes. So runs whose
start inputs hold the same text share one `Plan` and one copy of the data that goes on to the next run. Keys are
compared in their order: it is the order of the walk.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, NamedTuple

from mayday.language.plan import Plan

#: plans of open incidents in one worker; one that is not kept is read again
KEPT = 128


class Pinned(NamedTuple):
    """A plan and the data that it was read from. Nobody changes either."""

    data: dict[str, Any]
    plan: Plan


def pinned(data: dict[str, Any]) -> Pinned:
    """The plan of a start input. Raises pydantic's ValidationError."""
    return _read(json.dumps(data, separators=(",", ":"), ensure_ascii=False))


@lru_cache(maxsize=KEPT)
def _read(text: str) -> Pinned:
    data = json.loads(text)
    return Pinned(data, Plan.model_validate(data))
