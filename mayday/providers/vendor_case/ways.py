"""The four ways to open a case at a vendor. Each is given the words and our key, and returns the case's number."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

from mayday.domain.errors import Ambiguous
from mayday.domain.ports import CaseOrder, Mail, Mailer
from mayday.providers.client import Answer, VendorClient
from mayday.providers.servicenow.tables import Tables, correlation_id, description, plain, summary
from mayday.providers.vendor_case.rules import HttpCase, JiraCase, ServiceNowCase
from mayday.providers.vendor_words import cut, one_line, short_key

NAME = "vendor_case"
TITLE, TEXT = 255, 32_000
#: our priorities in a new instance of ServiceNow
_PRIORITY = {"P1": "1", "P2": "2", "P3": "3", "P4": "4", "P5": "5"}
_SLOT = re.compile(r"\{(summary|priority|contract|incident|key)\}")


class Way(Protocol):
    async def find(self, order: CaseOrder) -> str | None:
        """The number of the case that this order opened before, as far as the vendor lets us look."""
        ...

    async def open(self, order: CaseOrder) -> str: ...

    async def look(self) -> Mapping[str, str]:
        """The headers of a harmless answer, empty where there is nothing to ask. Raises ProviderErrors."""
        ...


class ByMail:
    """The number is our own reference, in the subject; a mail sent twice has the same Message-ID."""

    def __init__(self, mailer: Mailer, to: str) -> None:
        self._mailer = mailer
        self._to = to

    async def find(self, order: CaseOrder) -> str | None:
        return None

    async def look(self) -> Mapping[str, str]:
        return {}  # the mail server is looked at where mail is set up

    async def open(self, order: CaseOrder) -> str:
        number = reference(order)
        await self._mailer.send(Mail(
            effect_key=f"{order.effect_key}/mail", incident=order.incident, to=[self._to],
            subject=f"[{number}] {order.priority} {one_line(order.summary, 200)}", text=words(order),
        ))  # fmt: skip
        return number


class ByServiceNow:
    def __init__(self, client: VendorClient, rule: ServiceNowCase) -> None:
        self._tables = Tables(client)
        self._rule = rule

    async def find(self, order: CaseOrder) -> str | None:
        found = await self._tables.find(self._rule.table, "correlation_id", correlation_id(order.effect_key))
        return plain(found["number"]) if found else None

    async def look(self) -> Mapping[str, str]:
        await self._tables.rows(self._rule.table, "ORDERBYnumber", "sys_id", limit="1")
        return self._tables.client.heard

    async def open(self, order: CaseOrder) -> str:
        row, _ = await self._tables.create(self._rule.table, {
            "short_description": summary(order.summary), "description": description(words(order)),
            "priority": _PRIORITY.get(order.priority, "2"), "correlation_id": correlation_id(order.effect_key),
            "correlation_display": "mayday", **self._rule.fields,
        })  # fmt: skip
        return plain(row.get("number"))


class ByJira:
    def __init__(self, client: VendorClient, rule: JiraCase) -> None:
        self._client = client
        self._rule = rule

    async def find(self, order: CaseOrder) -> str | None:
        params = {"searchTerm": reference(order), "requestOwnership": "OWNED_REQUESTS", "limit": "20"}
        answer = await self._client.call("GET", "/rest/servicedeskapi/request", params=params)
        for request in answer.rows("values"):
            fields = Answer(200, {}, request).rows("requestFieldValues")
            if any(reference(order) in str(field.get("value")) for field in fields) and request.get("issueKey"):
                return str(request["issueKey"])
        return None

    async def look(self) -> Mapping[str, str]:
        params = {"searchTerm": "MD-DOCTOR", "requestOwnership": "OWNED_REQUESTS", "limit": "1"}
        return (await self._client.call("GET", "/rest/servicedeskapi/request", params=params)).headers

    async def open(self, order: CaseOrder) -> str:
        answer = await self._client.call("POST", "/rest/servicedeskapi/request", json={
            "serviceDeskId": self._rule.service_desk, "requestTypeId": self._rule.request_type,
            "requestFieldValues": {
                "summary": one_line(f"{order.priority} {order.summary}", TITLE),
                "description": cut(f"{words(order)}\n{reference(order)}", TEXT),
            },
        })  # fmt: skip
        return _number(answer.text_at("issueKey"))


class ByHttp:
    def __init__(self, client: VendorClient, rule: HttpCase) -> None:
        self._client = client
        self._rule = rule

    async def find(self, order: CaseOrder) -> str | None:
        return None  # the vendor is told the key and has to know it again

    async def look(self) -> Mapping[str, str]:
        """Only whether its host answers: nobody knows what else could be asked of it."""
        return (await self._client.call("GET", "/", accept=(400, 401, 403, 404, 405))).headers

    async def open(self, order: CaseOrder) -> str:
        slots = {
            "summary": cut(order.summary, TEXT), "priority": order.priority, "contract": order.contract or "",
            "incident": order.incident.id, "key": short_key(order.effect_key, 255),
        }  # fmt: skip
        headers = {**self._rule.headers, "Idempotency-Key": short_key(order.effect_key, 255)}
        path = urlsplit(self._rule.url).path or "/"
        answer = await self._client.call("POST", path, json=filled(self._rule.body, slots), headers=headers)
        return _number(answer.text_at(*self._rule.case.split(".")))


def words(order: CaseOrder) -> str:
    """What a vendor is told: what is wrong, how bad, by which contract."""
    contract = f"Contract {order.contract}" if order.contract else ""
    parts = (f"{order.priority}: {order.summary}", contract, f"Our incident {order.incident.id}")
    return "\n".join(part for part in parts if part)


def reference(order: CaseOrder) -> str:
    """Our own reference of a case, short enough to be read out."""
    return f"MD-{hashlib.sha256(order.effect_key.encode()).hexdigest()[:10].upper()}"


def filled(body: Any, slots: Mapping[str, str]) -> Any:
    """`body` with its slots filled. What is filled in is data: no slot inside it is filled again."""
    if isinstance(body, str):
        return _SLOT.sub(lambda found: slots[found[1]], body)
    if isinstance(body, Mapping):
        return {key: filled(value, slots) for key, value in body.items()}
    return [filled(value, slots) for value in body] if isinstance(body, list) else body


def _number(number: str | None) -> str:
    if number is None:
        raise Ambiguous(f"{NAME}: the vendor answered without a case number", provider=NAME)
    return number
