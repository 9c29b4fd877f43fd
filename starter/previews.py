"""Words that go out, as they will leave: what the console's page, the API and a chat show before anything does.

The adapters that would carry them say how (`starter/drafts.py`); a chat has it in lines, with names for who gets it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from activities.orders import CORRECTION
from activities.previews import ChannelPreview
from mayday.domain.incident import Board
from mayday.domain.plain_words import spoken
from mayday.domain.timeline import Entry
from mayday.language.catalog import Audience
from mayday.records.incidents import IncidentRecord
from starter.drafts import Draft, MessagePreview, draft_of
from starter.parts import Parts
from starter.routes.incidents import live_board, merged_timeline

__all__ = ["Preview", "audiences_of", "board_of", "outward", "preview_of", "sent_in", "shown"]

Message = dict[str, Any]
"""A message as the board has it: `n`, `audience`, `purpose`, `at`, `text`, `held`, `delivered`."""


class Preview(NamedTuple):
    """A message before it leaves, and what people are called. `whom`: by channel, the names of those whom it reaches;
    `gaps`: whom it does not reach, and why."""

    made: MessagePreview
    whom: dict[str, list[str]]
    gaps: dict[str, list[tuple[str, str]]]

    def lines(self) -> str:
        """For a chat: to whom, by what, and word for word what."""
        found = [f"As it will leave, to {spoken(self.made.audience)}:"]
        for channel in self.made.channels:
            found += self._by(channel)
        if self.made.wrong:
            found.append(f"mayday cannot show it here: {self.made.wrong}")
        if self.made.held:
            found.append("Outward messages are held: this one waits until they are let go.")
        return "\n".join(found)

    def _by(self, channel: ChannelPreview) -> list[str]:
        whom = self.whom.get(channel.channel, [])
        to = f", to {', '.join(whom)}" if whom else ""
        found = [f"— by {spoken(channel.channel)}{to} —"]
        for shown in channel.shown:
            word = "Subject" if channel.channel == "email" else "Title"
            found += [f"{word}: {shown.subject}"] if shown.subject else []
            found.append(shown.text)
            found += ["(too long for this channel: it leaves cut)"] if shown.shortened else []
        return [*found, *(f"not {name}: {reason}" for name, reason in self.gaps.get(channel.channel, []))]


def sent_in(board: Board | None) -> list[Message]:
    """The last messages, newest first."""
    return list(reversed(board.sent)) if board else []


async def audiences_of(parts: Parts, record: IncidentRecord) -> dict[str, Audience]:
    """Those of the pinned plan; where it is not stored yet, the catalog's of today."""
    plan = await parts.records.plans.get(record.plan_digest) if record.plan_digest else None
    if plan is None:
        return dict(parts.playbooks.catalog.audiences)
    return {name: Audience.model_validate(given) for name, given in (plan.get("audiences") or {}).items()}


async def board_of(parts: Parts, record: IncidentRecord) -> Board:
    """The incident's board of now; while it cannot be asked the last one, or what is known of the incident."""
    return (
        await live_board(parts, record)
        or record.board
        or Board(
            id=record.id, workflow_id=record.workflow_id, title=record.title, severity=record.severity, priority="",
            status=record.status, service=record.service or "", services=record.services, drill=record.drill,
            opened_at=record.opened_at,
        )
    )  # fmt: skip


def outward(known: Audience | None) -> bool:
    """Whether an audience stands outside the house: `mayday/walker/messages.py`."""
    return known is not None and (known.review == "required" or known.visibility == "public")


async def preview_of(
    parts: Parts, record: IncidentRecord, board: Board | None, audience: str, text: str, *,
    corrects: int | None = None, subject: str | None = None,
) -> Preview:  # fmt: skip
    """An update to an audience, or with `corrects` the correction of a message. `subject`: where it is known."""
    board = board or await board_of(parts, record)
    draft = draft_of(board, audience=audience, text=text, corrects=corrects) or Draft(
        audience=audience, text=text, corrects=corrects, purpose="update" if corrects is None else CORRECTION
    )
    if subject is not None:
        draft = draft.model_copy(update={"subject": subject})
    return await shown(parts, record, board, draft)


async def shown(parts: Parts, record: IncidentRecord, board: Board, draft: Draft) -> Preview:
    """The draft on its channels, with names, and with what a worker says that it does otherwise."""
    audiences = await audiences_of(parts, record)
    if draft.corrects is not None and not draft.via:
        known = audiences.get(draft.audience)
        draft = _as_it_left(draft, known.via if known else [], await merged_timeline(parts, record))
    made = parts.previews.of(board, draft, audiences)
    made = await parts.previews.differs(made, parts.clock())
    naming = parts.naming
    for channel in made.channels:
        for each in channel.shown:
            if "service" in each.facts:
                each.facts["service"] = naming.services.get(each.facts["service"], each.facts["service"])
    return Preview(
        made=made,
        whom={
            channel: [naming.of(one) if _is_id(one) else one for one in whom] for channel, whom in made.reaches.items()
        },
        gaps={
            each.channel: [(naming.of(gap.target), naming.text(gap.reason)) for gap in each.unreached]
            for each in made.channels
        },
    )


def _is_id(whom: str) -> bool:
    """Not an address, a number, a channel, or words for nobody in particular."""
    return not (whom.startswith(("#", "+")) or "@" in whom or " " in whom)


def _as_it_left(draft: Draft, via: Sequence[str], entries: Sequence[Entry]) -> Draft:
    """With the subject that the timeline has, for boards of older workers, which have none; and with the channels where
    the message's step named ways of its own."""
    for entry in reversed(entries):
        if entry.kind == "message_sent" and entry.data.get("n") == draft.corrects:
            subject, went = entry.data.get("subject"), [str(channel) for channel in entry.data.get("via") or []]
            changed: dict[str, Any] = {"subject": f"Correction: {subject}"} if subject else {}
            return draft.model_copy(update=changed | ({} if set(went) <= set(via) else {"via": went}))
    return draft
