"""Who is logged in with a browser: a cookie that only this house makes, and the proof that our page sent a form.

    cookie   SECRET.SIGNATURE    HttpOnly, SameSite=Lax, Path=/, Secure and `__Host-` where the console has https
    CSRF     an HMAC of the session's secret, in the header `X-CSRF-Token` or the form field `csrf_token`

A session is looked up in the store at each request, so that ending it ends it at once. It has the person's level of
that moment, and ends after some idle hours, after some days, or with the token that it came from. Logging in makes a
new session and ends the one before: a cookie that somebody planted is worth nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response

from mayday.language.catalog import Catalog
from mayday.records.errors import RecordsUnavailable
from mayday.records.records import Records
from mayday.records.sessions import LoginMethod, Session
from mayday.settings import Settings
from starter.access import OWNER, Principal, Remembered, level_of
from starter.problems import Problem

__all__ = ["CSRF_FIELD", "CSRF_HEADER", "LoggedIn", "SessionCookies", "csrf_token", "current_person", "local_path",
           "require_csrf"]  # fmt: skip

CSRF_FIELD, CSRF_HEADER = "csrf_token", "x-csrf-token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class SessionCookies:
    """Makes, reads and ends session cookies."""

    def __init__(
        self,
        records: Records,
        settings: Settings,
        catalog: Callable[[], Catalog],
        clock: Callable[[], datetime],
    ) -> None:
        self._records = records
        self._catalog = catalog
        self._now = clock
        self.secure = settings.base_url.startswith("https://")
        self.name = "__Host-mayday" if self.secure else "mayday_session"
        self._lasts = timedelta(hours=settings.session_hours)
        self._idle = timedelta(hours=settings.session_idle_hours)
        self._key: bytes | None = None
        self._good: Remembered[Session] = Remembered(clock)

    async def begin(
        self,
        request: Request,
        response: Response,
        person: str | None,
        method: LoginMethod,
        *,
        token_id: str | None = None,
        until: datetime | None = None,
    ) -> Session:
        """Log somebody in: a fresh session, whatever the browser came with. Raises `RecordsUnavailable`."""
        before = await self.session(request)
        if before is not None:
            await self.end(before)
        lasts = self._lasts if until is None else min(self._lasts, until - self._now())
        secret, session = await self._records.sessions.open(person, method=method, lasts=lasts, token_id=token_id)
        response.set_cookie(
            self.name,
            f"{secret}.{await self._signature('cookie', secret)}",
            max_age=int(lasts.total_seconds()),
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )
        return session

    async def end(self, session: Session) -> None:
        """The session is over, in every browser that has its cookie."""
        self._good.forget_if(lambda other: other.id == session.id)
        await self._records.sessions.end(session_id=session.id)

    def clear(self, response: Response) -> None:
        """The browser forgets its cookie."""
        response.delete_cookie(self.name, path="/", secure=self.secure, httponly=True, samesite="lax")

    async def session(self, request: Request) -> Session | None:
        """The session of a request's cookie, if that is ours and the session goes on."""
        secret = await self._secret(request)
        if secret is None:
            return None
        try:
            session = await self._records.sessions.read(secret, idle=self._idle)
        except RecordsUnavailable:
            session = self._good.of(secret)
            if session is None:
                raise
            return session if session.expires_at > self._now() else None
        if session is None:
            self._good.forget(secret)
            return None
        self._good.keep(secret, session)
        return session

    async def principal(self, request: Request) -> Principal | None:
        """Who is logged in, with the level that the catalog gives them now; None without a session that counts."""
        session = await self.session(request)
        if session is None:
            return None
        catalog, person, level = self._catalog(), session.person, OWNER
        if person is not None:
            if person not in catalog.people:
                return None
            level = level_of(catalog, person, self._now())
        if session.token_id is not None:
            token = await self._records.tokens.get(session.token_id)
            if token is None:
                return None
            return Principal.of_token(token, level)._replace(token_id=f"session:{session.id}", session_id=session.id)
        return Principal(person, level, f"session:{session.id}", session_id=session.id)

    async def csrf_token(self, request: Request) -> str:
        """What the forms of this browser carry; empty without a session."""
        secret = await self._secret(request)
        return await self._signature("csrf", secret) if secret is not None else ""

    async def check_csrf(self, request: Request) -> None:
        """A 403 `Problem` unless a page of ours sent this request."""
        if request.method in SAFE_METHODS:
            return
        if not from_this_site(request):
            raise _forged("the request comes from another site")
        shown = request.headers.get(CSRF_HEADER)
        if shown is None and request.headers.get("content-type", "").startswith(FORMS):
            await request.body()  # kept, so that whoever reads the form next finds it
            field = (await request.form()).get(CSRF_FIELD)
            shown = field if isinstance(field, str) else None
        expected = await self.csrf_token(request)
        if not expected or shown is None or not hmac.compare_digest(shown.encode(), expected.encode()):
            raise _forged("the form is too old, or not one of ours")

    async def sealed(self, purpose: str, text: str) -> str:
        """A text for a cookie of its own: it comes back unchanged and in time, or not at all. Everybody may read it."""
        body = f"{int(self._now().timestamp())}.{base64.urlsafe_b64encode(text.encode()).decode()}"
        return f"{body}.{await self._signature(purpose, body)}"

    async def unsealed(self, purpose: str, cookie: str, lasts_seconds: int) -> str | None:
        """What was sealed for this purpose less than so many seconds ago."""
        body, _, signature = cookie.rpartition(".")
        expected = await self._signature(purpose, body)
        if not hmac.compare_digest(signature.encode(), expected.encode()):
            return None
        made_at, _, text = body.partition(".")
        if self._now().timestamp() - int(made_at) >= lasts_seconds:
            return None
        return base64.urlsafe_b64decode(text).decode()

    async def _secret(self, request: Request) -> str | None:
        secret, _, signature = request.cookies.get(self.name, "").partition(".")
        if not secret or not signature:
            return None
        expected = await self._signature("cookie", secret)
        return secret if hmac.compare_digest(signature.encode(), expected.encode()) else None

    async def _signature(self, purpose: str, secret: str) -> str:
        if self._key is None:
            self._key = (await self._records.keys.in_use("sessions"))[0].secret
        return hmac.new(self._key, f"{purpose}:{secret}".encode(), hashlib.sha256).hexdigest()


