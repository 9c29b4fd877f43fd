"""Whose decisions a run believes: those that carry the signature of a key pinned in its start input.

A run without pinned keys (a rehearsal, an incident of a version before) believes all. Verifying is pure computation:
the same bytes give the same answer at every replay.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from mayday.domain.signed import UNSIGNED, decision_bytes

__all__ = ["UNSIGNED", "Seal"]


class Seal:
    """The keys that count for one subject: an incident, or its review."""

    def __init__(self, subject: str, keys: Sequence[str]) -> None:
        """`keys` are Ed25519 public keys, base64. One that is none verifies nothing."""
        self._subject = subject
        self._keys = {key: public for key in keys if (public := _public(key)) is not None}
        self._required = bool(keys)

    def holds(self, envelope: Mapping[str, Any]) -> bool:
        """Whether a decision, as it came, may count."""
        return self._signed(self._subject, envelope)

    def ordered(self, handover: Mapping[str, Any]) -> bool:
        """Whether what another incident hands over goes back to a signed order to merge with this one."""
        order = handover.get("order")
        if not self._required:
            return True
        if not isinstance(order, Mapping) or not isinstance(order.get("command"), Mapping):
            return False
        command, source = order["command"], order.get("incident")
        concerned = (source, command.get("into"))
        return command.get("kind") == "merge" and self._subject in concerned and self._signed(str(source), order)

    def _signed(self, subject: str, envelope: Mapping[str, Any]) -> bool:
        if not self._required:
            return True
        command, signatures = envelope.get("command"), envelope.get("signatures")
        if not isinstance(command, Mapping) or not isinstance(signatures, Mapping):
            return False
        try:
            signed = decision_bytes(subject, command)
        except (ValueError, RecursionError):  # NaN, or nested beyond all measure: no starter signed that
            return False
        return any(
            _verifies(public, signatures[key], signed) for key, public in self._keys.items() if key in signatures
        )


def _public(key: str) -> Ed25519PublicKey | None:
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
    except (ValueError, binascii.Error):
        return None


def _verifies(public: Ed25519PublicKey, signature: object, signed: bytes) -> bool:
    try:
        public.verify(base64.b64decode(str(signature), validate=True), signed)
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True
