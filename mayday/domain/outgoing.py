"""How a message looks on each kind of channel: what leaves and what a preview shows are both made here.

A mail has a subject; chat, text messages and calls have it as their first line; a status page names the incident once,
and its later words stand below that name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Leaf", "leaves", "on_status_page", "with_subject"]

CORRECTION = "correction"
"""The purpose of a message that puts right what was sent."""


class Leaf(NamedTuple):
    """What one kind of channel carries; `subject` is None where the channel has none of its own."""

    channels: list[str]
    subject: str | None
    text: str


def with_subject(subject: str, text: str) -> str:
    """The subject as the first line, for channels that have none of their own."""
    return f"{subject}\n{text}" if subject else text


def on_status_page(text: str, purpose: str) -> str:
    """The words below the incident's name; nothing else would say there that they put something right."""
    return f"Correction: {text}" if purpose == CORRECTION else text


def leaves(via: Sequence[str], subject: str, text: str, *, purpose: str, named: bool) -> list[Leaf]:
    """What leaves by the channels `via`, those that carry the same together, in their order.

    Args:
        named: the status page has the incident already, so its name stays.
    """
    found: list[Leaf] = []
    for channel in dict.fromkeys(via):
        match channel:
            case "email":
                one = Leaf([channel], subject, text)
            case "status_page":
                one = Leaf([channel], None if named else subject, on_status_page(text, purpose))
            case _:
                one = Leaf([channel], None, with_subject(subject, text))
        same = next((each for each in found if each[1:] == one[1:]), None)
        if same is None:
            found.append(one)
        else:
            same.channels.append(channel)
    return found
