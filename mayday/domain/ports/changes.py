"""Carrying out changes and asking what is known: change runner and log, knowledge base, endpoints of the house."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Protocol

from mayday.domain.effects import ActionReceipt, ActionRequest
from mayday.domain.wire import Wire


class HttpCall(Wire):
    """A request to an endpoint of the house; the effect key goes along as `Idempotency-Key`."""

    effect_key: str
    method: str = "POST"
    url: str
    headers: dict[str, str] = {}
    body: Any = None
    timeout_s: int = 30


class HttpAnswer(Wire):
    status: int
    body: Any = None


class Change(Wire):
    number: str
    summary: str
    state: str
    at: datetime
    service: str | None = None


class Freeze(Wire):
    name: str
    from_at: datetime
    to_at: datetime


class ChangeHistory(Wire):
    changes: list[Change] = []
    freezes: list[Freeze] = []


class KnownItem(Wire):
    """Something seen before: a past incident, or a known error, which says what helps."""

    kind: Literal["incident", "known_error"]
    ref: str
    title: str
    url: str | None = None
    note: str | None = None
    workaround: str | None = None
    cause: str | None = None
    problem: str | None = None


class ChangeRunner(Protocol):
    """Carries out what is irreversible. Never retried by itself; an unknown result is `Ambiguous`."""

    name: str

    async def run(self, request: ActionRequest) -> ActionReceipt: ...


class ChangeLog(Protocol):
    name: str

    async def recent(self, service: str, since_at: datetime) -> ChangeHistory: ...


class KnowledgeBase(Protocol):
    name: str

    async def similar(self, service: str, text: str, incident_id: str) -> list[KnownItem]: ...


class HttpCaller(Protocol):
    name: str

    async def request(self, call: HttpCall) -> HttpAnswer: ...
