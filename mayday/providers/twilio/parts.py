"""Into how many parts a text message is cut on its way, each of them paid for.

GSM 03.38 has 7 bits a sign: 160 in one part, 153 in each of several; the signs of its extension count twice. One sign
that it does not have, and the whole message goes as UCS-2: 70, and 67. Source: twilio.com/docs/glossary,
"What SMS character limit".
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Parts", "parts_of"]

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("^{}\\[~]|€\f")


class Parts(NamedTuple):
    """`odd`: the first sign that is not of the telephone's own alphabet, which makes parts short."""

    number: int
    odd: str | None

    def __str__(self) -> str:
        words = "1 message" if self.number == 1 else f"{self.number} messages in one"
        return f"{words}, short ones because of {self.odd!r}" if self.odd else words


def parts_of(text: str) -> Parts:
    """How a text is cut."""
    odd = next((sign for sign in text if sign not in _BASIC and sign not in _EXTENSION), None)
    if odd is None:
        return Parts(_cut(sum(2 if sign in _EXTENSION else 1 for sign in text), 160, 153), None)
    return Parts(_cut(len(text.encode("utf-16-le")) // 2, 70, 67), odd)


def _cut(length: int, alone: int, together: int) -> int:
    return 1 if length <= alone else -(-length // together)
