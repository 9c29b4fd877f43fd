"""A page of a list that is held whole: short lists, which the store gives in one piece."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Query

from starter.problems import Problem

__all__ = ["Cursor", "Limit", "page"]

Item = TypeVar("Item")
Limit = Annotated[int, Query(ge=1, le=500, description="so many at most")]
Cursor = Annotated[str | None, Query(max_length=200, description="`next` of the page before")]


def page(
    items: Sequence[Item], limit: int, cursor: str | None, key: Callable[[Item], str], show: Callable[[Item], Any]
) -> dict[str, Any]:
    """`{items, next}` from behind the item whose key is the cursor; a 422 `Problem` where there is none."""
    begin = 0
    if cursor is not None:
        keys = [key(item) for item in items]
        if cursor not in keys:
            reason = "names no item of this list"
            raise Problem(422, "invalid", f"cursor: {reason}", errors=[{"field": "cursor", "reason": reason}])
        begin = keys.index(cursor) + 1
    shown = items[begin : begin + limit]
    more = begin + limit < len(items)
    return {"items": [show(item) for item in shown], "next": key(shown[-1]) if more and shown else None}
