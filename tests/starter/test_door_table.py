"""Every action at the door, by every kind of caller: what the level, the scopes and the missing person refuse.

Whether it counts is the workflow's to say: tests/walker/test_authority_table.py has that table for the incident,
tests/review/test_review_authority_table.py for its review.
"""

from __future__ import annotations

import re
from typing import Any

from starter.minting import review_workflow_id
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
    (f"{INCIDENT}/declines", {"role": "scribe", "reason": "ill"}, "person"),
    (f"{INCIDENT}/completions", {"task": "t"}, "act"),
    (f"{INCIDENT}/updates", {"audience": "technical", "text": "x"}, "act"),
    (f"{INCIDENT}/updates/1/correct", {"text": "x"}, "act"),
    (f"{INCIDENT}/previews", {"audience": "technical", "text": "x"}, "act"),
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
REVIEW = "/api/v1/reviews/{incident}"
REVIEW_ACTIONS: list[tuple[str, dict[str, Any], str]] = [
    (f"{REVIEW}/accepts", {}, "person"),
    (f"{REVIEW}/owner", {"person": "kim"}, "act"),
    (f"{REVIEW}/report", {"section": "summary", "text": "x"}, "act"),
    (f"{REVIEW}/state", {"state": "in_review"}, "act"),
    (f"{REVIEW}/closing-form", {"category": "network"}, "act"),
    (f"{REVIEW}/meeting", {"starts_at": "2026-03-09T10:00:00Z"}, "act"),
    (f"{REVIEW}/actions", {"title": "Drill", "owner": "lee"}, "act"),
    (f"{REVIEW}/actions/A1/complete", {}, "act"),
    (f"{REVIEW}/actions/A1/drop", {"reason": "r"}, "act"),
    (f"{REVIEW}/actions/A1/reassign", {"to": "kim"}, "act"),
    (f"{REVIEW}/actions/A1/extend", {"due_at": "2026-06-30T12:00:00Z", "reason": "r"}, "act"),
    (f"{REVIEW}/releases", {"item": "x"}, "person"),
    (f"{REVIEW}/rewrites", {"item": "x", "text": "x"}, "person"),
    (f"{REVIEW}/findings", {"finding": "f", "yes": True}, "person"),
    (f"{REVIEW}/settlements", {"finding": "f", "text": "x"}, "person"),
    (f"{REVIEW}/vendor-rcas", {"vendor": "gateway_co", "text": "x"}, "act"),
    (f"{REVIEW}/problem", {"number": "PRB-1"}, "act"),
    (f"{REVIEW}/notes", {"text": "x"}, "act"),
]
#: what changes nothing in an incident, or has a table of its own
ELSEWHERE = {"/archive", "/revoke", "/end", "/retire", "/ack", "/decline", "/drill", "/oncall/overrides"}
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


def test_the_table_has_every_action(house: House) -> None:
    transport: Any = house.http._transport
    known = {re.sub(r"(?<=/)(\d+|A1)(?=/)|{\w+}", "*", path) for path, _, _ in [*ACTIONS, *REVIEW_ACTIONS]}
    for path, methods in transport.app.openapi()["paths"].items():
        if "post" in methods and path.startswith("/api/") and not path.endswith(tuple(ELSEWHERE)):
            assert re.sub(r"{\w+}", "*", path) in known, path


async def test_who_gets_through(house: House) -> None:
    people = {"viewer": "lee", "responder": "raj", "approver": "sam", "administrator": "ana", "owner": None}
    for level, person in people.items():
        house.tokens[level], _ = await house.parts.records.tokens.create(person, level=level)
    for name, scopes in (("machine", ["read", "act"]), ("reader", ["read"])):
        made = await house.post("/api/v1/tokens", {"machine": name, "scopes": scopes}, "owner")
        house.tokens[name] = made.json()["token"]
    house.tokens["nobody"] = "mayday_nobody"
    incident, other = await house.declared("payments"), await house.declared("mainframe")
    house.gateway.runs[review_workflow_id(incident)] = house.run(incident)
    wrong = []
    for path, template, takes in [*ACTIONS, *REVIEW_ACTIONS]:
        body = {
            name: value.format(other=other) if isinstance(value, str) else value for name, value in template.items()
        }
        for caller in CALLERS:
            before = len(house.run(incident).commands)
            answer = await house.post(path.format(incident=incident), body, caller)
            refusal = expected(caller, takes)
            if refusal is None and answer.status_code not in (200, 201):
                wrong.append(f"{caller} {path}: {answer.text}")
            elif refusal is not None and (
                answer.json().get("code") != refusal or len(house.run(incident).commands) != before
            ):
                wrong.append(f"{caller} {path}: {answer.text}, not {refusal}")
    assert wrong == []
