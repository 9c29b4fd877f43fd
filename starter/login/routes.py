"""`/login`, `/login/link/CODE` and `/logout`: how a person gets a session, and how it ends.

    one-time link    `mayday up` prints the owner's; `mayday access link --person NAME` makes one for somebody
    sealed code      made ahead with `mayday access codes`, for the night in which nothing else works
    token            a bearer token of one's own; the session ends with it

A link is opened with GET and used with POST: programs that look at links in messages use nothing up. What fails is
counted by address, and each try is in the audit log. Logins are counted by account besides: an account that logs in
again and again waits, from wherever; and what was somebody's and is used up, expired or revoked is counted apart, so
that who holds an old one shuts nobody out.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import quote

import structlog
from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from mayday.records.errors import RecordsUnavailable
from mayday.records.sessions import LoginMethod
from mayday.records.tokens import PREFIX, Token
from starter.access import OWNER
from starter.login.page import STYLE, page
from starter.parts import Here, Parts
from starter.problems import Problem
from starter.sessions import LoggedIn, csrf_token, from_this_site, local_path, require_csrf

__all__ = ["enter", "failed", "login_page", "person_account", "router", "slowed", "slowed_account"]

log = structlog.get_logger(__name__)
Kind = Literal["token", "link", "sealed"]
router = APIRouter(tags=["login"], include_in_schema=False)

WRONG = (
    "That is no code or token of this mayday. Look for a mistyped letter; of a code, small letters, spaces and dashes "
    "do not matter."
)
NO_LINK = "That is no link of this mayday. Get a new one where you got this one."
NEXT = {"link": "Get a new one where you got this one.", "sealed": "Take the next one of your list.",
        "token": "mayday token create makes a new one."}  # fmt: skip
CALLED = {"link": "This link", "sealed": "This code", "token": "This token"}
LINK = "/login/link/"


@router.get("/login")
async def login(parts: Here, next: Annotated[str, Query(max_length=2000)] = "/") -> HTMLResponse:  # noqa: A002 - usual
    """The ways in."""
    return login_page(parts, next)


@router.post("/login")
async def log_in(
    request: Request,
    parts: Here,
    code: Annotated[str, Form(max_length=200)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",  # noqa: A002 - the usual word
) -> Response:
    """With a sealed code, a token, or a link that was put there whole."""
    _from_here(request)
    if (wait := slowed(request, parts, next)) is not None:
        return wait
    kind, secret = _kind_of(code.strip())
    return await _with(request, parts, kind, secret, next)


@router.get("/login/link/{code}")
async def link(code: str, parts: Here) -> HTMLResponse:
    """Shows what will happen; the code is used by the button. Of one that is over it is said before anybody presses."""
    found = await _look_up(parts, "link", code)
    if found.over:
        return login_page(parts, "/", 401, found.over)
    return page("link", action=f"{LINK}{code}")


@router.post("/login/link/{code}")
async def use_link(request: Request, code: str, parts: Here) -> Response:
    """Lets its owner in, once."""
    _from_here(request)
    if (wait := slowed(request, parts)) is not None:
        return wait
    return await _with(request, parts, "link", code, "/")


@router.get("/logout")
async def leaving(request: Request, principal: LoggedIn) -> HTMLResponse:
    """Asks, because a link must not log anybody out."""
    who = principal.actor if principal is not None and principal.session_id is not None else None
    return page("logout", who=who, csrf=await csrf_token(request))


@router.post("/logout")
async def log_out(request: Request, parts: Here) -> Response:
    """Ends the session everywhere."""
    session = await parts.sessions.session(request)
    if session is not None:
        await require_csrf(request)
        await parts.sessions.end(session)
        await _audit(parts, session.person or OWNER, "logout", "ok", {"session": session.id})
    response = RedirectResponse("/login", 303)
    parts.sessions.clear(response)
    return response


@router.get("/login/style.css")
async def style() -> Response:
    return Response(STYLE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


async def enter(
    request: Request,
    parts: Parts,
    person: str | None,
    method: LoginMethod,
    wanted: str,
    *,
    token: Token | None = None,
    detail: dict[str, Any] | None = None,
) -> Response:
    """A fresh session for somebody whose right to it is established, and on to the page they wanted."""
    parts.login_accounts.count(person_account(person))
    response = RedirectResponse(local_path(wanted), 303, headers={"Cache-Control": "no-store"})
    session = await parts.sessions.begin(
        request, response, person, method,
        token_id=token.id if token else None, until=token.expires_at if token else None,
    )  # fmt: skip
    facts = {"method": method, "session": session.id, "address": address_of(request), **(detail or {})}
    await _audit(parts, person or OWNER, "login", "ok", facts)
    log.info("logged_in", actor=person or OWNER, method=method)
    return response


def address_of(request: Request) -> str:
    """Where the request comes from, as far as the server knows."""
    return request.client.host if request.client is not None else "unknown"


def login_page(
    parts: Parts, wanted: str, status: int = 200, refused: str = "", headers: dict[str, str] | None = None
) -> HTMLResponse:
    """The ways in, and why the last one was none."""
    path = local_path(wanted)
    provider = parts.identity.name if parts.identity is not None else None
    return page("login", status, headers, next=path, refused=refused, provider=provider, query=quote(path, safe=""))


def slowed(request: Request, parts: Parts, wanted: str = "/") -> HTMLResponse | None:
    """What an address hears from which too many logins failed."""
    wait = parts.login_tries.wait(address_of(request))
    if not wait:
        return None
    refused = f"Too many tries from your address. Try again in {_minutes(wait)}."
    return login_page(parts, wanted, 429, refused, {"Retry-After": str(wait)})


def slowed_account(parts: Parts, account: str | None, wanted: str = "/") -> HTMLResponse | None:
    """What an account hears that logged in, or was tried with what is no longer good, too often. `person_account` and
    `_look_up` name them."""
    wait = parts.login_accounts.wait(account) if account is not None else 0
    if not wait:
        return None
    refused = f"Too many logins of this account. Try again in {_minutes(wait)}."
    return login_page(parts, wanted, 429, refused, {"Retry-After": str(wait)})


def person_account(person: str | None) -> str:
    """The account of a person; of the owner for None."""
    return f"of {person or OWNER}"


class Found(NamedTuple):
    """What is known of a secret: whose account it is for, and why it lets nobody in any more."""

    account: str | None = None
    over: str = ""
    token: Token | None = None


def _kind_of(secret: str) -> tuple[Kind, str]:
    if LINK in secret:
        return "link", secret.partition(LINK)[2].strip("/")
    return ("token" if secret.startswith(PREFIX) else "sealed"), secret


async def _look_up(parts: Parts, kind: Kind, secret: str) -> Found:
    """An account that a spent secret was for counts apart. None where nobody ever had it; whoever holds a secret may
    hear what became of it."""
    token = code = None
    if kind == "token":
        token = await parts.records.tokens.known(secret)
    else:
        code = await parts.records.login_codes.known(kind, secret)
    known, used = token or code, code.used_at if code is not None else None
    if known is None:
        return Found()
    why = ""
    if known.revoked_at is not None:
        why = f"was withdrawn on {_moment(known.revoked_at)}"
    elif used is not None:
        why = f"was used on {_moment(used)}, and works once"
    elif known.expires_at is not None and known.expires_at <= parts.clock():
        why = f"was good until {_moment(known.expires_at)}"
    elif not _may_enter(parts, known.person):
        return Found(f"spent {known.person}", f"{CALLED[kind]} is of somebody who is not in the catalog any more.")
    if why:
        return Found(f"spent {known.person or OWNER}", f"{CALLED[kind]} {why}. {NEXT[kind]}")
    return Found(person_account(known.person), token=token)


async def _with(request: Request, parts: Parts, kind: Kind, secret: str, wanted: str) -> Response:
    """Lets in with what is good now, and says what is wrong with all else."""
    found = await _look_up(parts, kind, secret)
    if (wait := slowed_account(parts, found.account, wanted)) is not None:
        return wait
    method: LoginMethod = "code" if kind == "sealed" else kind
    if found.token is not None and not found.over:
        return await enter(request, parts, found.token.person, method, wanted, token=found.token)
    if kind != "token" and found.account is not None and not found.over:
        code = await parts.records.login_codes.take(kind, secret)
        if code is not None:  # else somebody else was faster, a moment ago
            return await enter(request, parts, code.person, method, wanted, detail={method: code.id})
        found = await _look_up(parts, kind, secret)
    await failed(request, parts, method, account=found.account)
    return login_page(parts, wanted, 401, found.over or (NO_LINK if kind == "link" else WRONG))


def _may_enter(parts: Parts, person: str | None) -> bool:
    return person is None or person in parts.playbooks.at_the_door.people


def _moment(at: datetime) -> str:
    return f"{at:%d %B at %H:%M} UTC"


def _minutes(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 90 else f"{math.ceil(seconds / 60)} minutes"


async def failed(
    request: Request, parts: Parts, method: LoginMethod, account: str | None = None, **detail: str
) -> None:
    """Counted, written down and logged."""
    parts.login_tries.count(address_of(request))
    if account is not None:
        parts.login_accounts.count(account)
        detail["account"] = account.partition(" ")[2]
    facts = {"method": method, "address": address_of(request), **detail}
    await _audit(parts, "unknown", "login", "refused", facts)
    log.warning("login_refused", **facts)


def _from_here(request: Request) -> None:
    """Nobody is logged in by another site, as somebody of its choice."""
    if not from_this_site(request):
        raise Problem(403, "csrf", "the request comes from another site", hint="open the login page and repeat")


async def _audit(parts: Parts, actor: str, action: str, outcome: str, detail: dict[str, Any]) -> None:
    try:
        await parts.records.audit.write(actor, action, outcome, channel="console", detail=detail)
    except RecordsUnavailable as error:
        log.warning("audit_not_written", actor=actor, action=action, outcome=outcome, reason=str(error))
