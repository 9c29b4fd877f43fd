"""Google's login of a service account that acts for a user of the domain: a signed claim for a token of an hour.

RFC 7523, 2.1; developers.google.com/identity/protocols/oauth2/service-account ("HTTP/REST"). The account needs
domain-wide delegation for the scopes.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable, Mapping, Sequence

import httpx
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mayday.domain.errors import Ambiguous, Broken, Unauthorised, Unreachable
from mayday.providers._http import exchange

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFE_S, MARGIN_S, TIMEOUT_S = 3600, 60, 10


class ServiceAccount:
    """Bearer tokens for `subject`, the user in whose name things are made. Many callers at once fetch one token."""

    def __init__(
        self, provider: str, *, email: str, private_key: str, token_url: str, subject: str, scopes: Sequence[str],
        clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        """Raises ValueError for a key that is no RSA key in PEM."""
        key = load_pem_private_key(private_key.encode(), password=None)
        if not isinstance(key, RSAPrivateKey):
            raise ValueError("the service account's private key is no RSA key")
        self._provider = provider
        self._key = key
        self._token_url = token_url
        self._claims = {"iss": email, "sub": subject, "scope": " ".join(scopes), "aud": token_url}
        self._clock = clock
        self._token = ""
        self._good_until = 0.0
        self._fresh = False
        self._one_at_a_time = asyncio.Lock()

    async def headers(self, http: httpx.AsyncClient) -> Mapping[str, str]:
        async with self._one_at_a_time:
            self._fresh = False
            if not self._token or self._clock() >= self._good_until:
                await self._fetch(http)
                self._fresh = True
            return {"Authorization": f"Bearer {self._token}"}

    async def renewed(self) -> bool:
        async with self._one_at_a_time:
            if self._fresh:
                return False
            self._token = ""
            return True

    def secrets(self) -> list[str]:
        return [self._token] if self._token else []

    async def _fetch(self, http: httpx.AsyncClient) -> None:
        now = int(self._clock())
        claim = _signed({**self._claims, "iat": now, "exp": now + LIFE_S}, self._key)
        try:
            response = await exchange(
                http, "POST", self._token_url, provider=self._provider, form={"grant_type": GRANT, "assertion": claim},
                timeout_s=TIMEOUT_S, accept=(400, 401, 403),
            )  # fmt: skip
        except Ambiguous as error:  # a token that was made and never came is nobody's
            raise Unreachable(str(error), provider=self._provider) from error
        if response.status_code in (400, 401, 403):
            raise Unauthorised(f"{self._provider} gives us no token", provider=self._provider)
        try:
            told = response.json()
            self._token, lives = str(told["access_token"]), float(told.get("expires_in") or LIFE_S)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Broken(f"{self._provider} answered no token", provider=self._provider) from error
        self._good_until = self._clock() + max(1.0, lives - MARGIN_S)


def _signed(claims: Mapping[str, object], key: RSAPrivateKey) -> str:
    """A JSON Web Token (RFC 7519), RS256."""
    head = _part(json.dumps({"alg": "RS256", "typ": "JWT"}).encode())
    body = _part(json.dumps(dict(claims)).encode())
    signature = key.sign(f"{head}.{body}".encode(), PKCS1v15(), SHA256())
    return f"{head}.{body}.{_part(signature)}"


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
