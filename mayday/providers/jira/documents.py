"""Texts as Jira's third API wants them: Atlassian Document Format. A text node is never read as markup or mention."""

from __future__ import annotations

from typing import Any

from mayday.providers.vendor_words import cut

#: characters of a description or comment, and of a summary
TEXT, SUMMARY = 32_000, 255
#: of a note, with room for its mark
NOTE = 31_900


def document(text: str, most: int = TEXT) -> dict[str, Any]:
    """One paragraph a line, cut to `most` characters."""
    lines = cut(text, most).replace("\r", "").split("\n")
    return {"type": "doc", "version": 1, "content": [_paragraph(line) for line in lines]}


def _paragraph(line: str) -> dict[str, Any]:
    text = line.replace("\t", " ")
    return {"type": "paragraph", "content": [{"type": "text", "text": text}] if text else []}
