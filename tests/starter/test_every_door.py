"""Every address that the code has, by every kind of caller, at every level and with every scope.

The list is the application's own: an address without a row here fails. Whether what is let through also counts is in
`test_door_table` (with bodies), and in tests/walker/test_authority_table.py for the incident's own rules.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from starter.app import create_app
from starter.console.deeds import DEEDS
from starter.console.review_deeds import REVIEW_DEEDS
from starter.reference.description import every_route
from starter.scopes import SCOPES
from tests.starter.conftest import House

#: proven otherwise (signature, token, code), or open to everybody; each has tests of its own
OTHERWISE = ("/webhooks/", "/chat/", "/login", "/logout", "/healthz", "/readyz", "/metrics", "/docs", "/assets/",
             "/favicon.ico")  # fmt: skip
#: a catalog's person of each level; the owner is none
LEVELS = {"viewer": "lee", "responder": "raj", "approver": "sam", "administrator": "ana", "owner": None}
LOOK, ACT, PERSON, ADMINISTER, ME = "look", "act", "person", "administer", "me"

INCIDENT, REVIEW, ACCESS = "/api/v1/incidents/{incident}", "/api/v1/reviews/{incident}", "/api/v1/access"
#: what changes something, and who may: `act` from responder up, `person` the same and only people
WRITES: dict[str, str] = {
    "POST /api/v1/incidents": ACT,
    **{f"POST {INCIDENT}/{name}": ACT for name in (
        "completions", "updates", "updates/{n}/correct", "notes", "severity", "status", "roles", "events", "steps",
        "candidate", "merge", "impact", "vendor-replies", "hold-outward", "overrides", "reopen",
        "previews",
    )},
    **{f"POST {INCIDENT}/{name}": PERSON for name in (
        "votes", "acks", "accepts", "declines", "delegations", "drill",
    )},
    **{f"POST {REVIEW}/{name}": ACT for name in (
        "owner", "report", "state", "closing-form", "meeting", "actions", "actions/{action}/complete",
        "actions/{action}/drop", "actions/{action}/reassign", "actions/{action}/extend", "vendor-rcas", "problem",
        "notes", "archive",
    )},
    f"PUT {REVIEW}/report": ACT,
    **{f"POST {REVIEW}/{name}": PERSON for name in ("accepts", "releases", "rewrites", "findings", "settlements")},
    "POST /api/v1/desk/pages/{number}/ack": PERSON, "POST /api/v1/desk/pages/{number}/decline": PERSON,
    "POST /api/v1/oncall/overrides": ACT,
    "DELETE /api/v1/oncall/overrides/{override_id}": ACT,
    **{f"POST {path}": ADMINISTER for path in (
        "/api/v1/tokens", "/api/v1/tokens/{token_id}/revoke", f"{ACCESS}/links", f"{ACCESS}/codes",
        f"{ACCESS}/codes/{{code_id}}/revoke", f"{ACCESS}/sessions/{{session_id}}/end", f"{ACCESS}/signing-keys",
        f"{ACCESS}/signing-keys/{{key_id}}/retire",
    )},
    # forms of the console
    "POST /declare": ACT, "POST /drills/new": ACT,
    "POST /incidents/{incident}/steps": ACT, "POST /incidents/{incident}/words": ACT,
    "POST /on-call/overrides": ACT, "POST /on-call/overrides/{override_id}/remove": ACT,
    **{f"POST /incidents/{{incident}}/do/{name}": ACT for name in (
        "completions", "candidate", "notes", "status", "severity", "roles", "impact", "hold-outward", "overrides",
        "vendor-replies", "updates", "merge", "reopen", "corrections",
    )},
    **{f"POST /incidents/{{incident}}/do/{name}": PERSON for name in (
        "acks", "accepts", "declines", "votes", "drill", "delegations",
    )},
    **{f"POST /reviews/{{incident}}/do/{name}": ACT for name in (
        "owner", "meeting", "state", "report", "closing-form", "problem", "actions", "action-done", "action-dropped",
        "action-reassigned", "action-extended", "vendor-rcas", "notes",
    )},
    **{f"POST /reviews/{{incident}}/do/{name}": PERSON for name in (
        "accepts", "releases", "rewrites", "findings", "settlements",
    )},
}  # fmt: skip
#: what is only looked at, by whom: everybody who is let in, unless it stands here
READS = {
    "GET /api/v1/me": ME, "GET /api/v1/tokens": ADMINISTER,
    **{f"GET {ACCESS}/{name}": ADMINISTER for name in ("audit", "codes", "sessions", "signing-keys")},
    "GET /declare": ACT, "GET /drills/new": ACT, "GET /incidents/{incident}/steps": ACT,
    "GET /incidents/{incident}/words": ACT,
}  # fmt: skip
#: which scope besides `act` is enough
SCOPED = {"POST /api/v1/incidents": "declare", f"POST {INCIDENT}/events": "events", f"POST {INCIDENT}/notes": "notes"}


def addresses(house: House) -> list[str]:
    """Every method and path of the application; buttons by their names."""
    found = []
    for route in every_route(create_app(house.parts)):
        if route.path.startswith(OTHERWISE):
            continue
        names = {"/incidents/{incident}/do/{name}": DEEDS, "/reviews/{incident}/do/{name}": REVIEW_DEEDS}
        for method in sorted(route.methods):
            paths = [route.path.replace("{name}", name) for name in names.get(route.path, ())] or [route.path]
            found += [f"{method} {path}" for path in paths]
    return sorted(found)


def takes(address: str) -> str:
    return WRITES.get(address) or READS.get(address) or LOOK


def refusal(address: str, caller: str) -> str | None:
    """The code of the door's refusal, or None."""
    what = takes(address)
    if caller == "nobody":
        return "unauthenticated"
    kind, _, scope = caller.partition(":")
    if scope and what != ME:
        wanted = {"administer"} if address.split()[1].startswith(("/api/v1/tokens", ACCESS)) else (
            {"read"} if address.startswith("GET ") else {"act", SCOPED.get(address, "act")}
        )  # fmt: skip
        if scope not in wanted:
            return "out_of_scope"
    level = {"machine": "responder", "limited": "administrator"}.get(kind, kind)
    if what == ADMINISTER:
        return None if level in ("administrator", "owner") else "forbidden"
    if what in (ACT, PERSON) and level == "viewer":
        return "forbidden"
    if what == PERSON and kind in ("owner", "machine"):
        return "needs_a_person"
    return None