async def current_person(request: Request) -> Principal | None:
    """Who looks at a page: by bearer token or by session cookie; None when nobody is logged in.

    For pages that send people to `/login`; the API's own dependencies (`Reading`, ...) answer 401.
    """
    known: Principal | None = getattr(request.state, "principal", None)
    if known is None:
        parts = request.app.state.parts
        authorization = request.headers.get("authorization")
        try:
            known = (
                await parts.access.principal(authorization)
                if authorization
                else await parts.sessions.principal(request)
            )
        except Problem:
            return None
        if known is not None and authorization is not None:
            request.state.principal = known
    return known


LoggedIn = Annotated[Principal | None, Depends(current_person)]


async def csrf_token(request: Request) -> str:
    """For the hidden field `csrf_token` of a form, or the header `X-CSRF-Token` of a script."""
    token: str = await request.app.state.parts.sessions.csrf_token(request)
    return token


async def require_csrf(request: Request) -> None:
    """Dependency of routes that change something and may be called by a browser. A bearer token needs no proof: no
    browser sends one by itself."""
    if request.headers.get("authorization") is None:
        await request.app.state.parts.sessions.check_csrf(request)


def from_this_site(request: Request) -> bool:
    """Whether a browser says that a page of this site sent the request; programs say nothing of the kind."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()


def local_path(wanted: str | None) -> str:
    """Where to go after logging in: a path of this site, else `/`. Never another site, whatever was asked for."""
    if not wanted or not wanted.isprintable() or not wanted.isascii() or "\\" in wanted:
        return "/"
    if not wanted.startswith("/") or wanted.startswith("//"):
        return "/"
    parts = urlsplit(wanted)
    if parts.scheme or parts.netloc or parts.path.startswith(("//", "/login", "/logout")):
        return "/"
    return wanted


def _forged(detail: str) -> Problem:
    return Problem(403, "csrf", detail, hint="load the page again and repeat")
