"""A disk without room, without a disk: what SQLite says to every write meanwhile."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from mayday.records.store import Store

NEVER_ASKED = ("SELECT", "BEGIN", "PRAGMA")


@contextmanager
def full_disk(store: Store, code: int = sqlite3.SQLITE_FULL) -> Iterator[None]:
    """What SQLite says to every write."""

    def refuse(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.lstrip().upper().startswith(NEVER_ASKED):
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = code
            raise OperationalError(statement, {}, error)

    engine = store._writer.sync_engine
    sa.event.listen(engine, "before_cursor_execute", refuse)
    try:
        yield
    finally:
        sa.event.remove(engine, "before_cursor_execute", refuse)
