"""Words to the outside, from a chat: holding everything back, letting it go, and correcting what was sent.

A correction is shown as it will leave before it is given to a second reader. What was shown is kept for half an hour,
so that yes is one press or one word; nothing else is sent than what was shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.domain import commands
from mayday.domain.commands import Command
from mayday.domain.incident import Board
from mayday.domain.plain_words import spoken
from mayday.domain.timeline import timestamp
from mayday.records.incidents import IncidentRecord
from starter.bodies import CorrectBody, HoldOutwardBody
from starter.chat_answers import Caller, Done, Offer, WindowWanted
from starter.chat_words import NotUnderstood
from starter.minting import command_id, short_id
from starter.parts import Parts
from starter.previews import Preview, audiences_of, outward, preview_of, sent_in
from starter.problems import Problem
from starter.routes.incidents import live_board

__all__ = [
    "CORRECT", "HOLD", "RELEASE", "SECOND", "Draft", "about_holding", "about_message", "correction", "given", "holding",
    "kept", "message_of", "told_of_holding", "waits_for",
]  # fmt: skip

HOLD, RELEASE, CORRECT = "outward:hold", "outward:release", "correct:"
"""What a window or a button is about, where others name a page."""
DRAFTS = "chat/draft"
KEPT_FOR = timedelta(minutes=30)
LISTED, SHOWN = 8, 60
SECOND = "Nothing has left. A second person reads it first, and never you."
_YES = frozenset({"yes", "send", "give"})


class Draft(NamedTuple):
    """A correction that somebody was shown. `key` finds it again."""

    key: str
    n: int
    text: str
    preview: Preview


# holding --------------------------------------------------------------------------------------------------------


def holding(caller: Caller, record: IncidentRecord, verb: str, reason: str) -> Command:
    """Hold, or let go. Raises WindowWanted where the reason is missing."""
    on = verb == "hold"
    if not reason.strip():
        example = "hold the cause is not what we said" if on else "release legal has read it"
        raise WindowWanted(
            record, HOLD if on else RELEASE, f"{verb} REASON, such as: {example}",
            "say why in the window in front of you",
        )  # fmt: skip
    body = HoldOutwardBody(on=on, reason=reason)
    return commands.HoldOutward(**caller.common(), **body.model_dump())


async def about_holding(parts: Parts, record: IncidentRecord, *, on: bool) -> str:
    """What it does, for whoever is asked why."""
    beyond = [spoken(name) for name, known in (await audiences_of(parts, record)).items() if outward(known)]
    whom = ", ".join(beyond) or "outside audiences"
    if on:
        return (
            f"Nothing more leaves for {whom} until somebody lets it go. What is on its way is stopped where it can be."
        )
    return f"What was held for {whom} leaves now: of several messages to one audience only the newest."


def told_of_holding(record: IncidentRecord, command: commands.HoldOutward) -> Done:
    """The answer to who held, or let go."""
    if not command.on:
        return Done(
            f"{short_id(record.id)}: outward messages may leave again; of several to one audience the newest does"
        )
    words = (
        f"{short_id(record.id)}: outward messages are held. Nothing leaves for the outside until somebody lets it go"
    )
    return Done(words, offers=(Offer("Let them go…", "release", record.id, RELEASE, "release REASON"),))


# correcting -----------------------------------------------------------------------------------------------------


async def correction(parts: Parts, caller: Caller, record: IncidentRecord, asked: Mapping[str, Any]) -> Command | Done:
    """What `correct` asks: the list, a message's text, a preview, or with yes the command itself."""
    n, text = asked["n"], str(asked["text"])
    board = await live_board(parts, record)
    if board is None:  # what was stored last may not know the newest message
        raise Problem(503, "temporal_silent", "the incident does not answer at this moment; please try again")
    if n is None:
        return Done(_listed(record, board))
    if text.lower() in _YES:
        return await given(parts, caller, record, await _newest(parts, caller, record, n))
    if not text.strip():
        said = f"{about_message(message_of(board, n))}\ncorrect {n} TEXT shows how it will leave, and sends nothing yet"
        raise WindowWanted(record, f"{CORRECT}{n}", said, f"message {n} is open in front of you")
    draft = await kept(parts, caller, record, n, text)
    offer = Offer("Give it to a second reader", "give", record.id, draft.key, f"correct {n} yes")
    return Done(f"{short_id(record.id)}: {draft.preview.lines()}\n{SECOND}", offers=(offer,))


