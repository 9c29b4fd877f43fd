"""BMC's login: a form for a token that is plain text and good for an hour."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

from mayday.domain.errors import Broken
from mayday.providers.auth import Login, Token

#: life of a token in a new installation, seconds; its answer does not say
LIVES_S = 56 * 60


class JwtLogin(Login):
    """`Authorization: AR-JWT TOKEN`."""

    scheme = "AR-JWT"

    def __init__(
        self, provider: str, base_url: str, user: str, password: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(provider, clock)
        self._url = f"{base_url.rstrip('/')}/api/jwt/login"
        self._user, self._password = user, password

    def secrets(self) -> list[str]:
        return [secret for secret in (self._password, *super().secrets()) if secret]

    async def fetch(self, http: httpx.AsyncClient) -> Token:
        response = await self.ask(http, self._url, {"username": self._user, "password": self._password})
        token = response.text.strip()
        if not token or any(sign in token for sign in "<{ \n"):
            raise Broken(f"{self._provider} answered no token", provider=self._provider)
        return Token(token, LIVES_S)
