"""What an outgoing webhook of Teams sends us when somebody writes to it, verified over the raw bytes.

`Authorization: HMAC ` base64 of HMAC-SHA256 over the body, keyed with the decoded security token. Nothing in the
signature tells when: the message's own `timestamp`, which is signed with it, may be five minutes away, and its id makes
the command's, so that a repeated request is one command.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from html.parser import HTMLParser
from typing import NamedTuple

from mayday.providers.inbound import BadSignature, Malformed, clean_text, instant, mapping, read_json

__all__ = ["Written", "verify", "written"]

WINDOW_S = 300
LONGEST = 20_000
_BREAKS = frozenset({"br", "p", "div", "li"})


class Written(NamedTuple):
    """A message to us. `user` is the object id in the directory."""

    user: str
    channel: str
    text: str
    message: str


def verify(raw: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> None:
    """Raises BadSignature unless one of the security tokens signed it. Header names are lower case."""
    scheme, _, shown = headers.get("authorization", "").partition(" ")
    fits = [hmac.compare_digest(_digest(secret, raw), shown.strip().encode()) for secret in secrets]
    if scheme.upper() != "HMAC" or not any(fits):
        raise BadSignature("the signature does not fit")


def _digest(secret: str, raw: bytes) -> bytes:
    """Of a token that is no base64, what no signature is."""
    try:
        key = base64.b64decode(secret, validate=True)
    except (binascii.Error, ValueError):
        return b"the configured token is no base64"
    return base64.b64encode(hmac.new(key, raw, hashlib.sha256).digest())


def written(raw: bytes, now: datetime) -> Written:
    """What a verified body says. Raises BadSignature for one of another time, and Malformed."""
    activity = mapping(read_json(raw), "")
    if activity.get("type") != "message":
        raise Malformed("type", "expected a message")
    sent_at = instant(activity.get("timestamp"), "timestamp")
    if sent_at is not None and abs((now - sent_at).total_seconds()) > WINDOW_S:
        raise BadSignature("the message is more than five minutes away")
    sender = mapping(activity.get("from"), "from")
    data = mapping(activity.get("channelData") or {}, "channelData")
    conversation = mapping(activity.get("conversation") or {}, "conversation")
    number = activity.get("id")
    if not isinstance(number, str) or not 0 < len(number) <= 255:
        raise Malformed("id", "expected a text")
    text = activity.get("text")
    if not isinstance(text, str) or len(text) > LONGEST:
        raise Malformed("text", f"expected a text of at most {LONGEST} characters")
    channel = data.get("teamsChannelId") or str(conversation.get("id") or "").partition(";")[0]
    user = clean_text(sender.get("aadObjectId") or "", 255)
    return Written(user, clean_text(channel, 255), _plain(text), clean_text(number))


class _Text(HTMLParser):
    """The words of a message; who is mentioned (us) is left out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._mentions = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._mentions += tag == "at"
        if tag in _BREAKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._mentions = max(0, self._mentions - (tag == "at"))

    def handle_data(self, data: str) -> None:
        if not self._mentions:
            self.words.append(data)


def _plain(text: str) -> str:
    reader = _Text()
    reader.feed(text)
    reader.close()
    return clean_text("".join(reader.words).replace("\N{NO-BREAK SPACE}", " ").strip(), LONGEST)
