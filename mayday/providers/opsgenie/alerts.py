"""Alerts of Opsgenie and of its successor, JSM Operations: the same life, two ways to write it.

The alias is the effect key of the call, cut to 512 characters: a second create with it only counts up the open alert.
Both take an order (202) and carry it out a moment later; the request's own address tells whether they could.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from mayday.catalogs import CatalogSource
from mayday.domain.errors import ProviderError, Refused
from mayday.domain.ports import Call, Rendering
from mayday.providers.client import Answer, VendorClient
from mayday.providers.page_words import facts_of, how_to_answer, title_of
from mayday.providers.vendor_pager import AnsweredCall, InDoubt
from mayday.providers.vendor_words import cut, one_line, short_key
from mayday.records.pager_calls import PagerCall

__all__ = ["AlertLine", "Dialect"]

LONGEST_MESSAGE, LONGEST_ALIAS, LONGEST_DESCRIPTION = 130, 512, 15_000
#: alerts looked at in one round of asking
MOST_ASKED = 20


class Dialect(Protocol):
    """How one of the two writes it."""

    name: str
    details: str
    """The field of free facts."""

    def responders(self, address: str, person_email: str | None, mapped: bool) -> list[dict[str, str]]: ...
    async def create(self, client: VendorClient, body: dict[str, Any]) -> Answer: ...
    async def outcome(self, client: VendorClient, request: str) -> dict[str, Any] | None:
        """What became of the order; None: nothing yet."""
        ...

    async def alert(self, client: VendorClient, alias: str) -> dict[str, Any] | None: ...
    async def close(self, client: VendorClient, alias: str, note: str) -> None: ...


class AlertLine:
    """A line of either."""

    in_doubt: InDoubt = "again"

    def __init__(
        self, dialect: Dialect, client: VendorClient, channels: frozenset[str], base_url: str, catalog: CatalogSource
    ) -> None:
        self.name = dialect.name
        self.channels = channels
        self._dialect = dialect
        self._client = client
        self._base_url = base_url
        self._catalog = catalog

    def rendered(self, call: Call) -> Rendering:
        body = self._alert(call)
        return Rendering(
            provider=self.name, form="alert", to=[call.person], subject=str(body["message"]),
            text=str(body["description"]), facts={"priority": str(body["priority"])}, body=body,
            small=[f"{name}: {fact}" for name, fact in facts_of(self._base_url, call).items()],
            shortened=str(body["description"]).endswith("…"),
        )  # fmt: skip

    async def ring(self, call: Call) -> str:
        answer = await self._dialect.create(self._client, self._alert(call))
        await self._refused_later(answer.text_at("requestId"))
        return short_key(call.effect_key, LONGEST_ALIAS)

    def _alert(self, call: Call) -> dict[str, Any]:
        alias = short_key(call.effect_key, LONGEST_ALIAS)
        person = self._catalog.current().people.get(call.person)
        text = f"{call.text}\n\n{how_to_answer(self._base_url, call)}"
        body: dict[str, Any] = {
            "message": title_of(call, LONGEST_MESSAGE), "alias": alias, "description": cut(text, LONGEST_DESCRIPTION),
            "priority": "P1" if call.urgent else "P5", "source": "mayday", "tags": ["mayday"],
            "entity": one_line(call.incident.service, LONGEST_ALIAS),
            self._dialect.details: facts_of(self._base_url, call),
        }  # fmt: skip
        responders = self._dialect.responders(
            call.address, person.email if person else None, call.address != call.person
        )
        if responders:
            body["responders"] = responders
        return body

    async def look(self, call: Call, since: datetime) -> list[str]:
        raise AssertionError(f"{self.name} knows our calls by their alias")

    async def stop(self, call: PagerCall, reason: str) -> None:
        await self._dialect.close(self._client, short_key(call.effect_key, LONGEST_ALIAS), one_line(reason, 500))

    async def answered(self, calls: Sequence[PagerCall]) -> list[AnsweredCall]:
        found = []
        for call in calls[-MOST_ASKED:]:
            alert = await self._dialect.alert(self._client, short_key(call.effect_key, LONGEST_ALIAS))
            if alert and (alert.get("acknowledged") or alert.get("status") == "closed"):
                report = alert.get("report") or {}
                by = report.get("acknowledgedBy") or report.get("closedBy") or alert.get("owner")
                found.append(AnsweredCall(call, str(by) if by else None))
        return found

    async def _refused_later(self, request: str | None) -> None:
        """Taken is not done: a responder that it does not know is told only here. Raises Refused."""
        if request is None:
            return
        try:
            outcome = await self._dialect.outcome(self._client, request)
        except ProviderError:
            return  # it took the order; that it does not tell more is no reason to page by another way
        if outcome is not None and outcome.get("isSuccess") is False:
            said = one_line(str(outcome.get("status") or "it was not carried out"), 200)
            raise Refused(f"{self.name} did not carry it out: {said}", provider=self.name)
