"""What messages and windows of Slack look like, and Slack's limits of them."""

from __future__ import annotations

import json
from typing import Any


def buttons_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The buttons that answer something; links are left out."""
    return [
        element
        for block in message["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if "value" in element
    ]


def words_of(message: dict[str, Any]) -> str:
    """Everything that a message shows."""
    found = []
    for block in message["blocks"]:
        text = [block["text"]] if "text" in block else []
        found += [each["text"] for each in [*text, *(e for e in block.get("elements", []) if e["type"] != "button")]]
    return "\n".join(found)


def wrong_in(message: dict[str, Any]) -> str | None:
    """Slack's limits (README, 3), and what an app must never send: control sequences that are not ours."""
    blocks = message.get("blocks") or []
    if not message.get("text") or len(message["text"]) > 40_000 or len(blocks) > 50:
        return "no_text" if not message.get("text") else "msg_too_long"
    total = 0
    for block in blocks:
        texts = [block["text"]] if "text" in block else []
        for element in block.get("elements", []):
            if element["type"] != "button":
                texts.append(element)
            elif len(element["text"]["text"]) > 75 or len(element.get("value", "")) > 2000:
                return "invalid_blocks"
        if len(block.get("elements", [])) > (25 if block["type"] == "actions" else 10):
            return "invalid_blocks"
        if any(not text["text"] or len(text["text"]) > 3000 for text in texts):
            return "invalid_blocks"
        total += sum(len(text["text"]) for text in texts)
        if any("<" in text["text"] for text in texts if text["type"] == "plain_text"):
            return "unescaped_text_of_the_outside"
    return "msg_blocks_too_long" if total > 13_000 else None


def wrong_in_view(view: dict[str, Any]) -> str | None:
    """The limits of windows (docs.slack.dev, "Modals" and "Block Kit")."""
    if view["type"] != "modal" or any(not 0 < len(view[name]["text"]) <= 24 for name in ("title", "submit", "close")):
        return "title, submit and close have 1 to 24 characters"
    if len(view["private_metadata"]) > 3000 or len(view["blocks"]) > 100:
        return "too large"
    inputs = [block for block in view["blocks"] if block["type"] == "input"]
    if len({block["block_id"] for block in inputs}) != len(inputs):
        return "block ids are not unique"
    for block in inputs:
        options = block["element"].get("options", [{"text": {"text": "x"}, "value": "x"}])
        if not options or any(len(each["text"]["text"]) > 75 or len(each["value"]) > 75 for each in options):
            return "options have 1 to 75 characters"
        if len(block["label"]["text"]) > 2000 or len(options) > (10 if "radio" in block["element"]["type"] else 100):
            return "too many options, or a label that is too long"
    shown = json.dumps([block.get("text") or block["label"] for block in view["blocks"]])
    return "unescaped_text_of_the_outside" if "<" in shown else None
