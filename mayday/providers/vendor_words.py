"""Texts that cross the border: what vendors say in their errors, and our own cut to what they take."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["cut", "cut_bytes", "one_line", "short_key", "said_in", "without_secrets"]

LONGEST_SAID = 300
MASK = "********"

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SPACES = re.compile(r"\s+")
_WORDS = (
    "error_description", "message", "detail", "error", "title", "reason", "errorMessage", "errorMessages", "errors",
    "messageText", "code",
)  # fmt: skip


def cut(text: str, most: int) -> str:
    """At most `most` characters without control characters; what is left out shows as an ellipsis."""
    clean = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
    return clean if len(clean) <= most else clean[: max(0, most - 1)] + "…"


def cut_bytes(text: str, most: int) -> str:
    """At most `most` bytes of UTF-8, whole characters only."""
    clean = cut(text, len(text) + 1)
    raw = clean.encode()
    return clean if len(raw) <= most else raw[: max(0, most - 3)].decode("utf-8", "ignore") + "…"


def one_line(text: str, most: int) -> str:
    """For subjects and titles: no line breaks, cut."""
    return cut(_SPACES.sub(" ", text).strip(), most)


def short_key(effect_key: str, most: int) -> str:
    """The effect key as a vendor's idempotency key. Where it is too long, its beginning and a digest of all of it."""
    if len(effect_key) <= most:
        return effect_key
    digest = hashlib.sha256(effect_key.encode()).hexdigest()[:32]
    return f"{effect_key[: most - 33]}~{digest}"


def said_in(data: Any) -> str:
    """What the vendor said, in one short line: found where vendors put it, empty where it is nothing to read."""
    found: list[str] = []
    _collect(data, found, depth=0)
    return one_line("; ".join(dict.fromkeys(found)), LONGEST_SAID)


def _collect(data: Any, found: list[str], depth: int) -> None:
    if len(found) >= 4 or depth > 4:
        return
    if isinstance(data, str):
        if data.strip() and not data.lstrip().startswith("<"):  # a proxy's HTML page tells nothing
            found.append(data[: LONGEST_SAID * 2])
    elif isinstance(data, int) and not isinstance(data, bool) and depth:
        found.append(str(data))
    elif isinstance(data, list):
        for item in data[:4]:
            _collect(item, found, depth + 1)
    elif isinstance(data, Mapping):
        known = [name for name in _WORDS if data.get(name)]
        for name in known if known else (list(data)[:4] if depth else []):
            value = data[name]
            if name == "code" and found:
                continue
            _collect(value, found, depth + 1)


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """`text` with every secret masked, also the beginning of one that was cut off."""
    for secret in sorted({each for each in secrets if len(each) >= 4}, key=len, reverse=True):
        text = text.replace(secret, MASK)
        if len(secret) >= 12 and secret[:12] in text:
            text = re.sub(re.escape(secret[:12]) + r"\S*", MASK, text)
    return text
