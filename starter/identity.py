"""The house's identity provider, by OpenID Connect: authorization code with PKCE, and nothing believed unchecked.

The protocol is Authlib's and joserfc's: what to ask, and whether the ID token's signature, issuer, audience, time and
nonce hold. The person is whom the catalog has under the mail address that the provider vouches for.

ProviderError
+-- ProviderSilent        it does not answer, or not in a way that makes sense: use a sealed code
|   +-- ClientRefused     it answers, and does not take our own credentials there
|   +-- ClocksDiffer      its clock and ours are too far apart for what it says to hold
+-- LoginRefused          it answers, and this is no login
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from mayday.settings import Settings, SettingsError

__all__ = [
    "Attempt", "ClientRefused", "ClocksDiffer", "IdentityProvider", "LoginRefused", "ProviderError", "ProviderSilent",
    "identity_provider",
]  # fmt: skip

ALGORITHMS = ("RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512", "ES512", "Ed25519", "EdDSA")
"""Signatures by a key that only the provider has; `none` and shared secrets are not among them."""
SCOPE = "openid email"
KNOWN_FOR = timedelta(hours=1)
LEEWAY_SECONDS = 300
"""What two clocks may differ by, as most takers of such tokens allow (Microsoft's libraries: five minutes). A token
comes straight from the provider and for one attempt, so that nothing is won by an old one."""
LONGEST_ANSWER = 512 * 1024
TIMEOUT = httpx.Timeout(10.0, connect=5.0)
PATIENCE_SECONDS = 15.0
"""For all that is asked at once: a provider that answers letter by letter is none that answers."""


class ProviderError(Exception):
    """Root of what can go wrong between the provider and us."""


class ProviderSilent(ProviderError):
    """No answer that can be used."""


class ClientRefused(ProviderSilent):
    """Nobody can log in until our client there is set up."""


class ClocksDiffer(ProviderSilent):
    """Its time less ours, in seconds."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"its clock is {abs(seconds)} seconds {'ahead of' if seconds > 0 else 'behind'} ours")
        self.seconds = seconds


class LoginRefused(ProviderError):
    """This is no login; the text says why, for the log and the audit."""


class Attempt(NamedTuple):
    """What one browser's attempt has to bring back; kept in its cookie."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def fresh(cls) -> Attempt:
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))


class IdentityProvider:
    """One provider and our client there."""

    def __init__(
        self,
        issuer: str,
        client_id: str,
        client_secret: str | None,
        redirect_uri: str,
        clock: Callable[[], datetime],
        *,
        name: str = "",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.name = name or urlsplit(issuer).hostname or issuer
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri
        self._now = clock
        self._transport = transport
        self._metadata: OpenIDProviderMetadata | None = None
        self._keys: KeySet | None = None
        self._looked_at: datetime | None = None

    async def where(self, attempt: Attempt) -> str:
        """The provider's page on which this attempt goes on. Raises `ProviderSilent`."""
        async with _in_time():
            metadata = await self._known()
        uri: str = prepare_grant_uri(
            metadata["authorization_endpoint"],
            self._client_id,
            "code",
            redirect_uri=self._redirect_uri,
            scope=SCOPE,
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=create_s256_code_challenge(attempt.verifier),
            code_challenge_method="S256",
        )
        return uri

    async def mail_of(self, code: str, attempt: Attempt) -> str:
        """The verified mail address of who logged in there. Raises `ProviderSilent` and `LoginRefused`."""
        async with _in_time():
            return await self._mail_of(code, attempt)

    async def _mail_of(self, code: str, attempt: Attempt) -> str:
        metadata = await self._known()
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self._redirect_uri,
            "code_verifier": attempt.verifier, "client_id": self._client_id,
        }  # fmt: skip
        auth = None
        if self._client_secret is not None:
            ways = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
            if "client_secret_basic" in ways:
                auth = httpx.BasicAuth(self._client_id, self._client_secret)
            else:
                form["client_secret"] = self._client_secret
        answer = await self._ask("POST", metadata["token_endpoint"], data=form, auth=auth)
        claims = await self._claims(str(answer.get("id_token", "")), attempt.nonce)
        if "email" not in claims and metadata.get("userinfo_endpoint"):
            bearer = {"Authorization": f"Bearer {answer.get('access_token', '')}"}
            told = await self._ask("GET", metadata["userinfo_endpoint"], headers=bearer)
            if told.get("sub") != claims["sub"]:
                raise LoginRefused("the userinfo is about somebody else")
            claims = {**told, **claims}
        mail = claims.get("email")
        if not isinstance(mail, str) or not mail:
            raise LoginRefused("the provider names no mail address")
        if claims.get("email_verified") is False:
            raise LoginRefused("the provider has not verified the mail address")
        return mail

    async def _claims(self, id_token: str, nonce: str) -> dict[str, Any]:
        for again in (False, True):
            metadata = await self._known(again=again)
            assert self._keys is not None
            try:
                token = jwt.decode(id_token, self._keys, algorithms=list(ALGORITHMS))
                options = {
                    "iss": {"essential": True, "value": metadata["issuer"]},
                    "aud": {"essential": True, "value": self._client_id},
                }
                params = {"nonce": nonce, "client_id": self._client_id}
                claims = CodeIDToken(token.claims, token.header, options, params)
                self._same_time(token.claims)
                claims.validate(now=int(self._now().timestamp()), leeway=LEEWAY_SECONDS)
                return dict(claims)
            except (JoseError, ValueError) as error:
                if again:
                    raise LoginRefused(f"the ID token does not hold: {type(error).__name__}") from None
        raise AssertionError("unreachable")

    def _same_time(self, claims: dict[str, Any]) -> None:
        """The token was made a moment ago, so that its times tell of the provider's clock."""
        made, ends, now = claims.get("iat"), claims.get("exp"), int(self._now().timestamp())
        if isinstance(made, int) and isinstance(ends, int):
            if made > now + LEEWAY_SECONDS or (made < now - LEEWAY_SECONDS and ends < now - LEEWAY_SECONDS):
                raise ClocksDiffer(made - now)

    async def _known(self, *, again: bool = False) -> OpenIDProviderMetadata:
        """The provider's description and keys, at most an hour old; `again` when a key may be newer."""
        now = self._now()
        fresh = self._looked_at is not None and now - self._looked_at < KNOWN_FOR
        if self._metadata is None or not fresh or again:
            described = await self._ask("GET", get_well_known_url(self._issuer, external=True))
            if described.get("issuer") != self._issuer:
                raise ProviderSilent(f"{self._issuer} describes itself as {str(described.get('issuer'))[:200]}")
            metadata = OpenIDProviderMetadata(described)
            try:
                keys = KeySet.import_key_set(await self._ask("GET", str(described.get("jwks_uri"))))  # type: ignore[arg-type]
                metadata.validate_authorization_endpoint()
                metadata.validate_token_endpoint()
            except (JoseError, ValueError, KeyError) as error:
                raise ProviderSilent(f"its description cannot be used: {error}") from None
            self._metadata, self._keys, self._looked_at = metadata, keys, now
        return self._metadata

    async def _ask(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        if not safe(url):
            raise ProviderSilent("it names an address without https")
        try:
            async with (
                httpx.AsyncClient(timeout=TIMEOUT, transport=self._transport) as http,
                http.stream(method, url, **more) as answer,
            ):
                body = b""
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > LONGEST_ANSWER:
                        raise ProviderSilent("its answer is too long")
        except httpx.HTTPError as error:
            raise ProviderSilent(f"{type(error).__name__}: {' '.join(str(error).split())[:200]}") from None
        if answer.status_code >= 500:
            raise ProviderSilent(f"it answers {answer.status_code}")
        if answer.status_code == 401 or (answer.status_code >= 400 and b"invalid_client" in body):
            raise ClientRefused("it does not take our client id and secret")
        if answer.status_code >= 400:
            raise LoginRefused(f"the provider answers {answer.status_code}")
        try:
            found = json.loads(body)
        except ValueError:
            raise ProviderSilent("its answer is not JSON") from None
        if not isinstance(found, dict):
            raise ProviderSilent("its answer is no object")
        return found


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            yield
    except TimeoutError:
        raise ProviderSilent(f"no whole answer within {PATIENCE_SECONDS:g} s") from None


def identity_provider(settings: Settings, clock: Callable[[], datetime]) -> IdentityProvider | None:
    """From the settings; None where none is set. Raises `SettingsError`."""
    issuer, client = settings.oidc_issuer, settings.oidc_client_id
    if issuer is None and client is None:
        return None
    if issuer is None or client is None:
        raise SettingsError("MAYDAY_OIDC_ISSUER and MAYDAY_OIDC_CLIENT_ID belong together: set both, or none")
    if not safe(issuer):
        raise SettingsError(f"MAYDAY_OIDC_ISSUER={issuer}: an identity provider is reached by https")
    secret = settings.oidc_client_secret.get_secret_value() if settings.oidc_client_secret else None
    return IdentityProvider(
        issuer, client, secret, f"{settings.base_url}/login/oidc/callback", clock, name=settings.oidc_name
    )


def safe(url: str) -> bool:
    """https, or this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1"))
