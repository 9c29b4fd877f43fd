"""A copy of the records while everything goes on, and back again."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from mayday.records.store import database_url


class NotHere(ValueError):
    """Only SQLite files are copied here; a PostgreSQL has its own tools (`pg_dump`, `pg_restore`)."""


async def backup(url: str | Path, target: Path) -> None:
    """Copy the database at `url` to `target`, whole and consistent, while other processes write to it.

    The target appears under its name only when it is complete. Raises NotHere, and OSError or sqlite3.Error when it
    cannot be written.
    """
    await asyncio.to_thread(_copy, _file(url), target)


async def restore(source: Path, url: str | Path) -> None:
    """Put a copy in the place of the database at `url`. No process may have it open.

    Raises NotHere, and ValueError when `source` is no database of mayday.
    """
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as connection:
        try:
            known = connection.execute("SELECT name FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
        except sqlite3.DatabaseError as error:
            raise ValueError(f"{source} is no SQLite database") from error
    if known is None:
        raise ValueError(f"{source} is no records database of mayday")
    place = _file(url)
    await asyncio.to_thread(_copy, source, place)


def _file(url: str | Path) -> Path:
    parsed = database_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise NotHere("only a SQLite file is copied here; use pg_dump and pg_restore for PostgreSQL")
    return Path(parsed.database)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f"{target.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as reading:
        with closing(sqlite3.connect(unfinished)) as writing:
            reading.backup(writing)
            writing.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it
    with unfinished.open("rb") as written:
        os.fsync(written.fileno())
    for leftover in ("-wal", "-shm"):  # of the database that was there
        Path(f"{target}{leftover}").unlink(missing_ok=True)
    unfinished.replace(target)
