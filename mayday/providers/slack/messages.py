"""What messages of ours look like in Slack: posts, cards with buttons, cards that are over.

`block_id`s name the parts, so that whoever answers a button can take the answers off and leave the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from mayday.domain.effects import IncidentCard, PagePurpose
from mayday.domain.ports import Rendering
from mayday.providers.answering import ROLE, ways_to_answer
from mayday.providers.slack import NAME
from mayday.providers.slack.wording import (
    CUT_NOTE,
    MOST_BLOCKS,
    VALUE,
    button,
    context,
    fallback,
    fitting,
    link,
    mentions,
    plain_sections,
    read,
)

__all__ = [
    "ANSWER", "card_blocks", "declined", "message_of", "metadata", "offer_blocks", "over_blocks", "post_blocks",
    "rendering_of", "settled", "still_open",
]  # fmt: skip

ANSWERS, STATE, ABOUT = "answers", "state", "about"
ANSWER = "mayday.answer"
"""Action ids of answers begin with it; the rest is the number of the button."""
OPEN = "mayday.open"
ELEMENTS = 25
"""Of an actions block (README, 3)."""

DOORS: dict[PagePurpose, tuple[str, str]] = {"vote": ("With a reason…", "why"), "task": ("Do it here…", "form")}
"""Buttons that open a window; they decide nothing by themselves, and look up what is asked when they are pressed."""

Blocks = list[dict[str, Any]]


class Offered(Protocol):
    """Something to go on with; `page` is what it is about."""

    @property
    def words(self) -> str: ...
    @property
    def deed(self) -> str: ...
    @property
    def incident(self) -> str: ...
    @property
    def page(self) -> str: ...


def metadata(effect_key: str, incident_id: str, page: str = "") -> dict[str, Any]:
    """What finds a message again: Slack keeps no idempotency keys (README, 2)."""
    payload = {"key": effect_key, "incident": incident_id, "page": page}
    return {"event_type": "mayday", "event_payload": payload}


def message_of(text: str, blocks: Blocks, effect_key: str, incident_id: str, page: str = "") -> dict[str, Any]:
    """A message of ours as chat.postMessage takes it, but for the channel."""
    return {
        "text": summary_of(text), "mrkdwn": False, "parse": "none", "blocks": blocks, "unfurl_links": False,
        "unfurl_media": False, "metadata": metadata(effect_key, incident_id, page),
    }  # fmt: skip


def rendering_of(message: dict[str, Any], to: list[str]) -> Rendering:
    """The message as Slack shows it, read from its own blocks."""
    words, small = [], []
    for block in message["blocks"]:
        if block["type"] == "section":
            words.append(read(block["text"]["text"]))
        elif block["type"] == "context":
            small.append(" ".join(read(element["text"]) for element in block["elements"]))
        elif block["type"] == "actions":
            small += [f"[{read(element['text']['text'])}]" for element in block["elements"]]
    shortened = bool(words) and words[-1] == CUT_NOTE
    return Rendering(
        provider=NAME, form="Slack message", to=to, text="\n".join(words), small=small,
        facts={"notification": read(message["text"])} if shortened else {}, shortened=shortened, body=message,
    )  # fmt: skip


def post_blocks(text: str, incident: IncidentCard, base_url: str) -> Blocks:
    """A message to an audience, or of the runbook."""
    return [*plain_sections(text), _about(incident, base_url)]


def card_blocks(
    text: str, incident: IncidentCard, base_url: str, *, page: str, purpose: PagePurpose, choices: Sequence[str],
    users: Iterable[str],
) -> Blocks:  # fmt: skip
    """A question with its buttons; `users` are mentioned."""
    elements = [
        button(way.words + ("…" if way.asks_why else ""), f"{ANSWER}.{number}", value, style=way.style)
        | ({"confirm": _ask_back(way.words, incident)} if way.asks_back else {})
        for number, way in enumerate(ways_to_answer(purpose, page, choices))
        if len(value := _value(incident, page, way.deed, way.choice)) <= VALUE
    ]
    elements = elements[: ELEMENTS - 3]
    if purpose in DOORS and not page.startswith(ROLE):  # what waits for a role may be several tasks
        words, deed = DOORS[purpose]
        if len(value := _value(incident, page, deed, "")) <= VALUE:
            elements.append(button(words, f"{ANSWER}.{deed}", value))
    elements.append(button("Open in mayday", OPEN, url=address_of(incident.id, base_url)))
    if incident.bridge_url and incident.bridge_url.startswith(("https://", "http://")):
        elements.append(button("Join the bridge", f"{OPEN}.bridge", url=incident.bridge_url))
    called = mentions(users)
    about = _about(incident, base_url, f"for {called}" if called else "")
    return [*plain_sections(text), about, {"type": "actions", "block_id": ANSWERS, "elements": elements}]


def over_blocks(text: str, incident: IncidentCard, base_url: str, reason: str) -> Blocks:
    """A card that nobody can answer any more."""
    return [*plain_sections(text), _about(incident, base_url), _state(f"Over: {reason}")]


def settled(blocks: Blocks, reason: str) -> Blocks:
    """The blocks of a card, as Slack gave them back, without its buttons."""
    return [*(block for block in blocks if block.get("block_id") not in (ANSWERS, STATE)), _state(reason)][:MOST_BLOCKS]


def still_open(blocks: Blocks, state: str) -> Blocks:
    """The same with what is known so far above the buttons."""
    kept = [block for block in blocks if block.get("block_id") != STATE]
    at = next((number for number, block in enumerate(kept) if block.get("block_id") == ANSWERS), len(kept))
    return [*kept[:at], _state(state), *kept[at:]][:MOST_BLOCKS]


def declined(blocks: Blocks, said: str) -> Blocks:
    """The same with who cannot, below who said so before: others may take it still, and so may they."""
    before = next((block for block in blocks if block.get("block_id") == STATE), {})
    elements = before.get("elements")
    listed = elements if isinstance(elements, list) else []
    shown = [read(str(each.get("text") or "")) for each in listed if isinstance(each, dict)]
    return still_open(blocks, "; ".join([*filter(None, shown), said]))


def offer_blocks(offers: Sequence[Offered]) -> Blocks:
    """Buttons below an answer of ours, to go on with what it says."""
    elements = [
        button(offer.words, f"{ANSWER}.{number}", _carried(offer.incident, offer.page, offer.deed, ""), style=style)
        for number, offer in enumerate(offers[:ELEMENTS])
        for style in ("primary" if offer.deed == "give" else None,)
    ]
    return [{"type": "actions", "block_id": ANSWERS, "elements": elements}] if elements else []


def address_of(incident_id: str, base_url: str) -> str:
    return f"{base_url}/incidents/{incident_id}"


def summary_of(text: str) -> str:
    """The fallback text of a message."""
    return fallback(text)


def _about(incident: IncidentCard, base_url: str, more: str = "") -> dict[str, Any]:
    facts = fitting(f"{incident.severity} · {incident.status}{' · DRILL' if incident.drill else ''}", 200)
    shown = link(address_of(incident.id, base_url), f"INC-{incident.id[-6:]}")
    return {**context(shown, facts, more), "block_id": ABOUT}


def _state(text: str) -> dict[str, Any]:
    element = {"type": "plain_text", "text": fitting(text, 1_000), "emoji": False}
    return {"type": "context", "block_id": STATE, "elements": [element]}


def _value(incident: IncidentCard, page: str, deed: str, choice: str) -> str:
    return _carried(incident.id, page, deed, choice)


def _carried(incident: str, page: str, deed: str, choice: str) -> str:
    answer = {"incident": incident, "page": page, "deed": deed, "choice": choice}
    return json.dumps(answer, separators=(",", ":"), ensure_ascii=True)


def _ask_back(words: str, incident: IncidentCard) -> dict[str, Any]:
    def plain(text: str, most: int) -> dict[str, Any]:
        return {"type": "plain_text", "text": fitting(text, most)}

    return {
        "title": plain("Are you sure?", 100), "text": plain(f"{words}: {incident.title}", 300),
        "confirm": plain("Yes", 30), "deny": plain("No", 30),
    }  # fmt: skip