def _listed(record: IncidentRecord, board: Board | None) -> str:
    left = [message for message in sent_in(board) if message.get("delivered")]
    if not left:
        return f"{short_id(record.id)}: nothing has been sent yet that could be corrected"
    lines = [f"{message['n']} to {spoken(str(message['audience']))}, {_line(message)}" for message in left[:LISTED]]
    return "\n".join([f"{short_id(record.id)} has sent, newest first; correct N TEXT corrects one:", *lines])


def _line(message: Mapping[str, Any]) -> str:
    words = " ".join(str(message.get("text", "")).split())
    at = datetime.fromisoformat(str(message["at"]).replace("Z", "+00:00"))
    return f"{at:%H:%M} UTC: {words[:SHOWN]}{'…' if len(words) > SHOWN else ''}"


def about_message(message: Mapping[str, Any]) -> str:
    """What was sent."""
    return f"Message {message['n']} to {spoken(str(message['audience']))} says:\n{message['text']}"


def message_of(board: Board | None, n: int) -> dict[str, Any]:
    """What was sent. A 409 `Problem` where it cannot be corrected."""
    found = next((message for message in sent_in(board) if message.get("n") == n), None)
    if found is None:
        raise Problem(
            409, "unknown", f"there is no message {n} that could still be corrected here", hint="correct lists them"
        )
    if not found.get("delivered"):
        raise Problem(409, "not_open", f"message {n} has not left")
    return found


async def kept(parts: Parts, caller: Caller, record: IncidentRecord, n: int, text: str) -> Draft:
    """A correction as it will leave, kept for the yes of who wrote it."""
    text = CorrectBody(text=text.strip()).text
    board = await live_board(parts, record) or record.board
    shown = await preview_of(parts, record, board, str(message_of(board, n)["audience"]), text, corrects=n)
    who = caller.principal.actor
    unique = hashlib.sha256(f"{caller.principal.token_id} {caller.unique}".encode()).hexdigest()[:16]
    key = f"{DRAFTS}/{record.id}/{who}/{unique}"
    made = {"n": n, "text": text, "at": timestamp(caller.at)}

    async def keep(connection: AsyncConnection) -> dict[str, Any]:
        return made

    await parts.records.desk.effects.once(key, "chat_draft", record.id, keep)
    return Draft(key, n, text, shown)


async def given(parts: Parts, caller: Caller, record: IncidentRecord, key: str) -> Command:
    """The command of a draft: the same draft twice is one command. A 409 `Problem` where it is old, or another's."""
    own = key.startswith(f"{DRAFTS}/{record.id}/{caller.principal.actor}/")
    found = await parts.records.desk.effects.get(key) if own else None
    if found is None or _too_old(found, caller.at):
        raise Problem(
            409, "closed", "what you were shown is more than half an hour old, or not yours",
            hint="write the correction again",
        )  # fmt: skip
    common = caller.common() | {"id": command_id(caller.principal.token_id, key)}
    return commands.Correct(**common, n=int(found["n"]), text=str(found["text"]))


async def _newest(parts: Parts, caller: Caller, record: IncidentRecord, n: int) -> str:
    who = caller.principal.actor
    found = await parts.records.desk.effects.under(record.id, f"{DRAFTS}/{record.id}/{who}")
    fresh = {key: draft for key, draft in found.items() if draft.get("n") == n and not _too_old(draft, caller.at)}
    if not fresh:
        raise NotUnderstood(f"write it first: correct {n} TEXT shows how it will leave; then correct {n} yes")
    return max(fresh, key=lambda key: str(fresh[key]["at"]))


def _too_old(draft: Mapping[str, Any], at: datetime) -> bool:
    written = datetime.fromisoformat(str(draft["at"]).replace("Z", "+00:00"))
    return at - written > KEPT_FOR


async def waits_for(parts: Parts, record: IncidentRecord, command: Command, task: str) -> str:
    """Who reads what was given to a second reader."""
    board = await live_board(parts, record)
    naming = parts.naming
    waiting = next((item for item in (board.pending if board else []) if item.id == task), None)
    whom = ", ".join(naming.of(ref) for ref in waiting.for_) if waiting else ""
    what = f"the correction of message {command.n}" if isinstance(command, commands.Correct) else "the update"
    return f"{what} waits for {whom or 'a second person'} to read it; then it leaves"
