"""A records store per test, in SQLite and in PostgreSQL."""

from __future__ import annotations

from tests.stores import clock, database_url, empty_database_url, engine, newest_postgres, postgres_server, records

__all__ = ["clock", "database_url", "empty_database_url", "engine", "newest_postgres", "postgres_server", "records"]
