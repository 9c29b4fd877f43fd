"""The payload codec: large payloads are compressed, and all are encrypted when keys are set.

What Temporal stores (plans, alerts, decisions, names) then takes a fraction of the space, and with keys nobody who has
access to the cluster reads it. Keys rotate: the first encrypts, all decrypt; an unencrypted payload stays readable.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import zlib
from collections.abc import Iterable, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from mayday.settings import SettingsError

COMPRESSED = b"binary/zlib"
#: a start waits for it: a plan gets an eighth larger than by the default, in a quarter of the time
LEVEL = 3
ENCRYPTED = b"binary/aes-256-gcm"

# Below this a payload stays readable in Temporal's web UI; above it nobody reads it there anyway.
COMPRESS_FROM_BYTES = 8 * 1024

_NONCE_BYTES = 12


class CodecKeyError(SettingsError):
    """A payload key is not 32 bytes of base64, or a payload was encrypted with a key that is not set here."""


class MaydayCodec(PayloadCodec):
    """Compresses payloads from `COMPRESS_FROM_BYTES` on, then encrypts all if `keys` is not empty."""

    def __init__(self, keys: Sequence[bytes] = (), *, compress_from: int = COMPRESS_FROM_BYTES) -> None:
        self._keys = {_key_id(key): AESGCM(key) for key in keys}
        self._compress_from = compress_from

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """See base class."""
        return [self._encrypt(self._compress(payload)) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """See base class.

        Raises:
            CodecKeyError: no key that is set here decrypts a payload.
        """
        return [self._decompress(self._decrypt(payload)) for payload in payloads]

    def _compress(self, payload: Payload) -> Payload:
        if len(payload.data) < self._compress_from:
            return payload
        return _wrap(COMPRESSED, zlib.compress(payload.SerializeToString(), LEVEL))

    def _decompress(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != COMPRESSED:
            return payload
        return Payload.FromString(zlib.decompress(payload.data))

    def _encrypt(self, payload: Payload) -> Payload:
        for key_id, cipher in self._keys.items():
            nonce = os.urandom(_NONCE_BYTES)
            sealed = nonce + cipher.encrypt(nonce, payload.SerializeToString(), None)
            return _wrap(ENCRYPTED, sealed, key_id)
        return payload

    def _decrypt(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCRYPTED:
            return payload
        key_id = payload.metadata.get("key", b"").decode()
        cipher = self._keys.get(key_id)
        if cipher is None:
            raise CodecKeyError(f"a payload was encrypted with key {key_id}, which MAYDAY_CODEC_KEYS does not hold")
        try:
            return Payload.FromString(cipher.decrypt(payload.data[:_NONCE_BYTES], payload.data[_NONCE_BYTES:], None))
        except InvalidTag:
            raise CodecKeyError(f"a payload encrypted with key {key_id} was altered") from None


def read_keys(listed: str) -> list[bytes]:
    """Keys from a comma-separated list of base64 texts of 32 bytes each, the newest first.

    Raises:
        CodecKeyError: an entry is something else; the entry is not shown.
    """
    return [_read_key(number, text.strip()) for number, text in enumerate(listed.split(","), 1) if text.strip()]


def _read_key(number: int, text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise CodecKeyError(f"MAYDAY_CODEC_KEYS: entry {number} is not base64") from None
    if len(key) != 32:
        raise CodecKeyError(f"MAYDAY_CODEC_KEYS: entry {number} has {len(key)} bytes instead of 32")
    return key


def _key_id(key: bytes) -> str:
    """A name for the key that gives nothing of it away, so that rotation finds the right one."""
    return hashlib.sha256(b"mayday codec key" + key).hexdigest()[:12]


def _wrap(encoding: bytes, data: bytes, key_id: str | None = None) -> Payload:
    metadata: Iterable[tuple[str, bytes]] = [("encoding", encoding)]
    if key_id is not None:
        metadata = [*metadata, ("key", key_id.encode())]
    return Payload(metadata=dict(metadata), data=data)
