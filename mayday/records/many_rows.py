"""Many rows of a table in one statement, for what comes by the thousand.

SQLAlchemy builds a mapping for each row and asks each column's type for each value; in a storm that was a fifth of an
alert's processor time. Here a value that many rows have in common goes through its type once, and the driver gets one
flat list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["insert_new"]

#: values in one statement: SQLite takes 32,766, PostgreSQL 32,767
MOST_VALUES = 32_000


async def insert_new(
    connection: AsyncConnection, table: sa.Table, key: sa.Column[Any], columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
) -> dict[Any, int]:  # fmt: skip
    """Insert the rows whose `key` no row has yet; returns the id of each that is new, by its key.

    The rows hold the values of `columns` in that order. Give each key once.
    """
    fresh: dict[Any, int] = {}
    dialect = connection.dialect
    converters = [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in columns]
    most = MOST_VALUES // len(columns)
    for start in range(0, len(rows), most):
        part = rows[start : start + most]
        converted = [_converted(convert, [row[n] for row in part]) for n, convert in enumerate(converters)]
        given = tuple(value for row in zip(*converted, strict=True) for value in row)
        statement = _statement(table.name, tuple(columns), key.name, len(part), dialect.paramstyle)
        for found in await connection.exec_driver_sql(statement, given):
            new_key, row_id = tuple(found)
            fresh[new_key] = row_id
    return fresh


def _converted(convert: Callable[[Any], Any] | None, values: Iterable[Any]) -> Iterable[Any]:
    """Neighbours are often the same object: the body's time, the route's decision."""
    if convert is None:
        return values
    found: list[Any] = []
    last: Any = convert
    for value in values:
        found.append(found[-1] if value is last else convert(value))
        last = value
    return found


@lru_cache(maxsize=256)
def _statement(table: str, columns: tuple[str, ...], key: str, rows: int, style: str) -> str:
    """Names are ours, never a sender's."""
    width = len(columns)
    if style == "qmark":
        one = f"({', '.join('?' * width)})"
        values = ", ".join([one] * rows)
    else:
        values = ", ".join(
            f"({', '.join(f'${place}' for place in range(row * width + 1, row * width + width + 1))})"
            for row in range(rows)
        )
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES {values} ON CONFLICT ({key}) DO NOTHING RETURNING {key}, id"
    )
