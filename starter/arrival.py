"""What every command of a person carries, whatever it is about: who sent it, through which door, and when it came."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Request

from mayday.records.incidents import IncidentRecord
from starter.access import Principal
from starter.minting import command_id
from starter.once import idempotency_key
from starter.parts import Here, Parts

__all__ = ["Arrival", "Arrived"]

CHANNELS = frozenset({"api", "cli", "console", "chat", "phone"})


class Arrival(NamedTuple):
    """The incident that a command names, and the fields that all commands have."""

    parts: Parts
    record: IncidentRecord
    common: dict[str, Any]


async def _arrived(incident: str, request: Request, parts: Here) -> Arrival:
    at = parts.clock()  # before anything else: answers count by the moment they reach us
    principal: Principal = request.state.principal
    record = await parts.directory.find(incident)
    channel = request.headers.get("mayday-channel", "api")
    caller = f"{principal.token_id} {request.url.path}"
    common = {
        "id": command_id(caller, idempotency_key(request)),
        "actor": principal.actor,
        "channel": channel if channel in CHANNELS else "api",
        "received_at": at,
    }
    return Arrival(parts, record, common)


Arrived = Annotated[Arrival, Depends(_arrived)]
