"""What a page says on a vendor's device: the text, which incident, and how it is answered."""

from __future__ import annotations

import hashlib

from mayday.domain.ports import UNSENT, Call
from mayday.providers.vendor_words import one_line
from mayday.settings import SettingsError

__all__ = ["channels_of", "facts_of", "how_to_answer", "incident_url", "mark_of", "title_of"]

#: what a person can be reached on (mayday.domain.ports.PageChannel)
CHANNELS = ("push", "sms", "voice", "email", "chat")


def title_of(call: Call, most: int) -> str:
    """The text in one line; the incident's title where there is none."""
    return one_line(call.text or call.incident.title, most)


def incident_url(base_url: str, call: Call) -> str:
    """The incident on our console."""
    return f"{base_url}/incidents/{call.incident.id}"


def how_to_answer(base_url: str, call: Call) -> str:
    """For who has no button at hand."""
    return f"Acknowledge: {incident_url(base_url, call)} or mayday incident ack {call.incident.id} {call.page}"


def facts_of(base_url: str, call: Call) -> dict[str, str]:
    """The page's facts as texts, for a vendor's details."""
    card = call.incident
    facts = {
        "incident": card.id, "title": card.title, "severity": card.severity, "service": card.service,
        "page": call.page, "for": call.person, "url": incident_url(base_url, call), "bridge": card.bridge_url,
        "ticket": card.ticket,
    }  # fmt: skip
    return {name: one_line(value, 500) for name, value in facts.items() if value}


def mark_of(effect_key: str) -> str:
    """A short mark by which a call is found again at a vendor that keeps no key of ours; `x`s before it leaves."""
    if effect_key == UNSENT:
        return "x" * 10
    return hashlib.sha256(effect_key.encode()).hexdigest()[:10]


def channels_of(key: str, listed: str) -> frozenset[str]:
    """The channels of a setting such as `push,voice`. Raises SettingsError for what is none."""
    names = [name.strip() for name in listed.lower().split(",") if name.strip()]
    wrong = [name for name in names if name not in CHANNELS]
    if wrong or not names:
        raise SettingsError(
            f"{key}={listed}: {', '.join(wrong) or 'nothing'} is no channel; there are {', '.join(CHANNELS)}"
        )
    return frozenset(names)
