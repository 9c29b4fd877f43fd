"""Saying in a chat that one cannot take a page or a role: in a line with its reason, or in a window that asks why."""

from __future__ import annotations

from mayday.domain import commands
from mayday.domain.incident import Pending
from mayday.domain.plain_words import spoken
from mayday.domain.timeline_words import thing
from mayday.records.incidents import IncidentRecord
from starter.bodies import DeclineBody
from starter.chat_answers import Caller, WindowWanted
from starter.chat_words import NotUnderstood
from starter.parts import Parts
from starter.routes.incidents import live_board

__all__ = ["DECLINED", "about", "declining", "no_of", "told"]

#: what waits and may be declined
DECLINED = ("page", "role")
_ROLE = "role:"


async def declining(parts: Parts, caller: Caller, record: IncidentRecord, words: str) -> commands.Decline:
    """What `decline PAGE|ROLE REASON` asks. Raises WindowWanted where the reason is missing, and NotUnderstood.

    The first word is the name, always: words of a reason that were taken for one would decline something else.
    """
    board = await live_board(parts, record) or record.board
    waiting = board.pending if board else []
    target, reason = [*words.split(maxsplit=1), "", ""][:2]
    if not reason:
        target = target or _own(waiting, caller.principal.actor)
        own = next((item for item in waiting if item.id.removeprefix(_ROLE) == target.removeprefix(_ROLE)), None)
        text = f"decline {target.removeprefix(_ROLE)} REASON: whoever is asked next reads why you cannot"
        if own is None or own.kind not in DECLINED:
            raise NotUnderstood(text)
        raise WindowWanted(record, own.id, text, "say in front of you why you cannot")
    given = DeclineBody(page=target, reason=reason)
    return commands.Decline(**caller.common(), target=target, reason=given.reason)


def _own(waiting: list[Pending], person: str) -> str:
    asked = [item.id for item in waiting if item.kind in DECLINED]
    own = [item.id for item in waiting if item.kind in DECLINED and person in item.for_]
    found = [each.removeprefix(_ROLE) for each in own or asked]
    if len(found) == 1:
        return found[0]
    if not found:
        raise NotUnderstood("no page and no role waits for an answer here")
    raise NotUnderstood(f"several wait for an answer: {', '.join(found[:10])}; decline NAME REASON says which")


def about(parts: Parts, waiting: Pending) -> str:
    """What the window shows above its reason."""
    words = parts.naming.text(waiting.text)
    return words if waiting.kind == "page" else f"You are offered the role of {spoken(waiting.id.removeprefix(_ROLE))}."


def told(command: commands.Decline, *, role: bool) -> str:
    """What who declined is answered."""
    name = command.target.removeprefix(_ROLE)
    what = f"the role of {spoken(name)}" if role else thing(command.target, quoted=True)
    return f"you declined {what}; the next is asked at once"


def no_of(command: commands.Decline, name: str) -> str:
    """What stands on the card for everybody."""
    return f"{name} cannot take it: {command.reason}"
