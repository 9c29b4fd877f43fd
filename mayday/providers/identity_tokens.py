"""Identity tokens of Microsoft Entra and Google: the JWT with which a cloud's own sender proves who it is.

    Authorization: Bearer eyJ...     RS256, by a key of the issuer's published set; audience, issuer and times checked

Key sets are fetched from two fixed hosts, kept for an hour, and fetched again (once a minute at most) when a token
names a key that is not in them, so that the issuers' rotation is followed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt

from mayday.providers.inbound import BadSignature, Delivery, Fetch, Unverifiable

__all__ = ["GOOGLE", "Issuer", "check_identity", "entra"]

KEPT_FOR = timedelta(hours=1)
AGAIN_AFTER = timedelta(minutes=1)
LEEWAY_S = 60


@dataclass(slots=True)
class Issuer:
    """Who issues the tokens, under which names, and where its keys are."""

    names: Sequence[str]
    keys_url: str
    _keys: dict[str, Any] = field(default_factory=dict)
    _fetched_at: datetime | None = None

    async def key(self, key_id: str, now: datetime, fetch: Fetch) -> Any:
        """The public key of this id. Raises `BadSignature` when the issuer has none such, `Unverifiable`."""
        age = None if self._fetched_at is None else abs(now - self._fetched_at)
        if age is None or age > KEPT_FOR or (key_id not in self._keys and age > AGAIN_AFTER):
            self._keys = _key_set(await fetch(self.keys_url))
            self._fetched_at = now
        if key_id not in self._keys:
            raise BadSignature("the identity token is signed with an unknown key")
        return self._keys[key_id]


GOOGLE = Issuer(("https://accounts.google.com", "accounts.google.com"), "https://www.googleapis.com/oauth2/v3/certs")
_TENANTS: dict[str, Issuer] = {}


def entra(tenant: str) -> Issuer:
    """The Entra tenant: its version 1 and version 2 tokens."""
    if tenant not in _TENANTS:
        _TENANTS[tenant] = Issuer(
            (f"https://sts.windows.net/{tenant}/", f"https://login.microsoftonline.com/{tenant}/v2.0"),
            f"https://login.microsoftonline.com/{tenant}/discovery/v2.0/keys",
        )
    return _TENANTS[tenant]


async def check_identity(delivery: Delivery, issuer: Issuer, audience: str, fetch: Fetch) -> dict[str, Any]:
    """The claims of the delivery's identity token. Raises `BadSignature` with what does not fit, `Unverifiable`."""
    scheme, _, token = delivery.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise BadSignature("the identity token is missing: Authorization: Bearer")
    try:
        header = jwt.get_unverified_header(token.strip())
        key = await issuer.key(str(header.get("kid", "")), delivery.received_at, fetch)
        claims: dict[str, Any] = jwt.decode(
            token.strip(), key, algorithms=["RS256"], audience=[each.strip() for each in audience.split(",")],
            options={"require": ["exp", "iat", "aud", "iss"], "verify_exp": False, "verify_iat": False,
                     "verify_nbf": False},
        )  # fmt: skip
    except jwt.InvalidTokenError as error:
        raise BadSignature(f"the identity token does not fit: {type(error).__name__}") from None
    except (ValueError, TypeError):
        raise BadSignature("the identity token cannot be read") from None
    if claims.get("iss") not in issuer.names:
        raise BadSignature("the identity token has another issuer")
    _in_time(claims, delivery.received_at)
    return claims


def _in_time(claims: dict[str, Any], now: datetime) -> None:
    """By the starter's clock, which is that of the delivery."""
    seconds = now.timestamp()
    try:
        expired = float(claims["exp"]) < seconds - LEEWAY_S
        early = float(claims.get("nbf", claims["iat"])) > seconds + LEEWAY_S
    except (TypeError, ValueError):
        raise BadSignature("the identity token has no times") from None
    if expired or early:
        raise BadSignature("the identity token is expired, or not valid yet: is a clock wrong?")


def _key_set(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)["keys"]
        return {str(key["kid"]): jwt.PyJWK(key, algorithm="RS256").key for key in found if key.get("kty") == "RSA"}
    except (ValueError, KeyError, TypeError, AttributeError, jwt.PyJWTError):
        raise Unverifiable("the issuer's keys cannot be read") from None
