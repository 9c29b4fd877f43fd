"""Slack's side of the chat: what arrives is answered in Slack's own way, within its three seconds."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog
from pydantic import ValidationError

from mayday.domain import commands
from mayday.domain.commands import Command
from mayday.domain.errors import ProviderError
from mayday.domain.incident import Board
from mayday.providers._http import exchange
from mayday.providers.inbound import Malformed
from mayday.providers.slack import NAME
from mayday.providers.slack.inbound import Press, SlashCommand, Submission, answer_in
from mayday.providers.slack.messages import ANSWER, declined, offer_blocks, settled, still_open
from mayday.providers.slack.modals import WORDS, closed_view
from mayday.providers.slack.wording import fallback, plain_sections, read
from mayday.records.errors import RecordsUnavailable
from mayday.records.incidents import IncidentRecord
from starter import chat_declining, chat_outward
from starter.access import Principal
from starter.chat_answers import Caller, Done, what_does_not_fit, worded
from starter.chat_deeds import do, send, sent, told
from starter.chat_people import principal_of
from starter.chat_windows import DOORS, Windows
from starter.chat_words import NotUnderstood
from starter.gateway import TemporalSilent
from starter.parts import Parts
from starter.problems import Problem
from starter.routes.incidents import live_board

__all__ = ["Slack"]

log = structlog.get_logger(__name__)

HOOKS = "hooks.slack.com"
"""The only host that Slack's response addresses have (docs.slack.dev, "Handling user interaction")."""
ANSWER_WITHIN_SECONDS = 5.0
STALE = frozenset({"closed", "not_open", "unknown"})
"""Refusals that mean: nobody can answer this card any more."""

Blocks = list[dict[str, Any]]


