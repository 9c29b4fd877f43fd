"""A parameter that an address does not know is refused, not passed over.

`?sevrity=SEV1` answered all severities, and `POST /incidents?drill=true` would have opened a real incident. The answer
is 422, names what is not known and what is, and comes after the door: who may not ask hears nothing of it. Only the API
is so strict: what vendors call (`/webhooks`, `/chat`), pages and health take whatever is appended (docs/adr/0119).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from difflib import get_close_matches
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from starter.access import caller
from starter.problems import Problem

__all__ = ["AskedRoute"]

SHOWN = 60
"""Characters of a name that somebody sent."""
NAMED = 10


class AskedRoute(APIRoute):
    """A route of the API: it takes the parameters that it documents."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        known = list(dict.fromkeys(_known(self.dependant)))

        async def asked(request: Request) -> Response:
            unknown = [name for name in dict.fromkeys(request.query_params.keys()) if name not in known]
            if unknown:
                await caller(request)
                raise _refused(unknown, known)
            return await handle(request)

        return asked


def _known(dependant: Dependant) -> list[str]:
    """What the route itself asks for, and what it depends on."""
    own = [each.alias for each in dependant.query_params]
    return own + [name for each in dependant.dependencies for name in _known(each)]


def _refused(unknown: list[str], known: list[str]) -> Problem:
    takes = f"known are {', '.join(known)}" if known else "this address takes none"
    more = f" (and {len(unknown) - 1} more)" if len(unknown) > 1 else ""
    errors = [{"field": name[:SHOWN], "reason": "unknown parameter"} for name in unknown[:NAMED]]
    meant = get_close_matches(unknown[0][:SHOWN], known, n=1)
    hint = f"did you mean {meant[0]}?" if meant else None
    return Problem(422, "invalid", f"{unknown[0][:SHOWN]}: unknown parameter; {takes}{more}", errors=errors, hint=hint)
