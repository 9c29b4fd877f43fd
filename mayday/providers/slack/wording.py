"""Texts as Slack takes them: nothing that came from outside is read as markup, and everything fits.

Texts stand in `plain_text` objects, which know no markup at all, and are escaped all the same, because Slack reads
`&`, `<` and `>` as control characters (docs.slack.dev, "Formatting message text"): `<!channel>` calls nobody. Mentions
and links are ours: made from ids and addresses of the catalog and the settings, in `mrkdwn` objects.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from mayday.providers.vendor_words import cut, one_line

__all__ = [
    "CUT_NOTE", "MOST_BLOCKS", "SECTION", "button", "context", "escaped", "fallback", "link", "mentions",
    "plain_sections", "read",
]  # fmt: skip

SECTION = 3_000
"""Characters of a section's text, escaped (README, 3)."""
MOST_SECTIONS = 4
"""A message of more than about 13,000 characters of blocks is refused (msg_blocks_too_long)."""
MOST_BLOCKS = 50
HEADER, BUTTON, VALUE, FALLBACK = 150, 75, 2_000, 3_000
CUT_NOTE = "… cut here: the whole text stands in mayday."
_USER = re.compile(r"[UW][A-Z0-9]{1,30}")
_LINK = re.compile(r"<(?:https?://)[^|>]*\|([^>]*)>")
_ENTITY_CUT = re.compile(r"&[a-z]{0,3}$")


def escaped(text: str) -> str:
    """`&`, `<` and `>` as entities, control characters gone."""
    clean = cut(text, len(text) + 1)
    return clean.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fitting(text: str, most: int) -> str:
    """Escaped and cut, never inside of an entity."""
    whole = escaped(text)
    if len(whole) <= most:
        return whole
    return _ENTITY_CUT.sub("", whole[: most - 1]) + "…"


def read(text: str) -> str:
    """A text of ours as people see it: links by their words, entities as the signs that they stand for."""
    shown = _LINK.sub(lambda found: found[1], text)
    return shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def fallback(text: str) -> str:
    """The `text` of a message: what notifications and screen readers say."""
    return fitting(text, FALLBACK)


def plain_sections(text: str) -> list[dict[str, Any]]:
    """Sections that hold the text; where it is too long, a line says so."""
    rest = escaped(text).strip() or "(no text)"
    sections: list[dict[str, Any]] = []
    while rest and len(sections) < MOST_SECTIONS:
        piece = _piece(rest)
        sections.append(_plain("section", piece))
        rest = rest[len(piece) :].lstrip("\n")
    if rest:
        sections.append(_plain("section", CUT_NOTE))
    return sections


def _piece(rest: str) -> str:
    """As much as one section takes, to the end of a line where there is one."""
    if len(rest) <= SECTION:
        return rest
    piece = _ENTITY_CUT.sub("", rest[:SECTION])
    line = piece.rfind("\n")
    return piece[:line] if line > SECTION // 2 else piece


def _plain(kind: str, text: str) -> dict[str, Any]:
    return {"type": kind, "text": {"type": "plain_text", "text": text, "emoji": False}}


def context(*parts: str) -> dict[str, Any]:
    """A small line of our own markup: links and mentions. At most ten parts (README, 3)."""
    shown = [part for part in parts if part][:10]
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": part, "verbatim": True} for part in shown]}


def link(url: str, words: str) -> str:
    """A link in `mrkdwn`; words alone where the address is none."""
    shown = one_line(fitting(words, 200), 200).replace("|", "/")
    safe = url.replace("|", "%7C").replace(">", "%3E").replace("<", "%3C").replace("&", "&amp;")
    return f"<{safe}|{shown}>" if url.startswith(("https://", "http://")) and not re.search(r"\s", url) else shown


def mentions(users: Iterable[str]) -> str:
    """`<@U1>, <@U2>`: only of what is a user's id."""
    return ", ".join(f"<@{user}>" for user in users if is_user(user))


def is_user(address: str) -> bool:
    """Whether an address is the id of a Slack user."""
    return _USER.fullmatch(address) is not None


def button(
    words: str, action: str, value: str = "", *, style: str | None = None, url: str | None = None
) -> dict[str, Any]:
    """A button; `value` comes back when it is pressed, `url` opens a page."""
    made: dict[str, Any] = {
        "type": "button", "action_id": action, "text": {"type": "plain_text", "text": fitting(words, BUTTON)},
    }  # fmt: skip
    if value:
        made["value"] = value[:VALUE]
    if url:
        made["url"] = url[:3_000]
    if style:
        made["style"] = style
    return made
