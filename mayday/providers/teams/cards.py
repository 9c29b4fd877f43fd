"""Adaptive Cards 1.5, as Teams shows them: text from outside is never read as markup, and everything fits.

Text stands in `TextRun`s of a `RichTextBlock`, which know no Markdown and no mentions (a `TextBlock` reads both). The
only action is a link: buttons that send something back belong to bots, and a link is never out of date.
"""

from __future__ import annotations

from typing import Any

from mayday.domain.effects import IncidentCard, PagePurpose
from mayday.domain.incident import place_of
from mayday.domain.ports import Rendering
from mayday.providers.answering import ROLE, ways_to_answer
from mayday.providers.teams import NAME
from mayday.providers.vendor_words import cut, one_line

__all__ = ["CARD_TYPE", "answer_card", "attachment", "over_card", "post_card", "question_card", "rendering_of"]

CARD_TYPE = "application/vnd.microsoft.card.adaptive"
TEXT_BYTES = 18_000
"""A whole message may have about 28 KB (README, 2); what JSON makes of the text, twice quoted, is in it."""
MOST_LINES = 80
CUT_NOTE = "… cut here: the whole text stands in mayday."

Card = dict[str, Any]


def post_card(text: str, incident: IncidentCard, base_url: str) -> Card:
    """A message to an audience, or of the runbook."""
    return _card([*_lines(text), _about(incident)], _links(incident, base_url))


def question_card(
    text: str, incident: IncidentCard, base_url: str, *, page: str, purpose: PagePurpose, choices: list[str],
    names: list[str],
) -> Card:  # fmt: skip
    """Something that people answer, and what they write for it: `@mayday` stands for the webhook's own name."""
    body = [*_lines(text), _about(incident, f"for {', '.join(names)}" if names else "")]
    ways = ways_to_answer(purpose, page, choices)
    said = ", ".join([_typed(page, way.deed, way.choice) for way in ways] or [f"@mayday done {page}"])
    asked = [_link(way.words, f"{_url(incident, base_url)}#{place_of(page)}-why") for way in ways if way.asks_why]
    return _card([*body, _small(f"Answer in mayday, or here: {said}")], [*_links(incident, base_url), *asked])


def over_card(text: str, incident: IncidentCard, reason: str) -> Card:
    """A question that nobody can answer any more."""
    return _card([*_lines(text), _about(incident), _small(f"Over: {reason}")], [])


def answer_card(text: str) -> Card:
    """What somebody is answered who wrote to us."""
    return _card(_lines(text), [])


def rendering_of(card: Card, to: list[str], body: Any) -> Rendering:
    """The card as Teams shows it, read from its own blocks; `body` is the message around it."""
    words: list[str] = []
    small: list[str] = []
    for block in card["body"]:
        for run in block["inlines"]:
            (small if run.get("isSubtle") else words).append(run["text"])
    small += [f"[{action['title']}]" for action in card.get("actions", [])]
    return Rendering(
        provider=NAME, form="Adaptive Card", to=to, text="\n".join(words), small=small,
        shortened=bool(words) and words[-1] == CUT_NOTE, body=body,
    )  # fmt: skip


def attachment(card: Card) -> dict[str, Any]:
    """The card as bots and webhooks attach it. Graph wants its content as a text, and an id."""
    return {"contentType": CARD_TYPE, "contentUrl": None, "content": card}


def _typed(page: str, deed: str, choice: str) -> str:
    if deed == "vote":
        return f"@mayday vote {page} {choice}"
    if deed == "candidate":
        return "@mayday confirm"
    return f"@mayday {deed} {page.removeprefix(ROLE)}{' REASON' if deed == 'decline' else ''}"


def _card(body: list[dict[str, Any]], actions: list[dict[str, Any]]) -> Card:
    made: Card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.5",
        "body": body,
    }  # fmt: skip
    return {**made, "actions": actions} if actions else made


def _lines(text: str) -> list[dict[str, Any]]:
    """A block a line; where it is too long, a line says so."""
    clean = cut(text, len(text) + 1).strip() or "(no text)"
    kept: list[str] = []
    budget = TEXT_BYTES
    for line in clean.splitlines():
        budget -= len(line.encode()) + 150  # the block around it
        if budget < 0 or len(kept) == MOST_LINES:
            room = max(0, budget + len(line.encode()))
            kept += [line.encode()[:room].decode("utf-8", "ignore"), CUT_NOTE] if room > 200 else [CUT_NOTE]
            break
        kept.append(line)
    return [_run(line or " ") for line in kept]


def _run(text: str, **style: Any) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}


def _small(text: str) -> dict[str, Any]:
    return _run(one_line(text, 1_000), size="Small", isSubtle=True)


def _about(incident: IncidentCard, more: str = "") -> dict[str, Any]:
    facts = [f"INC-{incident.id[-6:]}", incident.severity, incident.status, "DRILL" if incident.drill else "", more]
    return _small(" · ".join(fact for fact in facts if fact))


def _links(incident: IncidentCard, base_url: str) -> list[dict[str, Any]]:
    links = [_link("Open in mayday", _url(incident, base_url))]
    if incident.bridge_url and incident.bridge_url.startswith(("https://", "http://")):
        links.append(_link("Join the bridge", incident.bridge_url))
    return links


def _link(title: str, url: str) -> dict[str, Any]:
    return {"type": "Action.OpenUrl", "title": title, "url": url}


def _url(incident: IncidentCard, base_url: str) -> str:
    return f"{base_url}/incidents/{incident.id}"
