"""What a token may be limited to. A token without scopes may do all that its level allows.

read         look at everything
declare      declare incidents
events       tell a runbook that something happened
notes        write notes
act          everything that a responder does, with `declare`, `events` and `notes`
administer   tokens, ways in, signing keys
"""

from __future__ import annotations

from typing import Literal, get_args

__all__ = ["SCOPES", "Scope", "needed"]

Scope = Literal["read", "declare", "events", "notes", "act", "administer"]
SCOPES: tuple[str, ...] = get_args(Scope)

_BY_PATH: dict[str, Scope] = {
    "/api/v1/incidents": "declare",
    "/api/v1/incidents/{incident}/events": "events",
    "/api/v1/incidents/{incident}/notes": "notes",
}
ADMINISTERED = ("/api/v1/tokens", "/api/v1/access")


def needed(method: str, route: str) -> frozenset[str]:
    """Scopes of which one is enough for a request; empty where every token may."""
    if route == "/api/v1/me":
        return frozenset()
    if route.startswith(ADMINISTERED):
        return frozenset({"administer"})
    if method in ("GET", "HEAD"):
        return frozenset({"read"})
    return frozenset({"act", _BY_PATH.get(route, "act")})
