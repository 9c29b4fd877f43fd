"""A records store per test, in SQLite and in PostgreSQL; and archives of stored histories."""

from __future__ import annotations

import asyncio

import pytest

from mayday.archive.dossier import Dossier
from tests.archive.recorded import archived
from tests.stores import clock, database_url, engine, newest_postgres, postgres_server, records

__all__ = ["clock", "database_url", "engine", "newest_postgres", "postgres_server", "records", "two_runs"]


@pytest.fixture(scope="module")
def two_runs() -> Dossier:
    """The archive of an incident that went on in a new run once."""
    return asyncio.run(archived("5_their_fault"))
