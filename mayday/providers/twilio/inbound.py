"""Twilio's callbacks: a key pressed during one of our telephone calls, and what became of calls and messages.

    POST /webhooks/twilio?call=INC-01J.../page_mim%231/ana/voice      Digits=1 acknowledges that page, 2 declines it

Signed with the account's auth token (MAYDAY_WEBHOOK_TWILIO_SECRET): base64 of HMAC-SHA1 over the public address with
its query and the sorted fields of the form. The address is that of MAYDAY_BASE_URL, also behind a proxy. Twilio reads
our answer aloud. Source: twilio.com/docs/usage/security; twilio/twilio-python `request_validator`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

from mayday.domain.incident import AlertEvent
from mayday.providers.calls import read_call
from mayday.providers.facts import scalar
from mayday.providers.inbound import Callback, CallbackKind, Delivery, Fetch, InboundSource, Malformed
from mayday.providers.signatures import check_hmac

__all__ = ["Twilio", "signed_text"]

SIGNATURE_HEADER = "X-Twilio-Signature"
MOST_FIELDS = 200
ACKNOWLEDGE, DECLINE = "1", "2"
_SAID_OF_NO = {
    "applied": "Thank you. The next person is called now.",
    "queued": "Thank you. It is kept, and delivered as soon as possible.",
    "pending": "Thank you. The next person is called in a moment.",
    "refused": "This page is over, or cannot be declined.",
}
_SAID = {
    "applied": "Thank you. The page is acknowledged.",
    "queued": "Thank you. Your acknowledgement is kept, and delivered as soon as possible.",
    "pending": "Thank you. Your acknowledgement is on its way.",
    "refused": "This page is over, or somebody else has acknowledged it.",
}
_NOT_SAID = "Nothing was acknowledged. Open the incident on the console."


class Twilio(InboundSource):
    """The inbound source `twilio`."""

    name = "twilio"
    title = "Twilio: keys pressed during our calls"
    proof = "SECRET"

    async def verify(self, delivery: Delivery, secrets: Sequence[str], fetch: Fetch) -> None:
        """HMAC-SHA1 as Twilio computes it."""
        text = signed_text(delivery.url, _form(delivery.raw))
        shown = delivery.headers.get(SIGNATURE_HEADER.lower(), "")
        check_hmac(secrets, text, [shown], digest="sha1", encoding="base64", header=SIGNATURE_HEADER)

    def events(self, delivery: Delivery) -> list[AlertEvent]:
        """None: Twilio tells of our own calls only."""
        if not any(name in _form(delivery.raw) for name in ("CallSid", "MessageSid", "SmsSid")):
            raise Malformed("CallSid", "is missing; this is no callback of Twilio")
        return []

    def callbacks(self, delivery: Delivery) -> list[Callback]:
        """Somebody pressed 1, or 2."""
        form, call = _form(delivery.raw), read_call(delivery.query.get("call"))
        pressed = _first(form, "Digits").strip()
        if call is None or pressed not in (ACKNOWLEDGE, DECLINE):
            return []
        kind: CallbackKind = "ack" if pressed == ACKNOWLEDGE else "decline"
        return [
            Callback(f"{_first(form, 'CallSid')}:{pressed}", kind, call, text=f"pressed {pressed} on the telephone")
        ]

    def reply(self, delivery: Delivery, states: Sequence[str]) -> tuple[str, str] | None:
        """TwiML: what became of the key, or nothing."""
        form = _form(delivery.raw)
        if "Digits" not in form:
            return "<Response/>", "text/xml"
        words = _SAID_OF_NO if _first(form, "Digits").strip() == DECLINE else _SAID
        said = words.get(states[0], _NOT_SAID) if states else _NOT_SAID
        return f"<Response><Say>{said}</Say></Response>", "text/xml"


def signed_text(url: str, form: Mapping[str, Sequence[str]]) -> bytes:
    """The address, then each name and its different values in order."""
    return (url + "".join(f"{name}{value}" for name in sorted(form) for value in sorted(set(form[name])))).encode()


def _form(raw: bytes) -> dict[str, list[str]]:
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except (UnicodeDecodeError, ValueError):
        raise Malformed("", "not a form") from None
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _first(form: Mapping[str, Sequence[str]], name: str) -> str:
    return scalar(next(iter(form.get(name, ())), ""))
