"""Text messages and telephone calls by Twilio.

Twilio has no idempotency key: after an answer that never came the messages (or calls) to the same number are listed and
compared, a message by its text, which ends in a mark of its own. A telephone call reads the text twice and says how to
acknowledge; where Twilio can reach us, pressing 1 does.
Source: specs/twilio; 20429 means not processed (twilio.com/docs/api/errors/20429).
"""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from mayday.domain.errors import Refused
from mayday.domain.ports import Call, Rendering
from mayday.providers.answering import DECLINABLE
from mayday.providers.client import VendorClient, segment
from mayday.providers.page_words import incident_url, mark_of
from mayday.providers.twilio.parts import parts_of
from mayday.providers.vendor_pager import InDoubt
from mayday.providers.vendor_words import cut, one_line
from mayday.records.pager_calls import PagerCall

__all__ = ["NAME", "TwilioLine"]

NAME = "twilio"
LONGEST_BODY = 1600
"""Characters of a message. Ours stay far below: each 153 of them (67 with signs beyond GSM 03.38) are paid for."""
KEPT_OF_TEXT = 600
#: what nobody listens to the end of
KEPT_OF_SPEECH = 500
_DEAD = frozenset({"failed", "undelivered", "canceled"})


class TwilioLine:
    """`callback` is our own public address for Twilio's callbacks, None where it cannot reach us."""

    name = NAME
    in_doubt: InDoubt = "look"

    def __init__(
        self, client: VendorClient, base_url: str, *, account: str, from_number: str = "", messaging_service: str = "",
        language: str = "en-GB", callback: str | None = None,
    ) -> None:  # fmt: skip
        self._client = client
        self._base_url = base_url
        self._path = f"/2010-04-01/Accounts/{segment(account)}"
        self._from = from_number
        self._service = messaging_service
        self._language = language
        self._callback = callback
        self.channels = frozenset({"sms", "voice"} if from_number else {"sms"})

    def rendered(self, call: Call) -> Rendering:
        form = self._form(call)
        if call.channel == "voice":
            said, whole = one_line(call.text, KEPT_OF_SPEECH), one_line(call.text, len(call.text) + 1)
            return Rendering(
                provider=NAME, form="read aloud, twice", to=[call.address], text=said,
                facts={"language": self._language}, shortened=said != whole, body=form,
            )  # fmt: skip
        return Rendering(
            provider=NAME, form="text message", to=[call.address], text=form["Body"],
            facts={"paid as": str(parts_of(form["Body"]))}, shortened=cut(call.text, KEPT_OF_TEXT) != call.text,
            body=form,
        )  # fmt: skip

    async def ring(self, call: Call) -> str:
        form = self._form(call)
        answer = await self._client.call("POST", f"{self._path}/{_kind(call.channel)}.json", form=form)
        sid = answer.text_at("sid")
        if sid is None or answer.at("status") in _DEAD:
            said = one_line(str(answer.at("error_message") or answer.at("status") or "no id"), 100)
            raise Refused(f"twilio made no call: {said}", provider=NAME)
        return sid

    def _form(self, call: Call) -> dict[str, str]:
        form = {"To": call.address} | (
            {"Twiml": self._spoken(call)} if call.channel == "voice" else {"Body": self._written(call)}
        )
        if call.channel != "voice" and self._service:
            form["MessagingServiceSid"] = self._service
        else:
            form["From"] = self._from
        if self._callback is not None:
            form["StatusCallback"] = self._told(call)
        return form

    async def look(self, call: Call, since: datetime) -> list[str]:
        kind = _kind(call.channel)
        answer = await self._client.call(
            "GET", f"{self._path}/{kind}.json", params={"To": call.address, "PageSize": "50"}
        )
        body = self._written(call) if kind == "Messages" else None
        return [
            str(row["sid"])
            for row in answer.rows(kind.lower())
            if row.get("sid") and row.get("status") not in _DEAD and (body is None or row.get("body") == body)
            and str(row.get("direction", "outbound-api")).startswith("outbound") and _made_at(row, since) >= since
        ]  # fmt: skip

    async def stop(self, call: PagerCall, reason: str) -> None:
        """A telephone that still rings stops; a message is read or not."""
        if call.channel == "voice" and call.ref is not None:
            # a call that is over already is refused (21220): it does not ring any more
            await self._client.call(
                "POST", f"{self._path}/Calls/{segment(call.ref)}.json", form={"Status": "completed"}, accept=(400, 404)
            )

    def _written(self, call: Call) -> str:
        text = cut(call.text, KEPT_OF_TEXT)
        return f"{text}\n{incident_url(self._base_url, call)} ({mark_of(call.effect_key)})"[:LONGEST_BODY]

    def _spoken(self, call: Call) -> str:
        """TwiML. The text is escaped: it may hold anything."""
        said = escape(one_line(call.text, KEPT_OF_SPEECH))
        say = f"<Say language={quoteattr(self._language)}>"
        if self._callback is None or not call.urgent:
            how = "To acknowledge, open the incident on the console or use the mayday command." if call.urgent else ""
            again = f"{say}{said}</Say><Pause/>"
            return (
                f"<Response>{again}{again}{say}{escape(how)}</Say></Response>"
                if how
                else f"<Response>{again}</Response>"
            )
        keys = "Press 1 to acknowledge, 2 if you cannot." if call.purpose in DECLINABLE else "Press 1 to acknowledge."
        gather = f'<Gather numDigits="1" timeout="8" method="POST" action={quoteattr(self._told(call))}>'
        asked = f"{gather}{say}{said} {keys}</Say></Gather>"
        return f"<Response>{asked}{asked}{say}Nobody has acknowledged. The next person will be called.</Say></Response>"

    def _told(self, call: Call) -> str:
        return f"{self._callback}?call={quote(call.effect_key, safe='')}"


def _kind(channel: str) -> str:
    return "Calls" if channel == "voice" else "Messages"


def _made_at(row: dict[str, Any], unknown: datetime) -> datetime:
    """When Twilio got it (RFC 2822); one without a time counts as ours to be careful with."""
    try:
        return parsedate_to_datetime(str(row.get("date_created")))
    except (ValueError, TypeError):
        return unknown
