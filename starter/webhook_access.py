"""Who may post to a webhook: the source's own token, its signature, or both where both are configured.

The token comes as `Authorization: Bearer`, as the password of `Authorization: Basic`, or as `?token=` from systems that
can send no header. A source with neither token nor secret configured is shut: it answers 401 to all.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping

from mayday.providers.inbound import BadSignature, Delivery, InboundSource
from mayday.settings import Settings
from starter.problems import Problem

__all__ = ["check_signature", "check_token"]


def check_token(
    settings: Settings, source: InboundSource, headers: Mapping[str, str], query: Mapping[str, str]
) -> None:
    """Before the body is read: a 401 `Problem` unless the token fits, or a signature will be checked."""
    token = settings.webhook_token(source.name)
    if token is None:
        if source.signed and settings.webhook_secrets(source.name):
            return
        name = source.name.upper()
        raise _refused(
            f"{source.name} is not set up: neither a token nor a secret is configured",
            hint=f"set MAYDAY_WEBHOOK_{name}_TOKEN" + (f" or MAYDAY_WEBHOOK_{name}_SECRET" if source.signed else ""),
        )
    shown = [*_credentials(headers.get("authorization", "")), query.get("token", "")]
    # Every candidate is compared, so that the time taken says nothing about which was nearly right.
    fits = [hmac.compare_digest(each.encode(), token.encode()) for each in shown]
    if not any(fits):
        raise _refused("the credentials are missing or wrong")


def check_signature(settings: Settings, source: InboundSource, delivery: Delivery) -> None:
    """Over the raw bytes, where a secret is configured and the source signs: a 401 `Problem` unless it fits."""
    secrets = settings.webhook_secrets(source.name)
    if not secrets or not source.signed:
        return
    try:
        source.verify(delivery, secrets)
    except BadSignature as error:
        raise _refused(str(error)) from None


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
