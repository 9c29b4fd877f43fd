"""`/login/oidc`: to the identity provider and back. What an attempt has to bring back lies in a signed cookie that
lasts ten minutes; one that comes back without it, or with another state, is nobody's login."""

from __future__ import annotations

import hmac
import json
from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from starter.identity import Attempt, IdentityProvider, LoginRefused, ProviderSilent
from starter.login.routes import enter, failed, login_page, person_account, slowed, slowed_account
from starter.parts import Here, Parts
from starter.problems import Problem
from starter.sessions import local_path

__all__ = ["router"]

log = structlog.get_logger(__name__)
router = APIRouter(tags=["login"], include_in_schema=False)

COOKIE, PATH, LASTS_SECONDS = "mayday_login", "/login/oidc", 600
SILENT = "The identity provider does not answer. A sealed code, or a link from the machine's owner, lets you in."
NO_LOGIN = "That was no login. Begin again, in one window."
NOBODY = "Nobody in the catalog has the mail address that you logged in with. Ask who keeps the catalog."


@router.get("/login/oidc")
async def begin(parts: Here, next: Annotated[str, Query(max_length=2000)] = "/") -> Response:  # noqa: A002 - usual
    """Off to the provider."""
    provider, attempt = _provider(parts), Attempt.fresh()
    try:
        where = await provider.where(attempt)
    except (ProviderSilent, LoginRefused) as error:
        log.error("identity_provider_silent", reason=str(error))
        return login_page(parts, next, 503, SILENT)
    response = RedirectResponse(where, 303, headers={"Cache-Control": "no-store"})
    kept = json.dumps([*attempt, local_path(next)])
    response.set_cookie(
        COOKIE, await parts.sessions.sealed("oidc", kept), max_age=LASTS_SECONDS, path=PATH,
        secure=parts.sessions.secure, httponly=True, samesite="lax",
    )  # fmt: skip
    return response


@router.get("/login/oidc/callback")
async def back(
    request: Request,
    parts: Here,
    code: Annotated[str, Query(max_length=4000)] = "",
    state: Annotated[str, Query(max_length=400)] = "",
    error: Annotated[str, Query(max_length=400)] = "",
) -> Response:
    """Back from it."""
    provider = _provider(parts)
    if (wait := slowed(request, parts)) is not None:
        return wait
    kept = await parts.sessions.unsealed("oidc", request.cookies.get(COOKIE, ""), LASTS_SECONDS)
    if kept is None:
        return await _refused(request, parts, "no attempt of this browser", NO_LOGIN)
    *facts, wanted = json.loads(kept)
    attempt = Attempt(*facts)
    if not hmac.compare_digest(state.encode(), attempt.state.encode()):
        return await _refused(request, parts, "another attempt's state", NO_LOGIN)
    if error or not code:
        return await _refused(request, parts, f"the provider says {error or 'nothing'}", NO_LOGIN)
    try:
        mail = await provider.mail_of(code, attempt)
    except LoginRefused as refused:
        return await _refused(request, parts, str(refused), NO_LOGIN)
    except ProviderSilent as silent:
        log.error("identity_provider_silent", reason=str(silent))
        return login_page(parts, wanted, 503, SILENT)
    person = person_of(parts, mail)
    if person is None:
        return await _refused(request, parts, "the mail address is nobody's in the catalog", NOBODY, 403, mail=mail)
    if (wait := slowed_account(parts, person_account(person))) is not None:
        return wait
    response = await enter(request, parts, person, "oidc", wanted)
    response.delete_cookie(COOKIE, path=PATH, secure=parts.sessions.secure, httponly=True, samesite="lax")
    return response


def person_of(parts: Parts, mail: str) -> str | None:
    """Whom the catalog has under this address; nobody where two have it."""
    wanted = mail.strip().casefold()
    found = [
        name for name, person in parts.playbooks.at_the_door.people.items() if (person.email or "").casefold() == wanted
    ]
    return found[0] if len(found) == 1 else None


def _provider(parts: Parts) -> IdentityProvider:
    if parts.identity is None:
        raise Problem(404, "not_found", "no identity provider is set up", hint="set MAYDAY_OIDC_ISSUER")
    return parts.identity


async def _refused(
    request: Request, parts: Parts, reason: str, shown: str, status: int = 401, **detail: str
) -> Response:
    await failed(request, parts, "oidc", reason=reason, **detail)
    response = login_page(parts, "/", status, shown)
    response.delete_cookie(COOKIE, path=PATH, secure=parts.sessions.secure, httponly=True, samesite="lax")
    return response
