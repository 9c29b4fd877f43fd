"""What an inbound webhook is to us: a delivery goes in, normalised alerts come out, and nothing is lost on the way.

    InboundError
    +-- Malformed        the body is not what this source sends: 400 with field and reason
    +-- BadSignature     the signature is missing or wrong: 401
    +-- Unverifiable     what the signature is checked against cannot be had now: 503, the sender tries again

A source is one object: `verify` looks at what vouches for a delivery (tokens and addresses are checked by the starter
for all sources), `handshake` answers what a vendor asks of a new address, `events` are the alerts in it, `callbacks`
what it says of our own calls. Texts that are too long are cut, never refused: the raw body stays in the inbox.
"""

from __future__ import annotations

import hashlib
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal

from mayday.domain.incident import AlertEvent
from mayday.providers.calls import OurCall

__all__ = [
    "BadSignature", "Callback", "CallbackKind", "Delivery", "Fetch", "InboundError", "InboundSource", "Malformed",
    "Unverifiable", "clean_text", "fingerprint_of", "instant", "mapping", "read_json", "sequence", "text_map",
]  # fmt: skip

LONGEST_VALUE = 1024
LONGEST_NAME = 128
MOST_NAMES = 64
BUDGET = 16 * 1024
"""Bytes of labels, and again of annotations, kept per alert: a signal carries 64 KiB."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2})(?:[.,](\d{1,12}))?\s*([Zz]|[+-]\d{2}:?\d{2})?")


class InboundError(Exception):
    """A delivery that is not taken in."""


class Malformed(InboundError):
    """`field` is where (`alerts[0].labels`), `reason` what is wrong there."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason


class BadSignature(InboundError):
    """The sender did not prove who it is. The text never holds the expected value."""


class Unverifiable(InboundError):
    """The keys of a signature cannot be fetched now: our trouble, so the sender is asked to try again."""


#: GETs an https address (no redirects, bounded answer) and gives its body; raises `Unverifiable`
Fetch = Callable[[str], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request as it came. Header names are lower case.

    `options` are the source's settings besides token and secret (`MAYDAY_WEBHOOK_AWS_TOPICS` -> `topics`);
    `token_fits` says that the sender showed the source's token.
    """

    raw: bytes
    received_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    token_fits: bool = False


CallbackKind = Literal["ack", "decline", "note", "named"]
"""`named`: nobody did anything, but it tells under which id of its own the vendor has a call of ours."""


@dataclass(frozen=True, slots=True)
class Callback:
    """What somebody did at a vendor with something that we made there: a page answered, a ticket written to.

    `id` is the same for every delivery of the same deed. `person` is who did it, as the vendor knows them (an id, a
    mail address, a user name), `name` how people call them. `call` is ours that it is about; where the vendor does not
    say, `ticket` or `meeting` is the number of what may be ours, `ref` the vendor's id of a page. `over`: they hold the
    matter for finished.
    """

    id: str
    kind: CallbackKind
    call: OurCall | None
    person: str = ""
    name: str = ""
    text: str = ""
    at: datetime | None = None
    ticket: str = ""
    meeting: str = ""
    over: bool = False
    ref: str = ""


class InboundSource(ABC):
    """One system that sends us something. Subclasses say what their deliveries mean."""

    name: str
    #: how people call the system
    title: str = ""
    #: its settings besides token, secret and addresses, in small letters, and what each is for
    settings: Mapping[str, str] = MappingProxyType({})
    #: the setting `MAYDAY_WEBHOOK_<NAME>_<PROOF>` that has `verify` called; None: this sender signs nothing
    proof: str | None = None
    #: its forms are vouched for differently, some by token and some by signature: `verify` looks at both
    mixed: bool = False
    #: what ends an alert carries fewer labels than what began it: it goes where the beginning went
    sparse: bool = False

    async def verify(self, delivery: Delivery, secrets: Sequence[str], fetch: Fetch) -> None:
        """Raises `BadSignature` unless the delivery is vouched for: one of `secrets` signed its raw bytes.

        A source that names a `proof` says how; one that forgot to lets nobody in.
        """
        raise BadSignature(f"{self.name} has no way to check a signature")

    async def handshake(self, delivery: Delivery, secrets: Sequence[str], fetch: Fetch) -> Mapping[str, Any] | None:
        """What a vendor asks of an address before it sends to it: the answer, or None when this is no such request."""
        return None

    @abstractmethod
    def events(self, delivery: Delivery) -> list[AlertEvent]:
        """The alerts in it; empty when it tells of nothing that fires or ends. `Malformed` with field and reason."""

    def callbacks(self, delivery: Delivery) -> list[Callback]:
        """What it says of our own calls."""
        return []

    def reply(self, delivery: Delivery, states: Sequence[str]) -> tuple[str, str] | None:
        """Text and media type, for a sender that reads our answer aloud; `states` is what became of the callbacks."""
        return None


def read_json(raw: bytes) -> Any:
    """The body as JSON data; `Malformed` names line and column."""
    try:
        return json.loads(raw, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise Malformed("", f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except UnicodeDecodeError:
        raise Malformed("", "not JSON: the body is not UTF-8 text") from None
    except RecursionError:
        raise Malformed("", "not JSON: nested too deeply") from None
    except ValueError as error:
        raise Malformed("", f"not JSON: {str(error)[:120]}") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


def kind_of(value: object) -> str:
    """What a JSON value is, for people."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    for types, word in (((str,), "a text"), ((int, float), "a number"), ((list,), "a list"), ((dict,), "an object")):
        if isinstance(value, types):
            return word
    return type(value).__name__


def mapping(value: object, where: str) -> dict[str, Any]:
    """`value` as an object."""
    if not isinstance(value, dict):
        raise Malformed(where, f"expected an object, got {kind_of(value)}")
    return value


def sequence(value: object, where: str) -> list[Any]:
    """`value` as a list."""
    if not isinstance(value, list):
        raise Malformed(where, f"expected a list, got {kind_of(value)}")
    return value


def clean_text(value: object, limit: int = LONGEST_VALUE) -> str:
    """A scalar as text without control characters and halves of characters, cut to `limit`."""
    if isinstance(value, str) and len(value) <= limit and value.isprintable():
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(value))
    return text if len(text) <= limit else text[: limit - 1] + "…"


