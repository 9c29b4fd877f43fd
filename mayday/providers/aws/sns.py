"""SNS's signatures: RSA over a canonical text, by a certificate that is fetched from SNS itself and from nowhere else.

The address of the certificate stands in the message, so anybody can write one there: only https, only a host
`sns.REGION.amazonaws.com` (`.cn`), only a `.pem`. The same holds for the address that confirms a subscription. An
account of anybody's can publish signed messages: only the list of topics says which are ours.
Source: awsdocs SNS developer guide, "Verifying the signatures of Amazon SNS messages".
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import OrderedDict
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from mayday.providers.facts import scalar
from mayday.providers.inbound import BadSignature, Fetch, Unverifiable

__all__ = ["canonical", "check", "listed", "subscribe_url"]

_HOST = re.compile(r"sns\.[a-z0-9-]{3,}\.amazonaws\.com(\.cn)?")
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_HASHES: dict[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}
CERTIFICATES_KEPT = 20
_certificates: OrderedDict[str, rsa.RSAPublicKey] = OrderedDict()


def listed(topic: str, topics: str) -> bool:
    """Whether a topic is one of `topics`: ARNs with commas between, `*` at the end of one for all that begin so."""
    wanted = [each.strip() for each in topics.split(",") if each.strip()]
    return any(topic == each or (each.endswith("*") and topic.startswith(each[:-1])) for each in wanted)


async def check(message: dict[str, Any], topics: str, fetch: Fetch) -> None:
    """Raises `BadSignature` unless the topic is listed and SNS signed the message; `Unverifiable` without its key."""
    if not listed(scalar(message.get("TopicArn")), topics):
        raise BadSignature("the topic is not in MAYDAY_WEBHOOK_AWS_TOPICS")
    algorithm = _HASHES.get(scalar(message.get("SignatureVersion")))
    if algorithm is None:
        raise BadSignature("SignatureVersion is neither 1 nor 2")
    try:
        signature = base64.b64decode(scalar(message.get("Signature")), validate=True)
    except (binascii.Error, ValueError):
        raise BadSignature("Signature is not base64") from None
    text = canonical(message)
    key = await _key(_own_url(scalar(message.get("SigningCertURL")), ".pem"), fetch)
    try:
        key.verify(signature, text, padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        raise BadSignature("the signature does not fit") from None


def canonical(message: dict[str, Any]) -> bytes:
    """The text that is signed: names and values on lines of their own; an absent Subject is left out."""
    kind = message.get("Type")
    names = _NOTIFICATION if kind == "Notification" else _CONFIRMATION
    lines: list[str] = []
    for name in names:
        value = message.get(name)
        if value is None and name == "Subject":
            continue
        if not isinstance(value, str):
            raise BadSignature(f"{name} is missing")
        lines += [name, value]
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")


def subscribe_url(message: dict[str, Any]) -> str:
    """The address that confirms a subscription. Raises `BadSignature` when it is not SNS's."""
    return _own_url(_url(message.get("SubscribeURL")), "")


def _url(value: object) -> str:
    """An address as it is: longer than the texts that we keep."""
    return value if isinstance(value, str) and len(value) <= 4096 else ""


def _own_url(url: str, ending: str) -> str:
    try:
        parts = urlsplit(url)
        fits = (
            parts.scheme == "https"
            and parts.hostname is not None
            and _HOST.fullmatch(parts.hostname) is not None
            and parts.port in (None, 443)
            and parts.username is None
            and parts.path.endswith(ending)
        )
    except ValueError:
        fits = False
    if not fits:
        raise BadSignature("an address in the message is not SNS's own")
    return url


async def _key(url: str, fetch: Fetch) -> rsa.RSAPublicKey:
    if url not in _certificates:
        try:
            key = x509.load_pem_x509_certificate(await fetch(url)).public_key()
        except ValueError:
            raise Unverifiable("SNS's certificate cannot be read") from None
        if not isinstance(key, rsa.RSAPublicKey):
            raise Unverifiable("SNS's certificate has no RSA key")
        while len(_certificates) >= CERTIFICATES_KEPT:
            _certificates.popitem(last=False)
        _certificates[url] = key
    return _certificates[url]