def test_every_address_has_a_row(house: House) -> None:
    known = addresses(house)
    changing = {address for address in known if not address.startswith("GET ")}
    assert changing == set(WRITES)
    assert set(READS) <= set(known)
    assert len(known) > 150, "the addresses are not found"


@pytest.fixture
async def callers(house: House) -> list[str]:
    """Somebody of each level; a program with each scope; an administrator's token that is limited to each."""
    tokens = house.parts.records.tokens
    house.tokens["nobody"] = "mayday_nobody"
    for level, person in LEVELS.items():
        house.tokens[level], _ = await tokens.create(person, level=level)
    for scope in SCOPES:
        if scope != "administer":  # no program administers
            house.tokens[f"machine:{scope}"], _ = await tokens.create(f"machine:{scope}", scopes=[scope])
        house.tokens[f"limited:{scope}"], _ = await tokens.create("ana", level="administrator", scopes=[scope])
    return [str(name) for name in house.tokens if name is not None]


async def test_who_gets_through_every_door(house: House, callers: list[str]) -> None:
    incident = await house.declared("payments")
    wrong: list[str] = []
    for address in addresses(house):
        method, path = address.split(" ")
        if path.endswith("/stream"):
            continue  # it never ends: below
        where = re.sub(r"{[^}]+}", "1", path.replace("{incident}", incident))
        for caller in callers:
            house.clock.forward(seconds=1.5 if caller == "nobody" else 0)  # else nobody waits: they knock too often
            answer = await ask(house, method, where, caller)
            code = answer.json().get("code") if answer.headers["content-type"].startswith("application/prob") else None
            found = code if answer.status_code in (401, 403) else None
            broken = answer.status_code >= 500 and not address.endswith("/archive")  # there is no Temporal to read from
            if found != refusal(address, caller) or broken:
                wrong.append(f"{caller} {address}: {answer.status_code} {found}, not {refusal(address, caller)}")
    assert not wrong, "\n".join(wrong)


async def ask(house: House, method: str, where: str, caller: str) -> Any:
    headers = {"Authorization": f"Bearer {house.tokens[caller]}", "Accept": "application/json"}
    if method == "GET":
        return await house.http.get(where, headers=headers)
    if where.startswith("/api/"):
        body = (
            {"person": "kim"} if where.endswith("/links") else {}
        )  # without one it is the owner's, by the owner alone
        return await house.http.request(method, where, json=body, headers=headers)
    return await house.http.request(method, where, data={"x": "y"}, headers=headers)


@pytest.mark.parametrize("path", ["/stream", "/incidents/{}/stream", "/api/v1/incidents/{}/stream"])
async def test_who_may_follow(house: House, callers: list[str], path: str) -> None:
    where = path.format(await house.declared("payments"))
    for caller in callers:
        answer = await house.http.head(where, headers={"Authorization": f"Bearer {house.tokens[caller]}"})
        allowed = refusal(f"GET {path}", caller) is None
        assert (answer.status_code == 200) == allowed, f"{caller}: {answer.status_code}"


async def test_what_somebody_saw_is_in_no_cache(house: House, callers: list[str]) -> None:
    """A page, its refusal, and where it sends who is not logged in; the API's answers are asked about again."""
    incident = await house.declared("payments")
    kept = []
    for address in addresses(house):
        method, path = address.split(" ")
        if method != "GET" or path.endswith("/stream"):
            continue
        where = re.sub(r"{[^}]+}", "1", path.replace("{incident}", incident))
        for caller in ("nobody", "administrator"):
            house.clock.forward(seconds=1.5)
            headers = {"Authorization": f"Bearer {house.tokens[caller]}", "Accept": "text/html"}
            answer = await house.http.get(where, headers=headers)
            said = answer.headers.get("cache-control", "")
            if "no-store" not in said and not (path.startswith("/api/") and said == "private, no-cache"):
                kept.append(f"{caller} {address}: {answer.status_code} {said!r}")
    assert not kept, "\n".join(kept)
