"""Zoom's events: who joined our bridge, and that it ended, as notes on the timeline.

Signed: `x-zm-signature` is `v0=` + hex HMAC-SHA256 of `v0:timestamp:body` under the app's secret token
(MAYDAY_WEBHOOK_ZOOM_SECRET), good for five minutes. A new address is asked to sign a text before it gets events. The
meeting leads to the incident whose bridge it is. Source: developers.zoom.us "Using webhooks".
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any

from mayday.domain.incident import AlertEvent
from mayday.providers.facts import epoch, fields, needed, scalar
from mayday.providers.inbound import Callback, Delivery, Fetch, InboundSource, Malformed, mapping, read_json
from mayday.providers.signatures import check_hmac, check_window

__all__ = ["Zoom"]

SIGNATURE_HEADER, TIMESTAMP_HEADER = "x-zm-signature", "x-zm-request-timestamp"
VALIDATION = "endpoint.url_validation"
_TOLD = {"meeting.participant_joined": "joined the bridge", "meeting.ended": "ended the bridge"}


class Zoom(InboundSource):
    """The inbound source `zoom`."""

    name = "zoom"
    title = "Zoom: who joins our bridges"
    proof = "SECRET"

    async def verify(self, delivery: Delivery, secrets: Sequence[str], fetch: Fetch) -> None:
        """HMAC over version, timestamp and body, inside the window."""
        seconds = delivery.headers.get(TIMESTAMP_HEADER, "")
        check_window(seconds, delivery.received_at, header=TIMESTAMP_HEADER)
        shown = delivery.headers.get(SIGNATURE_HEADER, "")
        message = f"v0:{seconds}:".encode() + delivery.raw
        known = [shown.removeprefix("v0=")] if shown.startswith("v0=") else []
        check_hmac(secrets, message, known, header=SIGNATURE_HEADER)

    async def handshake(self, delivery: Delivery, secrets: Sequence[str], fetch: Fetch) -> Mapping[str, Any] | None:
        """Zoom asks whether we know the secret: its text, signed with the newest."""
        body = mapping(read_json(delivery.raw), "body")
        if body.get("event") != VALIDATION:
            return None
        if not secrets:
            raise Malformed("event", "MAYDAY_WEBHOOK_ZOOM_SECRET is not set: nothing to answer with")
        plain = needed(fields(body.get("payload")), "plainToken", where="payload")
        digest = hmac.new(secrets[0].encode(), plain.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
        return {"plainToken": plain, "encryptedToken": digest}

    def events(self, delivery: Delivery) -> list[AlertEvent]:
        """None: meetings are no alerts."""
        needed(mapping(read_json(delivery.raw), "body"), "event")
        return []

    def callbacks(self, delivery: Delivery) -> list[Callback]:
        """Somebody joined one of our bridges, or it ended."""
        body = mapping(read_json(delivery.raw), "body")
        kind, meeting = scalar(body.get("event")), fields(fields(body.get("payload")).get("object"))
        number = scalar(meeting.get("id"))
        if kind not in _TOLD or not number:
            return []
        who = fields(meeting.get("participant"))
        stamp = scalar(body.get("event_ts"))
        return [
            Callback(
                id=f"{kind}:{number}:{stamp}:{scalar(who.get('participant_uuid') or who.get('user_id'))}",
                kind="note",
                call=None,
                person=scalar(who.get("email")),
                name=scalar(who.get("user_name")) or ("the host" if kind == "meeting.ended" else "somebody"),
                text=_TOLD[kind],
                at=epoch(body.get("event_ts")),
                meeting=number,
            )
        ]
