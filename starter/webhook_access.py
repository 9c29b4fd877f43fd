"""Who may post to a webhook: from where, with the source's own token, with its signature, or all that are configured.

The token comes as `Authorization: Bearer`, as the password of `Authorization: Basic`, in `X-Mayday-Token` or
`X-Api-Key` from systems that keep Authorization for themselves, or as `?token=` from those that can send no header.
What proves a signature is the source's own setting: a shared secret for most, the list of topics for SNS, the audience
for tokens of Entra and Google. A source with neither token nor proof configured is shut: it answers 401 to all.

    MAYDAY_WEBHOOK_<SOURCE>_TOKEN
    MAYDAY_WEBHOOK_<SOURCE>_SECRET      several, comma-separated, while rotating
    MAYDAY_WEBHOOK_<SOURCE>_ADDRESSES   networks that may post at all, beside the above: 192.0.2.0/24, 2001:db8::/32
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import structlog

from mayday.providers.inbound import BadSignature, Delivery, Fetch, InboundSource, Unverifiable
from mayday.settings import Settings
from starter.problems import Problem

__all__ = ["check_address", "check_signature", "check_token", "options_of"]

log = structlog.get_logger(__name__)


def options_of(settings: Settings, source: InboundSource) -> dict[str, str]:
    """The source's settings besides token and secret, by their names in small letters."""
    given = settings.provider(f"webhook_{source.name}")
    return {name: value for name, value in given.items() if name not in ("token", "secret")}


def check_address(source: InboundSource, options: Mapping[str, str], client: str | None) -> None:
    """A 401 `Problem` for a sender outside of the configured networks. Behind a proxy of another machine the address is
    that of the proxy, unless `FORWARDED_ALLOW_IPS` names it."""
    listed = options.get("addresses")
    if not listed:
        return
    try:
        networks = _networks(listed)
    except ValueError as error:
        log.error("webhook_addresses_unreadable", source=source.name, reason=str(error))
        raise _refused(f"MAYDAY_WEBHOOK_{source.name.upper()}_ADDRESSES cannot be read") from None
    try:
        address = ip_address(client or "")
        address = getattr(address, "ipv4_mapped", None) or address
    except ValueError:
        address = None
    if address is None or not any(address in network for network in networks):
        raise _refused("this address may not post here")


@lru_cache(maxsize=64)
def _networks(listed: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(each.strip(), strict=False) for each in listed.split(",") if each.strip())


def check_token(
    settings: Settings, source: InboundSource, options: Mapping[str, str], headers: Mapping[str, str],
    query: Mapping[str, str],
) -> bool:  # fmt: skip
    """Whether the token was shown; before the body is read. A 401 `Problem` unless it was, or a signature will tell."""
    proven = _proof_is_set(settings, source, options)
    token = settings.webhook_token(source.name)
    if token is None:
        if proven:
            return False
        name = source.name.upper()
        raise _refused(
            f"{source.name} is not set up: neither a token nor a secret is configured",
            hint=f"set MAYDAY_WEBHOOK_{name}_TOKEN"
            + (f" or MAYDAY_WEBHOOK_{name}_{source.proof}" if source.proof else ""),
        )
    shown = [
        *_credentials(headers.get("authorization", "")), headers.get("x-mayday-token", ""),
        headers.get("x-api-key", ""), query.get("token", ""),
    ]  # fmt: skip
    # Every candidate is compared, so that the time taken says nothing about which was nearly right.
    fits = [hmac.compare_digest(each.encode(), token.encode()) for each in shown]
    if any(fits):
        return True
    if proven and source.mixed:
        return False
    raise _refused("the credentials are missing or wrong")


async def check_signature(settings: Settings, source: InboundSource, delivery: Delivery, fetch: Fetch) -> None:
    """Over the raw bytes, where what it is checked against is configured: a 401 `Problem` unless it fits, 503 when the
    signer's keys cannot be had now."""
    if not _proof_is_set(settings, source, delivery.options):
        return
    try:
        await source.verify(delivery, settings.webhook_secrets(source.name), fetch)
    except BadSignature as error:
        raise _refused(str(error)) from None
    except Unverifiable as error:
        log.error("webhook_unverifiable", source=source.name, reason=str(error))
        raise Problem(503, "unverifiable", str(error), headers={"Retry-After": "5"}) from None


def _proof_is_set(settings: Settings, source: InboundSource, options: Mapping[str, str]) -> bool:
    if source.proof is None:
        return False
    if source.proof == "SECRET":
        return bool(settings.webhook_secrets(source.name))
    return bool(options.get(source.proof.lower()))


def _credentials(header: str) -> list[str]:
    scheme, _, value = header.partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer":
        return [value]
    if scheme.lower() == "basic":
        try:
            decoded = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return []
        return [decoded.partition(":")[2]]
    return []


def _refused(detail: str, hint: str | None = None) -> Problem:
    headers = {"WWW-Authenticate": 'Bearer realm="mayday webhooks", Basic realm="mayday webhooks"'}
    return Problem(401, "unauthenticated", detail, hint=hint, headers=headers)
