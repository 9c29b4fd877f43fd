"""Signatures over raw bytes: compared in constant time, with every secret of a rotation, inside a window of time."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

from mayday.providers.inbound import BadSignature

__all__ = ["OWN_HEADER", "WINDOW_S", "check_hmac", "check_own", "check_window"]

OWN_HEADER = "X-Mayday-Signature"
"""What a house's own rule or flow signs with, for vendors that sign nothing: `sha256=` + hex HMAC of the body."""

WINDOW_S = 300
"""A signed time further away than this is a replay (Slack's and Grafana's documentation: five minutes)."""

Encoding = Literal["hex", "base64"]


def check_hmac(
    secrets: Sequence[str],
    message: bytes,
    shown: Iterable[str],
    *,
    digest: str = "sha256",
    encoding: Encoding = "hex",
    header: str = "the signature",
) -> None:
    """Raises `BadSignature` unless one of `shown` is the HMAC of `message` under one of `secrets`.

    Every pair is compared, so that the time taken says nothing about which was nearly right.
    """
    candidates = [text.strip().encode("utf-8", "replace") for text in shown if text.strip()]
    if not candidates:
        raise BadSignature(f"{header} is missing")
    fits = [
        hmac.compare_digest(_encoded(hmac.new(secret.encode(), message, digest).digest(), encoding), candidate)
        for secret in secrets
        for candidate in candidates[:10]
    ]
    if not any(fits):
        raise BadSignature(f"{header} does not fit")


def check_window(seconds: str, received_at: datetime, *, header: str, window_s: int = WINDOW_S) -> None:
    """Raises `BadSignature` unless `seconds` since 1970 is near the moment of receipt."""
    if not seconds.strip().isdecimal() or len(seconds) > 12:
        raise BadSignature(f"{header} is missing or no time")
    if abs(received_at.timestamp() - int(seconds)) > window_s:
        raise BadSignature(f"{header} is more than {window_s} s away: sent long ago, or a clock is wrong")


def _encoded(digest: bytes, encoding: Encoding) -> bytes:
    return digest.hex().encode() if encoding == "hex" else base64.b64encode(digest)


def check_own(secrets: Sequence[str], raw: bytes, headers: Mapping[str, str]) -> None:
    """Raises `BadSignature` unless a flow of the house signed the body (`OWN_HEADER`)."""
    method, _, digest = headers.get(OWN_HEADER.lower(), "").partition("=")
    check_hmac(secrets, raw, [digest] if method == "sha256" else [], header=OWN_HEADER)
