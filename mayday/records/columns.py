"""Column types that behave the same in SQLite and PostgreSQL."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel
from pydantic_core import PydanticSerializationError
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC datetimes; a naive one is refused. SQLite keeps them as text that sorts by time."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("times in the records are aware UTC datetimes")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JsonText(TypeDecorator[Any]):
    r"""JSON as ASCII text: of plain data, or of a model.

    PostgreSQL's JSONB refuses `\u0000` and lone surrogates, which alerts do contain, and a timeline entry has to come
    back exactly as it was hashed: escaped ASCII in a text column does both.
    """

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class Written(str):
    """JSON that `json_text` has written already."""


def json_text(value: Any) -> Written:
    """Plain data or a model as JSON in ASCII."""
    if isinstance(value, Written):
        return value
    if isinstance(value, BaseModel):
        try:
            return Written(value.model_dump_json(ensure_ascii=True))
        except PydanticSerializationError:  # halves of characters, which only Python's own writer takes
            value = value.model_dump(mode="json")
    return Written(json.dumps(value, ensure_ascii=True, separators=(",", ":")))


class SafeText(TypeDecorator[str]):
    """Text from outside: characters that PostgreSQL or UTF-8 cannot hold become the replacement character."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


def storable(text: str) -> str:
    """`text` without what a database cannot hold: NUL and lone surrogates become the replacement character."""
    return _UNSTORABLE.sub("\ufffd", text)
