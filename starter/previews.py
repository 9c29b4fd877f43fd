"""Words that go out, as they will leave: what the console's page and a chat show before anything does.

The subject is the one that the incident will write (`mayday/walker/updates.py`): an update has the severity and title
of now, a correction the subject of what it puts right.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mayday.domain.incident import Board
from mayday.domain.outgoing import CORRECTION, Leaf, leaves
from mayday.domain.plain_words import spoken
from mayday.language.catalog import Audience
from mayday.language.naming import naming_of
from mayday.records.incidents import IncidentRecord
from starter.parts import Parts
from starter.routes.incidents import merged_timeline

__all__ = ["Preview", "audiences_of", "outward", "preview_of", "sent_in"]

Message = dict[str, Any]
"""A message as the board has it: `n`, `audience`, `purpose`, `at`, `text`, `held`, `delivered`."""


@dataclass
class Preview:
    """A message before it leaves. `second`: somebody else reads it first; `held`: then it waits to be let go."""

    audience: str
    to: list[str] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)
    second: bool = False
    held: bool = False

    def lines(self) -> str:
        """For a chat: to whom, by what, and word for word what."""
        whom = ", ".join(self.to) or spoken(self.audience)
        found = [f"As it will leave, to {whom}:"]
        for leaf in self.leaves:
            subject = [f"Subject: {leaf.subject}"] if leaf.subject else []
            found.append("\n".join([f"— by {', '.join(map(spoken, leaf.channels))} —", *subject, leaf.text]))
        if self.held:
            found.append("Outward messages are held: this one waits until they are let go.")
        return "\n".join(found)


def sent_in(board: Board | None) -> list[Message]:
    """The last messages, newest first."""
    return list(reversed(board.sent)) if board else []


async def audiences_of(parts: Parts, record: IncidentRecord) -> dict[str, Audience]:
    """Those of the pinned plan; where it is not stored yet, the catalog's of today."""
    plan = await parts.records.plans.get(record.plan_digest) if record.plan_digest else None
    if plan is None:
        return dict(parts.playbooks.catalog.audiences)
    return {name: Audience.model_validate(given) for name, given in (plan.get("audiences") or {}).items()}


def outward(known: Audience | None) -> bool:
    """Whether an audience stands outside the house: `mayday/walker/messages.py`."""
    return known is not None and (known.review == "required" or known.visibility == "public")


async def preview_of(
    parts: Parts, record: IncidentRecord, board: Board | None, audience: str, text: str, *,
    corrects: int | None = None, subject: str | None = None,
) -> Preview:  # fmt: skip
    """An update to an audience, or with `corrects` the correction of a message. `subject`: where it is known."""
    audiences = await audiences_of(parts, record)
    known = audiences.get(audience)
    via: list[str] = list(known.via) if known else ["email"]  # as `mayday/walker/messages.py`
    if corrects is not None:
        before = await _as_it_left(parts, record, corrects)
        went = [str(channel) for channel in before.get("via") or []]
        via = via if set(went) <= set(via) else went  # its step named ways of its own
        subject = subject or f"Correction: {before.get('subject') or _subject(record, board)}"
    left = {str(message.get("audience")) for message in sent_in(board) if message.get("delivered")}
    naming = naming_of(parts.playbooks.catalog)
    beyond = outward(known)
    return Preview(
        audience=audience,
        to=[naming.of(ref) if "@" not in ref else ref for ref in known.to] if known else [],
        leaves=leaves(
            via, subject or _subject(record, board), text, purpose="update" if corrects is None else CORRECTION,
            named=any("status_page" in audiences[name].via for name in left if name in audiences),
        ),
        second=beyond or corrects is not None,
        held=bool(board and board.hold_outward and beyond),
    )  # fmt: skip


def _subject(record: IncidentRecord, board: Board | None) -> str:
    return f"{board.severity if board else record.severity} {board.title if board else record.title}"


async def _as_it_left(parts: Parts, record: IncidentRecord, n: int) -> dict[str, Any]:
    """What the timeline says of a message that was sent."""
    for entry in reversed(await merged_timeline(parts, record)):
        if entry.kind == "message_sent" and entry.data.get("n") == n:
            return entry.data
    return {}
