"""How a card of a chat is answered: which buttons a page, an offered role or a gate has.

A task has none of these: it has a form, which Slack opens in a window and Teams takes as a line (`done TASK`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from mayday.domain.effects import PagePurpose

__all__ = ["DECLINABLE", "ROLE", "Deed", "Way", "ways_to_answer"]

Deed = Literal["ack", "join", "accept", "decline", "vote", "candidate"]
ROLE = "role:"
#: of what one may say that one cannot: a page, an offered role
DECLINABLE: frozenset[PagePurpose] = frozenset({"page", "role"})


class Way(NamedTuple):
    """One button. `choice` is a vote's; `asks_back`: pressed by mistake it hurts; `asks_why`: not without a reason."""

    words: str
    deed: Deed
    choice: str = ""
    style: Literal["primary", "danger"] | None = None
    asks_back: bool = False
    asks_why: bool = False


def ways_to_answer(purpose: PagePurpose, page: str, choices: Sequence[str] = ()) -> list[Way]:
    """The buttons of a card, in order."""
    cannot = [Way("I cannot take it", "decline", asks_why=True)] if purpose in DECLINABLE else []
    if purpose in ("page", "exhausted"):
        return [Way("Acknowledge", "ack", style="primary"), Way("I am on the bridge", "join"), *cannot]
    if purpose == "join":
        return [Way("I am on the bridge", "join", style="primary")]
    if purpose == "role" and page.startswith(ROLE):
        return [Way(f"Take the role: {page.removeprefix(ROLE).replace('_', ' ')}", "accept", style="primary"), *cannot]
    if purpose == "candidate":
        return [Way("It is an incident", "candidate", style="primary", asks_back=True)]  # a no needs its reason
    if purpose == "vote":
        own = [Way(choice.replace("_", " ").capitalize(), "vote", choice, asks_back=True) for choice in choices]
        usual = [
            Way("Approve", "vote", "approve", "primary", asks_back=True),
            Way("Reject", "vote", "reject", "danger", asks_back=True),
        ]
        return [*(own or usual), Way("Abstain", "vote", "abstain")]
    return []
