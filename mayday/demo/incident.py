"""The demo's incident as its people see it: over the API, each with a token of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar
from uuid import uuid4

import httpx

from mayday.demo.stage import Stage

__all__ = ["DemoFailed", "Incident", "Reply"]

T = TypeVar("T")

_LOOK_EVERY_SECONDS = 0.25
_WAITS_SECONDS = 45.0


class DemoFailed(Exception):
    """Something that should have happened did not; the text says what."""


class Reply(NamedTuple):
    """What the API said to a decision."""

    status: int
    body: dict[str, Any]

    @property
    def refused(self) -> bool:
        return self.status == 409

    @property
    def pending(self) -> bool:
        return self.status == 202

    @property
    def reason(self) -> str:
        return str(self.body.get("detail", ""))


class Incident:
    """One incident. `people` are callers by person id; the owner only looks."""

    def __init__(self, stage: Stage, incident_id: str) -> None:
        self.id = incident_id
        self._stage = stage
        self._owner = stage.client(stage.owner_token)
        self._people: dict[str, httpx.AsyncClient] = {}

    async def close(self) -> None:
        for client in (self._owner, *self._people.values()):
            await client.aclose()

    async def says(self, person: str, what: str, body: dict[str, Any]) -> Reply:
        """A decision of a person, sent again with the same key while nobody answers."""
        client = await self._caller(person)
        key = uuid4().hex
        for _ in range(3):
            try:
                path = f"/api/v1/incidents/{self.id}/{what}"
                answer = await client.post(path, json=body, headers={"Idempotency-Key": key})
            except httpx.TransportError:
                await asyncio.sleep(1)
                continue
            return Reply(answer.status_code, answer.json())
        raise DemoFailed(f"the starter does not answer {person}")

    async def must(self, person: str, what: str, body: dict[str, Any]) -> Reply:
        """As `says`, for a decision that has to be taken."""
        reply = await self.says(person, what, body)
        if reply.status not in (200, 202):
            raise DemoFailed(f"{what} of {person} was answered {reply.status}: {reply.reason}")
        return reply

    async def board(self) -> dict[str, Any]:
        return await self.get(f"/api/v1/incidents/{self.id}")

    async def timeline(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await self.get(f"/api/v1/incidents/{self.id}/timeline"))["items"]
        return items

    async def pages(self) -> list[dict[str, Any]]:
        """Everything that the desk's pager rang."""
        found = await self.get(f"/api/v1/desk/pages?person=all&state=all&incident={self.id}")
        items: list[dict[str, Any]] = found["items"]
        return items

    async def orders(self) -> list[dict[str, Any]]:
        """Changes that were handed to their implementers."""
        items: list[dict[str, Any]] = (await self.get(f"/api/v1/desk/work-orders?incident={self.id}"))["items"]
        return items

    async def get(self, path: str) -> dict[str, Any]:
        answer = await self._owner.get(path)
        if answer.status_code != 200:
            raise DemoFailed(f"GET {path} was answered {answer.status_code}: {answer.text[:300]}")
        found: dict[str, Any] = answer.json()
        return found

    async def happened(self, kind: str, **data: Any) -> dict[str, Any]:
        """Waits for an entry of this kind whose data has these values."""

        async def look() -> dict[str, Any] | None:
            return next((entry for entry in await self.timeline() if _fits(entry, kind, data)), None)

        words = ", ".join(f"{name} {value}" for name, value in data.items())
        return await self.until(look, f"{kind.replace('_', ' ')} ({words})")

    async def waits_for(self, pending: str) -> dict[str, Any]:
        """Waits until the board shows something pending under this id."""

        async def look() -> dict[str, Any] | None:
            return next((item for item in (await self.board())["pending"] if item["id"] == pending), None)

        return await self.until(look, f"{pending} to open")

    async def until(self, look: Callable[[], Awaitable[T | None]], what: str) -> T:
        """The first answer of `look` that is not None; `DemoFailed` when there is none in time."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _WAITS_SECONDS
        while True:
            try:
                found = await look()
            except httpx.TransportError:
                found = None
            if found is not None:
                return found
            if loop.time() > deadline:
                raise DemoFailed(f"waited {_WAITS_SECONDS:.0f} s in vain for: {what}")
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def _caller(self, person: str) -> httpx.AsyncClient:
        if person not in self._people:
            answer = await self._owner.post("/api/v1/tokens", json={"person": person, "note": "mayday demo"})
            if answer.status_code != 201:
                raise DemoFailed(f"no token for {person}: {answer.text[:300]}")
            self._people[person] = self._stage.client(answer.json()["token"])
        return self._people[person]


def _fits(entry: dict[str, Any], kind: str, data: dict[str, Any]) -> bool:
    return entry["kind"] == kind and all(entry["data"].get(name) == value for name, value in data.items())
