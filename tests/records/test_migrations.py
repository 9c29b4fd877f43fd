"""Every migration, up and down, with data in every table: what a step does not take away stays as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import mayday.records.migration
from mayday.records import Records
from mayday.records.schema import METADATA
from mayday.records.store import Store

AT = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)
FOLDER = Path(mayday.records.migration.__file__).parent / "migrations"
Rows = dict[str, list[dict[str, Any]]]
Answer = TypeVar("Answer")


def config(connection: sa.Connection | None = None) -> Config:
    made = Config()
    made.set_main_option("script_location", str(FOLDER))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def revisions() -> list[str]:
    """From the first to the newest."""
    script = ScriptDirectory.from_config(config())
    return [each.revision for each in reversed(list(script.walk_revisions()))]


def reflected(connection: sa.Connection) -> sa.MetaData:
    metadata = sa.MetaData()
    metadata.reflect(connection)
    return metadata


def filled(connection: sa.Connection, mark: str) -> None:
    """One row more in every table."""
    for table in reflected(connection).sorted_tables:
        if table.name != "alembic_version":
            row = {column.name: value(column, mark) for column in table.columns if not counts_itself(column)}
            connection.execute(sa.insert(table).values(row))


def counts_itself(column: sa.Column[Any]) -> bool:
    numbered = isinstance(column.type, sa.Integer) and column.primary_key and len(column.table.primary_key) == 1
    return numbered and column.name == "id"


def value(column: sa.Column[Any], mark: str) -> Any:
    kind = column.type
    if isinstance(kind, sa.Boolean):
        return True
    if isinstance(kind, sa.Integer):
        return int(mark)
    if isinstance(kind, sa.DateTime):
        return AT if kind.timezone else AT.replace(tzinfo=None)
    if isinstance(kind, sa.LargeBinary):
        return b"{}"
    if isinstance(kind, sa.JSON):
        return {}
    return f"text {mark}"


def kept(connection: sa.Connection) -> Rows:
    return {
        table.name: sorted((dict(row._mapping) for row in connection.execute(sa.select(table))), key=str)
        for table in reflected(connection).sorted_tables
        if table.name != "alembic_version"
    }


def differences(before: Rows, after: Rows) -> Iterator[str]:
    """Rows of tables that both have, as far as both have their columns."""
    for name in before.keys() & after.keys():
        common = set(_columns(before[name])) & set(_columns(after[name]))
        old, new = _only(before[name], common), _only(after[name], common)
        if old != new:
            yield f"{name}: {old} became {new}"


def _columns(rows: list[dict[str, Any]]) -> list[str]:
    return list(rows[0]) if rows else []


def _only(rows: list[dict[str, Any]], columns: set[str]) -> list[dict[str, Any]]:
    return sorted(({name: row[name] for name in sorted(columns)} for row in rows), key=str)


async def run(store: Store, work: Callable[[sa.Connection], Answer]) -> Answer:
    async with store.write() as connection:
        return await connection.run_sync(work)


async def moved(store: Store, to: str, *, up: bool) -> None:
    step = command.upgrade if up else command.downgrade
    await run(store, lambda connection: step(config(connection), to))


@pytest.mark.timeout(300)
async def test_every_step_up_and_down_keeps_what_it_does_not_take_away(empty_database_url: str) -> None:
    store = Store(empty_database_url)
    try:
        steps = revisions()
        for number, revision in enumerate(steps, start=1):
            before = await run(store, kept)
            await moved(store, revision, up=True)
            assert list(differences(before, await run(store, kept))) == [], f"up to {revision}"
            await run(store, lambda connection, mark=str(number): filled(connection, mark))
        for below, revision in reversed(list(zip(["base", *steps], steps, strict=False))):
            before = await run(store, kept)
            assert all(before.values()), f"a table of {revision} is empty: nothing is shown"
            await moved(store, below, up=False)
            left = await run(store, kept)
            assert list(differences(before, left)) == [], f"down from {revision}"
            await moved(store, revision, up=True)
            assert list(differences(left, await run(store, kept))) == [], f"up to {revision} again"
            await moved(store, below, up=False)
        assert await run(store, kept) == {}
    finally:
        await store.close()


async def test_a_database_that_went_down_and_up_again_is_the_newest_one(empty_database_url: str) -> None:
    async with await Records.open(empty_database_url) as records:
        await records.plans.put("d1", {"language": "runbook/v1"})
        await moved(records.store, revisions()[0], up=False)
    async with await Records.open(empty_database_url) as records:
        assert await records.plans.get("d1") == {"language": "runbook/v1"}

        def schema(connection: sa.Connection) -> list[object]:
            return list(compare_metadata(MigrationContext.configure(connection), METADATA))

        assert await run(records.store, schema) == []
