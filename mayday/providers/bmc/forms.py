"""BMC Helix ITSM (Remedy) through the AR System's REST API: entries of forms, found by a qualification.

What a qualification finds is checked again, and a value that could end its quotes never gets into one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mayday.domain.errors import Refused
from mayday.providers.client import Answer, VendorClient, segment

NAME = "bmc"

Values = dict[str, Any]


class Forms:
    """Raises ProviderErrors like the client below it."""

    def __init__(self, client: VendorClient) -> None:
        self.client = client

    async def create(self, form: str, values: Mapping[str, Any], wanted: str) -> Answer:
        """Create an entry; `wanted` are the fields that the answer is to hold, comma-separated."""
        params = {"fields": f"values({wanted})"}
        return await self.client.call("POST", _path(form), json={"values": dict(values)}, params=params)

    async def find(self, form: str, field: str, value: str, fields: str) -> Values | None:
        """The first entry whose `field` is `value`, with its fields; None where there is none."""
        return next(iter(await self.all(form, field, value, fields, 5)), None)

    async def all(self, form: str, field: str, value: str, fields: str, most: int) -> list[Values]:
        """Entries whose `field` is `value`."""
        if '"' in value or "\n" in value:
            raise Refused(f"{NAME}: a value with a quotation mark cannot be searched for", provider=NAME)
        params = {"q": f"'{field}'=\"{value}\"", "fields": f"values({fields},{field})", "limit": str(most)}
        answer = await self.client.call("GET", _path(form), params=params)
        entries = [Answer(200, {}, entry).at("values") for entry in answer.rows("entries")]
        return [each for each in entries if isinstance(each, dict) and str(each.get(field)) == value]

    async def change(self, form: str, entry: str, values: Mapping[str, Any]) -> None:
        """`entry` is the entry's `Request ID`, not its number."""
        await self.client.call("PUT", f"{_path(form)}/{segment(entry)}", json={"values": dict(values)})


def _path(form: str) -> str:
    return f"/api/arsys/v1/entry/{segment(form)}"
