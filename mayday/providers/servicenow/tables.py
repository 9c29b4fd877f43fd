"""ServiceNow's Table API as the adapters need it: find by a value and check it, write and read back, never trust.

Two habits of the platform shape this module (../shared/providers/README.md is where they were found): an unknown field
in `sysparm_query` is silently left out of the filter, so every row that is found is checked again here; and fields that
may not be written are ignored with a 2xx, so every write is compared with what came back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from mayday.domain.errors import Ambiguous, Refused
from mayday.providers.client import VendorClient, segment
from mayday.providers.vendor_words import cut, one_line, short_key

NAME = "servicenow"
#: lengths of the platform's own fields (sys_dictionary of a new instance)
SHORT_DESCRIPTION, DESCRIPTION, JOURNAL, CORRELATION_ID = 160, 4_000, 16_000, 100
#: at most so many rows are looked at where one is expected
_FEW = "5"
_SYS_ID = re.compile(r"[0-9a-f]{32}")
#: `[code]` in a journal field is shown as HTML
_CODE = re.compile(r"\[(/?code)\]", re.IGNORECASE)
#: references as ids alone
_PLAIN = {"sysparm_exclude_reference_link": "true"}
#: never read back: a journal shows its entries elsewhere
_NOT_READ_BACK = frozenset({"work_notes", "comments"})

Row = dict[str, Any]
NamesOf = Callable[[str], list[str]]
"""What a service of the catalog may be called among the configuration items: its id and its name."""


class Written(NamedTuple):
    """A record as it stands after a write, and the names of fields that the platform did not take."""

    row: Row
    ignored: list[str]


class Tables:
    """Records of one instance. Raises ProviderErrors like the client below it."""

    def __init__(self, client: VendorClient) -> None:
        self.client = client

    async def find(self, table: str, field: str, value: str, fields: str = "sys_id,number") -> Row | None:
        """The record whose `field` is `value`, or None. An answer whose rows show another value counts as None."""
        rows = await self.rows(table, f"{field}={named(value)}", f"{fields},{field}", limit=_FEW)
        return next((row for row in rows if plain(row.get(field)) == value), None)

    async def rows(self, table: str, query: str, fields: str, *, limit: str = "200") -> list[Row]:
        """Rows of an encoded query: to be checked by the caller."""
        params = {"sysparm_query": query, "sysparm_fields": fields, "sysparm_limit": limit, **_PLAIN}
        answer = await self.client.call("GET", _path(table), params=params)
        return answer.rows("result")

    async def journal(self, table: str, sys_id: str) -> str:
        """All work notes of a record as one text, as its form shows them."""
        params = {"sysparm_fields": "work_notes", "sysparm_display_value": "true"}
        answer = await self.client.call("GET", _path(table, sys_id), params=params)
        return answer.text_at("result", "work_notes") or ""

    async def create(self, table: str, fields: Mapping[str, Any]) -> Written:
        params = {"sysparm_fields": _asked(fields), **_PLAIN}
        answer = await self.client.call("POST", _path(table), json=dict(fields), params=params)
        return _written(answer.at("result"), fields)

    async def update(self, table: str, sys_id: str, fields: Mapping[str, Any]) -> Written:
        params = {"sysparm_fields": _asked(fields), **_PLAIN}
        answer = await self.client.call("PATCH", _path(table, sys_id), json=dict(fields), params=params)
        return _written(answer.at("result"), fields)

    def url_of(self, table: str, sys_id: str) -> str:
        """The address of a record's form."""
        return f"{self.client.base_url}/nav_to.do?uri={table}.do%3Fsys_id%3D{sys_id}"


def named(value: str) -> str:
    """A value that may stand in an encoded query. Raises Refused for one that would end it."""
    if "^" in value or "\n" in value:
        raise Refused(f"{NAME}: a value with ^ cannot be searched for", provider=NAME)
    return value


def plain(value: Any) -> str:
    """A field's value, whatever form it came in: a text, a reference, or the Change API's pair."""
    if isinstance(value, Mapping):
        value = value.get("value")
    return "" if value is None else str(value)


def is_sys_id(value: str) -> bool:
    return _SYS_ID.fullmatch(value) is not None


def correlation_id(effect_key: str) -> str:
    """The effect key as it fits into `correlation_id`, without the operator of encoded queries."""
    return short_key(effect_key.replace("^", "_"), CORRELATION_ID)


def summary(text: str) -> str:
    return one_line(text, SHORT_DESCRIPTION)


def description(text: str) -> str:
    return cut(text, DESCRIPTION)


def journal_text(text: str, most: int = JOURNAL) -> str:
    """A text for a journal field: cut, and with nothing that is shown as HTML."""
    return cut(_CODE.sub(r"[ \1 ]", text), most)


def _path(table: str, sys_id: str | None = None) -> str:
    return f"/api/now/table/{segment(table)}" + (f"/{segment(sys_id)}" if sys_id else "")


def _asked(fields: Mapping[str, Any]) -> str:
    return ",".join(dict.fromkeys(["sys_id", "number", *fields]))


def _written(row: Any, fields: Mapping[str, Any]) -> Written:
    """Raises Ambiguous for an answer without the record: it was taken, and nobody knows as what."""
    if not isinstance(row, dict) or not plain(row.get("sys_id")):
        raise Ambiguous(f"{NAME} answered without the record", provider=NAME)
    ignored = [
        name for name, sent in fields.items()
        if name not in _NOT_READ_BACK and plain(row.get(name)).strip() != plain(sent).strip()
    ]  # fmt: skip
    return Written(row, ignored)
