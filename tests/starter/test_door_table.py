"""Every action at the door, by every kind of caller: what the level, the scopes and the missing person refuse.

Whether it counts is the workflow's to say: tests/walker/test_authority_table.py has that table.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.starter.conftest import House

INCIDENT = "/api/v1/incidents/{incident}"
SHIFT = {"schedule": "payments_primary", "person": "raj", "from_at": "2026-03-02T00:00:00Z",
         "to_at": "2026-03-03T00:00:00Z"}  # fmt: skip
#: path, body, who may: `act` (from responder up), `person` (from responder up, and only people), `administer`
ACTIONS: list[tuple[str, dict[str, Any], str]] = [
    ("/api/v1/incidents", {"title": "x", "service": "search", "severity": "SEV1"}, "act"),
    (f"{INCIDENT}/votes", {"decision": "d", "choice": "approve"}, "person"),
    (f"{INCIDENT}/acks", {"page": "p"}, "person"),
    (f"{INCIDENT}/accepts", {"role": "scribe"}, "person"),
    (f"{INCIDENT}/completions", {"task": "t"}, "act"),
    (f"{INCIDENT}/updates", {"audience": "technical", "text": "x"}, "act"),
    (f"{INCIDENT}/updates/1/correct", {"text": "x"}, "act"),
    (f"{INCIDENT}/notes", {"text": "x"}, "act"),
    (f"{INCIDENT}/severity", {"severity": "SEV2", "reason": "r"}, "act"),
    (f"{INCIDENT}/status", {"status": "identified", "reason": "r"}, "act"),
    (f"{INCIDENT}/roles", {"role": "scribe", "person": "kim"}, "act"),
    (f"{INCIDENT}/events", {"name": "deployed"}, "act"),
    (f"{INCIDENT}/steps", {"id": "more", "log": "x"}, "act"),
    (f"{INCIDENT}/candidate", {"accept": True}, "act"),
    (f"{INCIDENT}/merge", {"into": "{other}", "reason": "r"}, "act"),
    (f"{INCIDENT}/delegations", {"to": "max"}, "person"),
    (f"{INCIDENT}/impact", {"customers_affected": 1}, "act"),
    (f"{INCIDENT}/vendor-replies", {"step": "s", "kind": "reply", "text": "x"}, "act"),
    (f"{INCIDENT}/hold-outward", {"on": True, "reason": "r"}, "act"),
    (f"{INCIDENT}/overrides", {"step": "s", "action": "skip", "reason": "r"}, "act"),
    (f"{INCIDENT}/reopen", {"reason": "r"}, "act"),
    ("/api/v1/tokens", {"person": "kim", "level": "viewer"}, "administer"),
    ("/api/v1/access/links", {"person": "kim"}, "administer"),
    ("/api/v1/access/codes", {"person": "kim", "count": 1}, "administer"),
    ("/api/v1/access/signing-keys", {}, "administer"),
]
CALLERS = ("nobody", "viewer", "responder", "approver", "administrator", "owner", "machine", "reader")


def expected(caller: str, takes: str) -> str | None:
    """The code of the door's refusal, or None."""
    if caller == "nobody":
        return "unauthenticated"
    if caller == "reader" or (caller == "machine" and takes == "administer"):
        return "out_of_scope"
    if takes == "administer":
        return None if caller in ("administrator", "owner") else "forbidden"
    if caller == "viewer":
        return "forbidden"
    if takes == "person" and caller in ("owner", "machine"):
        return "needs_a_person"
    return None


@pytest.mark.parametrize(("path", "body", "takes"), ACTIONS, ids=[path.rpartition("/")[2] for path, _, _ in ACTIONS])
async def test_who_gets_through(house: House, path: str, body: dict[str, Any], takes: str) -> None:
    people = {"viewer": "lee", "responder": "raj", "approver": "sam", "administrator": "ana", "owner": None}
    for level, person in people.items():
        house.tokens[level], _ = await house.parts.records.tokens.create(person, level=level)
    for name, scopes in (("machine", ["read", "act"]), ("reader", ["read"])):
        made = await house.post("/api/v1/tokens", {"machine": name, "scopes": scopes}, "owner")
        house.tokens[name] = made.json()["token"]
    house.tokens["nobody"] = "mayday_nobody"
    incident, other = await house.declared("payments"), await house.declared("mainframe")
    body = {name: value.format(other=other) if isinstance(value, str) else value for name, value in body.items()}
    for caller in CALLERS:
        before = len(house.run(incident).commands)
        answer = await house.post(path.format(incident=incident), body, caller)
        refusal = expected(caller, takes)
        if refusal is None:
            assert answer.status_code in (200, 201), f"{caller}: {answer.text}"
        else:
            assert answer.json()["code"] == refusal, f"{caller}: {answer.text}"
            assert len(house.run(incident).commands) == before
