"""Decisions leave the starter signed: who decided, through which door and when it was received cannot be made up later.

An incident's start input pins the public keys of its day; its run takes decisions that one of them signed, and writes
down what comes without (`workflows.signatures`). A decision is signed with every key in use, so that incidents from
before a rotation go on.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic_core import from_json, to_json

from mayday.domain.bundles import BundleEnvelope, BundleNotice
from mayday.domain.commands import Command, CommandEnvelope
from mayday.domain.outage import OutageEnvelope, OutageNotice
from mayday.domain.review.commands import ReviewCommand, ReviewEnvelope
from mayday.domain.signed import decision_bytes, review_subject
from mayday.records.errors import RecordsUnavailable
from mayday.records.keys import HouseKeys

__all__ = ["LOOKED_UP_EVERY", "Signer"]

log = structlog.get_logger(__name__)

LOOKED_UP_EVERY = timedelta(minutes=1)
"""A rotation reaches every starter within that time."""


class _Pen(NamedTuple):
    public: str
    private: Ed25519PrivateKey


class Signer:
    """Signs with the house's keys. `required` is False where incidents shall believe every decision."""

    def __init__(self, keys: HouseKeys, clock: Callable[[], datetime], *, required: bool = True) -> None:
        self._keys = keys
        self._now = clock
        self._required = required
        self._pens: list[_Pen] = []
        self._looked_at: datetime | None = None

    async def pinned(self) -> list[str]:
        """Public keys for a start input. None while the store has not been reached: the incident opens all the same."""
        if not self._required:
            return []
        pens = await self._in_use()
        if not pens:
            log.error("decisions_not_pinned", reason="no signing key could be read")
        return [pen.public for pen in pens]

    async def for_incident(self, incident: str, command: Command) -> CommandEnvelope:
        """A decision as it travels to an incident."""
        envelope = CommandEnvelope(command=command)
        return envelope.model_copy(update={"signatures": await self._sign(incident, envelope)})

    async def for_review(self, incident: str, command: ReviewCommand) -> ReviewEnvelope:
        """A decision as it travels to an incident's review."""
        envelope = ReviewEnvelope(command=command)
        return envelope.model_copy(update={"signatures": await self._sign(review_subject(incident), envelope)})

    async def for_outage(self, incident: str, notice: OutageNotice) -> OutageEnvelope:
        """Word of an outage as it travels to an incident."""
        envelope = OutageEnvelope(command=notice)
        return envelope.model_copy(update={"signatures": await self._sign(incident, envelope)})

    async def for_bundle(self, incident: str, notice: BundleNotice) -> BundleEnvelope:
        """What calls have brought so far, as it travels to the incident that asked for them."""
        envelope = BundleEnvelope(command=notice)
        return envelope.model_copy(update={"signatures": await self._sign(incident, envelope)})

    async def _sign(
        self, subject: str, envelope: CommandEnvelope | ReviewEnvelope | OutageEnvelope | BundleEnvelope
    ) -> dict[str, str]:
        travels: dict[str, Any] = from_json(to_json(envelope))["command"]  # as the run will see it
        signed = decision_bytes(subject, travels)
        return {pen.public: base64.b64encode(pen.private.sign(signed)).decode() for pen in await self._in_use()}

    async def _in_use(self) -> list[_Pen]:
        now = self._now()
        if self._looked_at is None or now - self._looked_at >= LOOKED_UP_EVERY:
            try:
                self._pens = [_pen(key.secret) for key in await self._keys.in_use("decisions")]
                self._looked_at = now
            except RecordsUnavailable as error:
                log.warning("signing_keys_not_read", reason=str(error), known=len(self._pens))
        return self._pens


def _pen(secret: bytes) -> _Pen:
    private = Ed25519PrivateKey.from_private_bytes(secret)
    return _Pen(base64.b64encode(private.public_key().public_bytes_raw()).decode(), private)
