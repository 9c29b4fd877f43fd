"""How we say who we are: a header that stays, a name with a password, or an OAuth token that is fetched and renewed."""

from __future__ import annotations

import asyncio
import base64
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

import httpx

from mayday.domain.errors import Ambiguous, Broken, Refused, Unauthorised, Unreachable
from mayday.providers._http import exchange
from mayday.providers.clocks import utc_now, wrong_clock
from mayday.providers.vendor_words import said_in, without_secrets

__all__ = ["Auth", "BasicAuth", "ClientCredentials", "Login", "NoAuth", "StaticAuth", "Token"]

#: a token is fetched anew when it lives no longer than this, seconds
MARGIN_S = 60


class Auth(Protocol):
    """Headers for every request to one vendor."""

    async def headers(self, http: httpx.AsyncClient) -> Mapping[str, str]:
        """Raises ProviderError when a token cannot be had."""
        ...

    async def renewed(self) -> bool:
        """After a 401: True when the next `headers` will show something new."""
        ...

    def secrets(self) -> list[str]:
        """What may stand in no error and no log."""
        ...


class NoAuth:
    """The address, or a field of the body, says who we are."""

    async def headers(self, http: httpx.AsyncClient) -> Mapping[str, str]:
        return {}

    async def renewed(self) -> bool:
        return False

    def secrets(self) -> list[str]:
        return []


class StaticAuth(NoAuth):
    """One header: `StaticAuth("Authorization", "GenieKey", key)` says `Authorization: GenieKey KEY`."""

    def __init__(self, header: str, scheme: str, secret: str) -> None:
        self._headers = {header: f"{scheme} {secret}".strip() if not scheme.endswith("=") else f"{scheme}{secret}"}
        self._secret = secret

    async def headers(self, http: httpx.AsyncClient) -> Mapping[str, str]:
        return self._headers

    def secrets(self) -> list[str]:
        return [self._secret]


class BasicAuth(StaticAuth):
    """RFC 7617."""

    def __init__(self, user: str, password: str) -> None:
        self._token = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._password = password
        super().__init__("Authorization", "Basic", self._token)

    def secrets(self) -> list[str]:
        return [self._password, self._token]


class Token(NamedTuple):
    """What a login brought, and for how many seconds it is good."""

    text: str
    lives_s: float


class Login(ABC):
    """A token that is fetched, kept until shortly before it ends, and fetched anew after a 401.

    Many callers at once fetch one. A fresh token that is refused again stays refused.
    """

    scheme = "Bearer"

    def __init__(self, provider: str, clock: Callable[[], float]) -> None:
        self._provider = provider
        self._clock = clock
        self.scopes: frozenset[str] = frozenset()
        """What the last token is good for, where the vendor says it (RFC 6749, 5.1)."""
        self._token = ""
        self._good_until = 0.0
        self._fresh = False
        self._one_at_a_time = asyncio.Lock()

    @abstractmethod
    async def fetch(self, http: httpx.AsyncClient) -> Token:
        """A new token. Raises ProviderError."""

    async def headers(self, http: httpx.AsyncClient) -> Mapping[str, str]:
        async with self._one_at_a_time:
            self._fresh = False
            if not self._token or self._clock() >= self._good_until:
                self._token, lives_s = await self.fetch(http)
                self._good_until = self._clock() + max(1.0, lives_s - MARGIN_S)
                self._fresh = True
            return {"Authorization": f"{self.scheme} {self._token}"}

    async def renewed(self) -> bool:
        async with self._one_at_a_time:
            if self._fresh:
                return False
            self._token = ""
            return True

    def secrets(self) -> list[str]:
        return [self._token] if self._token else []

    async def ask(
        self, http: httpx.AsyncClient, url: str, form: Mapping[str, str], *,
        headers: Mapping[str, str] | None = None, timeout_s: float = 10,
    ) -> httpx.Response:  # fmt: skip
        """Post a login's form. A token that was made and never came is nobody's: that is Unreachable, not Ambiguous."""
        try:
            response = await exchange(
                http, "POST", url, provider=self._provider, headers=headers, form=form, timeout_s=timeout_s,
                accept=(400, 401, 403),
            )  # fmt: skip
        except Ambiguous as error:
            raise Unreachable(str(error), provider=self._provider) from error
        if response.status_code in (400, 401, 403):  # RFC 6749, 5.2: invalid_client and the like
            raise Unauthorised(f"{self._provider} gives us no token{self._why(response)}", provider=self._provider)
        if response.status_code >= 300:
            raise Refused(f"{self._provider} redirects the call for a token", provider=self._provider)
        return response

    def _why(self, response: httpx.Response) -> str:
        """What the vendor says of it, and that our clock is wrong where it is: then no claim of ours is believed."""
        try:
            said = without_secrets(said_in(response.json()), self.secrets())
        except ValueError:
            said = ""
        headers = {name.lower(): value for name, value in response.headers.items()}
        words = [word for word in (said, wrong_clock(headers, utc_now())) if word]
        return f": {'; '.join(words)}" if words else ""

    def told(self, response: httpx.Response) -> Token:
        """The token of an OAuth answer (RFC 6749, 5.1)."""
        try:
            body = response.json()
            self.scopes = frozenset(str(body.get("scope") or "").split())
            return Token(str(body["access_token"]), float(body.get("expires_in") or 3600))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Broken(f"{self._provider} answered no token", provider=self._provider) from error


class ClientCredentials(Login):
    """OAuth 2.0 client credentials (RFC 6749, 4.4).

    `basic` sends the credentials as RFC 6749, 2.3.1 prefers it, in the Authorization header; else in the form. `more`
    are further fields of the form (`scope`, `account_id`), `grant_type` may be overridden by it.
    """

    def __init__(
        self, provider: str, token_url: str, client_id: str, client_secret: str, *, basic: bool = False,
        more: Mapping[str, str] | None = None, clock: Callable[[], float] = time.monotonic, timeout_s: float = 10,
    ) -> None:  # fmt: skip
        super().__init__(provider, clock)
        self._url = token_url
        self._id, self._secret = client_id, client_secret
        self._basic = basic
        self._more = dict(more or {})
        self._timeout_s = timeout_s

    def secrets(self) -> list[str]:
        return [secret for secret in (self._secret, *super().secrets()) if secret]

    async def fetch(self, http: httpx.AsyncClient) -> Token:
        form = {"grant_type": "client_credentials", **self._more}
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if self._basic:
            headers |= await BasicAuth(self._id, self._secret).headers(http)
        else:
            form |= {"client_id": self._id, "client_secret": self._secret}
        return self.told(await self.ask(http, self._url, form, headers=headers, timeout_s=self._timeout_s))