class Slack:
    """`http` answers late, at the address that came with the request."""

    def __init__(self, parts: Parts, http: httpx.AsyncClient) -> None:
        self._parts = parts
        self._http = http
        self._windows = Windows(parts, http)

    async def ran(self, command: SlashCommand) -> dict[str, Any]:
        """The answer to a slash command."""
        parts = self._parts
        at = parts.clock()
        try:
            principal = await self._principal(command.user)
        except Problem as problem:
            return said(Done(worded(problem)))
        where = frozenset(name for name in (command.channel, command.channel_name) if name)

        async def form(record: IncidentRecord, page: str) -> None:
            await self._windows.show(command.trigger, record, page, command.response_url)

        return said(await do(parts, Caller(principal, at, command.trigger, where), command.text, form))

    async def pressed(self, press: Press) -> None:
        """What a button asks; the answer goes to the person, and the card shows what is so now."""
        if not press.action.startswith(ANSWER):
            return
        at = self._parts.clock()
        try:
            principal = await self._principal(press.user)
            if not principal.at_least("responder"):
                raise Problem(403, "forbidden", "you may only look (viewer)")
            asked = answer_in(press.value)
            record = await self._parts.directory.find(asked["incident"])
            if asked["deed"] in DOORS:
                await self._windows.open(press, record, asked)
                return
            caller = Caller(principal, at, f"{press.message} {press.at} {press.action}")
            if asked["deed"] == "give":
                await self._given(press, record, caller, asked["page"])
                return
            await self._answered(press, record, principal, asked, _command(asked, caller.common()))
        except Malformed as error:
            await self.later(press.response_url, said(Done(f"Not done: {error}")))
        except Problem as problem:
            await self.later(press.response_url, said(Done(worded(problem))))
        except (TemporalSilent, RecordsUnavailable) as error:
            log.error("press_not_done", reason=str(error))
            text = "Not done: mayday cannot reach its parts at this moment; please press again"
            await self.later(press.response_url, said(Done(text)))

    async def submitted(self, submission: Submission) -> dict[str, Any] | None:
        """A window that came back: None closes it, a refusal stays in it with its reason."""
        at = self._parts.clock()
        try:
            principal = await self._principal(submission.user)
            if not principal.at_least("responder"):
                raise Problem(403, "forbidden", "you may only look (viewer)")
            if submission.callback == WORDS:
                return await self._windows.preview(submission, principal, at)
            record, command = await self._windows.command(submission, principal, at)
            if isinstance(command, commands.HoldOutward | commands.Correct):
                await self._told(self._windows.opener_of(submission), await sent(self._parts, record, command))
                return None
            body = await send(self._parts, record, command)
        except Malformed as error:
            return _refused(submission, f"Not done: {error}")
        except NotUnderstood as error:
            return _refused(submission, str(error))
        except ValidationError as error:
            return _refused(submission, f"Not done: {what_does_not_fit(error)}")
        except Problem as problem:
            return _refused(submission, worded(problem))
        except (TemporalSilent, RecordsUnavailable) as error:
            log.error("window_not_done", reason=str(error))
            return _refused(submission, "Not done: mayday cannot reach its parts at this moment; please try again")
        press = self._windows.opener_of(submission)
        if isinstance(press, str) and isinstance(command, commands.Decline):
            await self.later(press, said(Done(told(record, command, body))))
        if isinstance(press, Press) and body["state"] != "pending":
            name = self._parts.playbooks.catalog.people[principal.actor].name
            if isinstance(command, commands.Decline):
                await self._written_again(press, declined(press.blocks, chat_declining.no_of(command, name)))
            elif isinstance(command, commands.Vote):
                await self._counted(press, record, command, name)
            else:
                await self._written_again(press, settled(press.blocks, f"done by {name}"))
        return None

    async def too_late(self, submission: Submission, answer: dict[str, Any] | None) -> None:
        """What would have stood in a window that Slack closed meanwhile: a refusal must not look like a yes."""
        opener = self._windows.opener_of(submission) if answer is not None else None
        if answer is None or opener is None:
            return
        view = answer.get("view") or {}
        shown = [] if view.get("callback_id") else [read(_text_of(block)) for block in view.get("blocks") or []]
        reasons = [str(reason) for reason in (answer.get("errors") or {}).values()]
        text = "\n".join([*reasons, *shown]) or "Not done: it took longer than Slack waits; please do it once more"
        await self.later(opener.response_url if isinstance(opener, Press) else opener, said(Done(text)))

    async def _given(self, press: Press, record: IncidentRecord, caller: Caller, draft: str) -> None:
        """The button under a correction's preview: the answer takes the place of preview and button."""
        command = await chat_outward.given(self._parts, caller, record, draft)
        await self._told(press, await sent(self._parts, record, command))

    async def _told(self, opener: Press | str | None, done: Done) -> None:
        """An answer behind a window: it takes the place of the answer that had the button, so that none is stale."""
        if isinstance(opener, Press):
            await self.later(opener.response_url, said(done) | {"replace_original": True})
        elif opener is not None:
            await self.later(opener, said(done))

    async def _answered(
        self, press: Press, record: IncidentRecord, principal: Principal, asked: dict[str, str], command: Command
    ) -> None:
        name = self._parts.playbooks.catalog.people[principal.actor].name
        try:
            body = await send(self._parts, record, command)
        except Problem as problem:
            await self.later(press.response_url, said(Done(worded(problem))))
            if problem.code in STALE:
                await self._written_again(press, settled(press.blocks, problem.detail))
            return
        if body["state"] == "pending":
            await self.later(press.response_url, said(Done("Taken; it is carried out as soon as the incident answers")))
            return
        if isinstance(command, commands.Vote):
            await self._counted(press, record, command, name)
            return
        words = {"ack": "acknowledged by", "accept": "taken by", "candidate": "an incident, says"}
        await self._written_again(press, settled(press.blocks, f"{words.get(command.kind, 'answered by')} {name}"))

    async def _counted(self, press: Press, record: IncidentRecord, vote: commands.Vote, name: str) -> None:
        """A vote: who has voted stands above the buttons, which go when the gate is decided.

        It is looked at again after it was written: a vote that decided meanwhile may have taken the buttons off, and
        they must not come back.
        """
        board = await live_board(self._parts, record)
        votes = _votes(board, vote.decision)
        if board is not None and votes is not None:
            shown = ", ".join(f"{self._name(person)}: {choice}" for person, choice in votes.items())
            await self._written_again(press, still_open(press.blocks, f"{shown or name} (still open)"))
            board = await live_board(self._parts, record)
            votes = _votes(board, vote.decision)
        if board is not None and votes is None:
            await self._written_again(press, settled(press.blocks, f"decided; the last vote: {name}, {vote.choice}"))
        elif board is None:
            await self.later(press.response_url, said(Done(f"{vote.choice} counts at {vote.decision}")))

    def _name(self, person: str) -> str:
        known = self._parts.playbooks.catalog.people.get(person)
        return known.name if known else person

    async def _principal(self, user: str) -> Principal:
        try:
            return principal_of(self._parts.playbooks.at_the_door, NAME, user, self._parts.clock())
        except Problem as problem:
            await self._audit(user, problem.code)
            raise

    async def _audit(self, user: str, outcome: str) -> None:
        try:
            await self._parts.records.audit.write(f"{NAME}:{user[:40]}", "chat", outcome, channel="chat")
        except RecordsUnavailable as error:
            log.warning("audit_not_written", action="chat", outcome=outcome, reason=str(error))

    async def _written_again(self, press: Press, blocks: Blocks) -> None:
        """Needs no token and no scope: the address that came with the press may replace its message."""
        if press.blocks:
            text = fallback("\n".join(_text_of(block) for block in blocks if block.get("type") == "section"))
            await self.later(press.response_url, {"replace_original": True, "text": text, "blocks": blocks})

    async def later(self, response_url: str, message: dict[str, Any]) -> None:
        """Post to a response address; one that is none of Slack's is not called."""
        if not self._is_slacks(response_url):
            log.warning("response_address_refused", host=str(urlsplit(response_url).hostname)[:100])
            return
        try:
            await exchange(
                self._http, "POST", response_url, provider=NAME, json=message, timeout_s=ANSWER_WITHIN_SECONDS
            )  # fmt: skip
        except ProviderError as error:
            log.warning("chat_answer_lost", provider=NAME, reason=str(error))

    def _is_slacks(self, url: str) -> bool:
        """Slack's own, or below the address that `MAYDAY_SLACK_URL` names instead of Slack."""
        try:
            parts = urlsplit(url)
            if parts.scheme == "https" and parts.hostname == HOOKS and parts.port in (None, 443):
                return parts.username is None
            configured = urlsplit(self._parts.settings.value("SLACK_URL") or "")
        except ValueError:
            return False
        return bool(configured.netloc) and (parts.scheme, parts.netloc) == (configured.scheme, configured.netloc)


