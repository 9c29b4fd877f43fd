"""`/login/oidc`: to the identity provider and back. What an attempt has to bring back lies in a signed cookie that
lasts ten minutes; one that comes back without it, or with another state, is nobody's login."""

from __future__ import annotations

import hmac
import json
from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from starter.identity import (
    Attempt,
    ClientRefused,
    ClocksDiffer,
    IdentityProvider,
    LoginRefused,
    ProviderError,
    ProviderSilent,
)  # fmt: skip
from starter.login.routes import enter, failed, login_page, person_account, slowed, slowed_account
from starter.parts import Here, Parts
from starter.problems import Problem
from starter.sessions import local_path

__all__ = ["router"]

log = structlog.get_logger(__name__)
router = APIRouter(tags=["login"], include_in_schema=False)

LASTS_SECONDS = 600
OTHERWISE = "A sealed code, or a link from the machine's owner, lets you in."
SILENT = f"{{name}} does not answer. {OTHERWISE}"
SHUT = f"{{name}} does not take mayday's own credentials: whoever runs mayday sets them anew. {OTHERWISE}"
CLOCKS = (
    "The clock of {name} is {minutes} minutes {side} that of this machine, so that its word does not hold. One of them "
    f"has to be set right. {OTHERWISE}"
)
NO_LOGIN = "That was no login. Begin again, in one window."
TOO_OLD = "That took longer than ten minutes, or began in another browser. Begin again."
NOT_FINISHED = "You did not finish logging in with {name}. Begin again when you like."
NOBODY = "Nobody in the catalog has the mail address {mail}, with which you logged in. Ask who keeps the catalog."
TWO = "More than one person in the catalog has the mail address {mail}. Ask who keeps the catalog."
AWAY = ("temporarily_unavailable", "server_error")
"""What a provider says of itself on the way back (RFC 6749, 4.1.2.1)."""


@router.get("/login/oidc")
async def begin(parts: Here, next: Annotated[str, Query(max_length=2000)] = "/") -> Response:  # noqa: A002 - usual
    """Off to the provider."""
    provider, attempt = _provider(parts), Attempt.fresh()
    try:
        where = await provider.where(attempt)
    except (ProviderSilent, LoginRefused) as error:
        return _silent(parts, next, error)
    response = RedirectResponse(where, 303, headers={"Cache-Control": "no-store"})
    kept = json.dumps([*attempt, local_path(next)])
    response.set_cookie(
        _cookie(parts), await parts.sessions.sealed("oidc", kept), max_age=LASTS_SECONDS, path="/",
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
    kept = await parts.sessions.unsealed("oidc", request.cookies.get(_cookie(parts), ""), LASTS_SECONDS)
    if kept is None:
        return await _refused(request, parts, "no attempt of this browser", TOO_OLD)
    *facts, wanted = json.loads(kept)
    attempt = Attempt(*facts)
    if not hmac.compare_digest(state.encode(), attempt.state.encode()):
        return await _refused(request, parts, "another attempt's state", NO_LOGIN, wanted)
    if error in AWAY:
        return _silent(parts, wanted, ProviderSilent(f"it says {error}"))
    if error or not code:
        shown = NOT_FINISHED.format(name=provider.name)
        return await _refused(request, parts, f"the provider says {error or 'nothing'}", shown, wanted)
    try:
        mail = await provider.mail_of(code, attempt)
    except LoginRefused as refused:
        return await _refused(request, parts, str(refused), NO_LOGIN, wanted)
    except ProviderSilent as silent:
        return _silent(parts, wanted, silent)
    people = people_of(parts, mail)
    if len(people) != 1:
        reason = f"the mail address is that of {len(people)} people of the catalog"
        shown = (TWO if people else NOBODY).format(mail=mail[:200])
        return await _refused(request, parts, reason, shown, wanted, 403, mail=mail[:200])
    [person] = people
    if (wait := slowed_account(parts, person_account(person))) is not None:
        return wait
    response = await enter(request, parts, person, "oidc", wanted)
    _forget(parts, response)
    return response


def people_of(parts: Parts, mail: str) -> list[str]:
    """Whom the catalog has under this address; where two have it, it is nobody's login."""
    wanted = mail.strip().casefold()
    people = parts.playbooks.at_the_door.people
    return [name for name, person in people.items() if (person.email or "").casefold() == wanted]


def _cookie(parts: Parts) -> str:
    """Behind https no neighbour below the same domain can plant it (RFC 6265bis, 4.1.3.2)."""
    return "__Host-mayday_login" if parts.sessions.secure else "mayday_login"


def _forget(parts: Parts, response: Response) -> None:
    response.delete_cookie(_cookie(parts), path="/", secure=parts.sessions.secure, httponly=True, samesite="lax")


def _silent(parts: Parts, wanted: str, error: ProviderError) -> Response:
    """The way in is shut, and which other one is open."""
    log.error("identity_provider_silent", reason=str(error))
    name = parts.identity.name if parts.identity is not None else ""
    match error:
        case ClocksDiffer(seconds=seconds):
            side = "ahead of" if seconds > 0 else "behind"
            shown = CLOCKS.format(name=name, minutes=max(1, round(abs(seconds) / 60)), side=side)
        case ClientRefused():
            shown = SHUT.format(name=name)
        case _:
            shown = SILENT.format(name=name)
    return login_page(parts, wanted, 503, shown)


def _provider(parts: Parts) -> IdentityProvider:
    if parts.identity is None:
        raise Problem(404, "not_found", "no identity provider is set up", hint="set MAYDAY_OIDC_ISSUER")
    return parts.identity


async def _refused(
    request: Request, parts: Parts, reason: str, shown: str, wanted: str = "/", status: int = 401, **detail: str
) -> Response:
    await failed(request, parts, "oidc", reason=reason, **detail)
    response = login_page(parts, wanted, status, shown)
    _forget(parts, response)
    return response