def text_map(value: object, where: str) -> dict[str, str]:
    """An object of texts (labels, annotations); numbers and booleans become text, nested values are refused."""
    found: dict[str, str] = {}
    budget = BUDGET
    for name, item in mapping(value, where).items():
        if isinstance(item, dict | list):
            raise Malformed(f"{where}.{clean_text(name, LONGEST_NAME)}", f"expected a text, got {kind_of(item)}")
        key = clean_text(name, LONGEST_NAME)
        text = clean_text(item) if item is not None else ""
        budget -= (len(key) if key.isascii() else _bytes_of(key)) + (len(text) if text.isascii() else _bytes_of(text))
        if budget < 0 or len(found) == MOST_NAMES:
            break
        found[key] = text
    return found


def _bytes_of(text: str) -> int:
    return len(text.encode())


def instant(value: object, where: str) -> datetime | None:
    """An RFC 3339 time with any number of decimals, in UTC; None for nothing and for Go's zero time."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise Malformed(where, f"expected an RFC 3339 time, got {clean_text(value, 40)!r}")
    try:
        return _instant_of(value)
    except _NoInstant:
        raise Malformed(where, f"expected an RFC 3339 time, got {clean_text(value, 40)!r}") from None
    except (ValueError, OverflowError):
        raise Malformed(where, f"{clean_text(value, 40)!r} is no time that exists") from None


class _NoInstant(Exception):
    """A text that is no time at all."""


@lru_cache(maxsize=1_000)
def _instant_of(text: str) -> datetime | None:
    """Alerts of one rule begin at the same moment, and nearly all end at Go's zero time."""
    found = _INSTANT.fullmatch(text.strip())
    if found is None:
        raise _NoInstant
    whole, fraction, zone = found.groups()
    if whole.startswith("0001-01-01"):
        return None
    at = datetime.fromisoformat(whole.upper().replace(" ", "T") + (zone or "Z").upper())
    return at.replace(microsecond=int((fraction or "0")[:6].ljust(6, "0"))).astimezone(UTC)


def fingerprint_of(*parts: object) -> str:
    """A stable identity for what its sender gave none."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