def said(done: Done) -> dict[str, Any]:
    """An answer as a message of Slack's: only for who asked, unless it is meant for all."""
    kind = "in_channel" if done.public else "ephemeral"
    return {
        "response_type": kind, "replace_original": False, "text": fallback(done.text),
        "blocks": [*plain_sections(done.text), *offer_blocks(done.offers)],
    }  # fmt: skip


def _refused(submission: Submission, reason: str) -> dict[str, Any]:
    """Beside the last field, where there is one; else the window says it."""
    if submission.values:
        return {"response_action": "errors", "errors": {list(submission.values)[-1]: reason[:150]}}
    return {"response_action": "update", "view": closed_view(reason)}


def _command(asked: dict[str, str], common: dict[str, Any]) -> Command:
    """The command of a button. Raises Malformed."""
    page, choice = asked["page"], asked["choice"]
    match asked["deed"]:
        case "ack":
            return commands.Ack(**common, page=page)
        case "join":
            return commands.Ack(**common, page=page, joined=True)
        case "accept":
            return commands.Accept(**common, target=page.removeprefix("role:"))
        case "vote":
            return commands.Vote(**common, decision=page, choice=choice)
        case "candidate":
            return commands.Candidate(**common, accept=True)
    raise Malformed("value", "not what a button of mayday carries")


def _votes(board: Board | None, decision: str) -> dict[str, str] | None:
    """Who voted what at an open gate; None where it is not open, or not known."""
    for item in board.pending if board else []:
        if item.kind == "decision" and item.id == decision:
            return {str(person): str(choice) for person, choice in (item.detail.get("votes") or {}).items()}
    return None


def _text_of(block: dict[str, Any]) -> str:
    text = block.get("text")
    return str(text.get("text") or "") if isinstance(text, dict) else ""
