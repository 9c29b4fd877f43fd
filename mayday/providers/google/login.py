"""Google's login of a service account that acts for a user of the domain: a signed claim for a token of an hour.

RFC 7523, 2.1; developers.google.com/identity/protocols/oauth2/service-account ("HTTP/REST"). The account needs
domain-wide delegation for the scopes.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping, Sequence

import httpx
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mayday.providers.auth import Login, Token

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
#: how long a claim may be shown, seconds
LIFE_S = 3600


class ServiceAccount(Login):
    """Bearer tokens for `subject`, the user in whose name things are made."""

    def __init__(
        self, provider: str, *, email: str, private_key: str, token_url: str, subject: str, scopes: Sequence[str],
        clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        """Raises ValueError for a key that is no RSA key in PEM."""
        key = load_pem_private_key(private_key.encode(), password=None)
        if not isinstance(key, RSAPrivateKey):
            raise ValueError("the service account's private key is no RSA key")
        super().__init__(provider, clock)
        self._key = key
        self._token_url = token_url
        self._claims = {"iss": email, "sub": subject, "scope": " ".join(scopes), "aud": token_url}

    async def fetch(self, http: httpx.AsyncClient) -> Token:
        now = int(self._clock())
        claim = _signed({**self._claims, "iat": now, "exp": now + LIFE_S}, self._key)
        return self.told(await self.ask(http, self._token_url, {"grant_type": GRANT, "assertion": claim}))


def _signed(claims: Mapping[str, object], key: RSAPrivateKey) -> str:
    """A JSON Web Token (RFC 7519), RS256."""
    head = _part(json.dumps({"alg": "RS256", "typ": "JWT"}).encode())
    body = _part(json.dumps(dict(claims)).encode())
    signature = key.sign(f"{head}.{body}".encode(), PKCS1v15(), SHA256())
    return f"{head}.{body}.{_part(signature)}"


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
