"""BMC's login: a form for a token that is plain text and good for an hour."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

import httpx

from mayday.domain.errors import Ambiguous, Broken, Unauthorised, Unreachable
from mayday.providers._http import exchange

#: life of a token in a new installation, minus a margin, seconds
GOOD_FOR_S = 55 * 60
TIMEOUT_S = 10


class JwtLogin:
    """`Authorization: AR-JWT TOKEN`. Many callers at once log in once; a 401 makes one more login."""

    def __init__(
        self, provider: str, base_url: str, user: str, password: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._provider = provider
        self._url = f"{base_url.rstrip('/')}/api/jwt/login"
        self._user, self._password = user, password
        self._clock = clock
        self._token = ""
        self._good_until = 0.0
        self._fresh = False
        self._one_at_a_time = asyncio.Lock()

    async def headers(self, http: httpx.AsyncClient) -> Mapping[str, str]:
        async with self._one_at_a_time:
            self._fresh = False
            if not self._token or self._clock() >= self._good_until:
                self._token = await self._login(http)
                self._good_until = self._clock() + GOOD_FOR_S
                self._fresh = True
            return {"Authorization": f"AR-JWT {self._token}"}

    async def renewed(self) -> bool:
        async with self._one_at_a_time:
            if self._fresh:
                return False
            self._token = ""
            return True

    def secrets(self) -> list[str]:
        return [secret for secret in (self._password, self._token) if secret]

    async def _login(self, http: httpx.AsyncClient) -> str:
        form = {"username": self._user, "password": self._password}
        try:
            response = await exchange(
                http, "POST", self._url, provider=self._provider, form=form, timeout_s=TIMEOUT_S, accept=(400, 401, 403)
            )
        except Ambiguous as error:  # a login that may have happened is none of ours
            raise Unreachable(str(error), provider=self._provider) from error
        if response.status_code in (400, 401, 403):
            raise Unauthorised(f"{self._provider} refuses the login", provider=self._provider)
        token = response.text.strip()
        if response.status_code >= 300 or not token or any(sign in token for sign in "<{ \n"):
            raise Broken(f"{self._provider} answered no token", provider=self._provider)
        return token
