"""Windows in Slack: a vote or a no with its reason, a task with its form. What they ask is looked up when they open."""

from __future__ import annotations

import json
from collections import OrderedDict
from datetime import datetime
from typing import Any

import httpx
import structlog

from mayday.domain import commands
from mayday.domain.commands import Command
from mayday.domain.errors import ProviderError
from mayday.domain.incident import Pending
from mayday.domain.timeline_words import thing
from mayday.providers.auth import StaticAuth
from mayday.providers.client import VendorClient
from mayday.providers.inbound import Malformed
from mayday.providers.slack import NAME
from mayday.providers.slack.api import BASE_URL, SlackApi, refusal_in
from mayday.providers.slack.inbound import Press, Submission
from mayday.providers.slack.modals import (
    CHOICE,
    DECLINE,
    GIVE,
    HOLD,
    REASON,
    TASK,
    TEXT,
    VOTE,
    Asking,
    decline_view,
    field_block,
    given_view,
    hold_view,
    task_view,
    value_of,
    vote_view,
    words_view,
)
from mayday.records.incidents import IncidentRecord
from starter import chat_declining, chat_outward
from starter.access import Principal
from starter.chat_answers import Caller
from starter.chat_forms import form_of, words_for_reading
from starter.console.forms import typed
from starter.parts import Parts
from starter.problems import Problem
from starter.routes.incidents import live_board

__all__ = ["DOORS", "Windows"]

log = structlog.get_logger(__name__)

DOORS = frozenset({"why", "form", "release", "decline"})
KEPT = 500
"""Of so many windows it is remembered what opened them: a press, whose card is written again, or a slash command."""


class Windows:
    """Opens windows and reads what came back. Needs the bot token: without it there are none, and a link instead."""

    def __init__(self, parts: Parts, http: httpx.AsyncClient) -> None:
        self._parts = parts
        self._http = http
        self._opened: OrderedDict[str, Press | str] = OrderedDict()

    async def open(self, press: Press, record: IncidentRecord, asked: dict[str, str]) -> None:
        """A 409 or 422 `Problem` where there is nothing to answer, or no way to ask."""
        await self.show(press.trigger, record, asked["page"], press)

    async def show(self, trigger: str, record: IncidentRecord, page: str, opener: Press | str) -> None:
        """Open the window of what `page` says in front of who pressed, or typed (`opener`: where to answer). `Problem`s
        as `open`."""
        view = await self._view(record, page)
        try:
            opened = await self._api(record).write("views.open", trigger_id=trigger, view=view)
        except ProviderError as error:
            log.warning("window_not_opened", reason=str(error))
            raise Problem(503, "unavailable", "Slack did not open the window", hint=self._link(record)) from None
        self._opened[str((opened.get("view") or {}).get("id"))] = opener
        while len(self._opened) > KEPT:
            self._opened.popitem(last=False)

    async def _view(self, record: IncidentRecord, page: str) -> dict[str, Any]:
        asking = Asking(record.id, page)
        if page in (chat_outward.HOLD, chat_outward.RELEASE):
            on = page == chat_outward.HOLD
            return hold_view(asking, await chat_outward.about_holding(self._parts, record, on=on), on=on)
        if page.startswith(chat_outward.CORRECT):
            board = await live_board(self._parts, record) or record.board
            message = chat_outward.message_of(board, int(page.removeprefix(chat_outward.CORRECT)))
            return words_view(asking, chat_outward.about_message(message), str(message["text"]))
        waiting = await self._waiting(record, page)
        if waiting.kind == "decision":
            return vote_view(asking, waiting.text, [str(each) for each in waiting.detail.get("options") or []])
        if waiting.kind in chat_declining.DECLINED:
            return decline_view(asking, chat_declining.about(self._parts, waiting))
        if waiting.kind in ("task", "review", "confirm"):
            return task_view(asking, await words_for_reading(self._parts, record, waiting), form_of(waiting))
        raise Problem(422, "invalid", f"{thing(waiting.id, quoted=True)} is answered by its own button")

    def opener_of(self, submission: Submission) -> Press | str | None:
        """What opened this window, if this starter still knows it: a press, or the address of a slash command."""
        return self._opened.pop(submission.view, None)

    async def preview(self, submission: Submission, principal: Principal, at: datetime) -> dict[str, Any]:
        """The window of a correction's text comes back as that of its preview. Raises `Problem` and Malformed."""
        record, asking, caller = await self._of(submission, principal, at)
        number = asking.page.removeprefix(chat_outward.CORRECT)
        if not number.isdecimal() or len(number) > 9:
            raise Malformed("private_metadata", "not what a window of mayday carries")
        text = value_of(submission.values, TEXT)
        draft = await chat_outward.kept(self._parts, caller, record, int(number), text)
        said = f"{draft.preview.lines()}\n{chat_outward.SECOND}"
        return {"response_action": "update", "view": given_view(Asking(record.id, draft.key), said)}

    async def _of(
        self, submission: Submission, principal: Principal, at: datetime
    ) -> tuple[IncidentRecord, Asking, Caller]:
        try:
            asking = Asking(**json.loads(submission.about))
        except (ValueError, TypeError):
            raise Malformed("private_metadata", "not what a window of mayday carries") from None
        said = json.dumps(submission.values, sort_keys=True)
        asking = Asking(str(asking.incident), str(asking.page))
        record = await self._parts.directory.find(asking.incident)
        return record, asking, Caller(principal, at, f"{submission.view} {said}")

    async def command(
        self, submission: Submission, principal: Principal, at: datetime
    ) -> tuple[IncidentRecord, Command]:
        """What a filled-in window asks of which incident. Raises `Problem` and Malformed."""
        record, asking, caller = await self._of(submission, principal, at)
        common, values = caller.common(), submission.values
        if submission.callback == HOLD:
            verb = "hold" if asking.page == chat_outward.HOLD else "release"
            return record, chat_outward.holding(caller, record, verb, value_of(values, REASON))
        if submission.callback == GIVE:
            return record, await chat_outward.given(self._parts, caller, record, asking.page)
        if submission.callback == VOTE:
            choice, reason = value_of(values, CHOICE), value_of(values, REASON)
            return record, commands.Vote(**common, decision=asking.page, choice=choice, reason=reason)
        if submission.callback == DECLINE:
            return record, commands.Decline(**common, target=asking.page, reason=value_of(values, REASON))
        if submission.callback != TASK:
            raise Malformed("callback_id", "not a window of mayday")
        waiting = await self._waiting(record, asking.page)
        result = {}
        for number, field in enumerate(form_of(waiting)):
            value = value_of(values, field_block(number))
            if value != "":
                result[field.name] = typed(field.name, field.kind, value)
        if waiting.kind == "review" and "release" not in result:
            raise Problem(422, "invalid", "say whether it leaves")
        return record, commands.Complete(**common, task=asking.page, result=result)

    async def _waiting(self, record: IncidentRecord, page: str) -> Pending:
        board = await live_board(self._parts, record)
        if board is None:
            raise Problem(503, "temporal_silent", "the incident does not answer now", hint=self._link(record))
        for item in board.pending:
            if item.id == page:
                return item
        raise Problem(409, "closed", f"{thing(page, quoted=True)} does not wait any more")

    def _api(self, record: IncidentRecord) -> SlackApi:
        token = self._parts.settings.value("SLACK_TOKEN")
        if not token:
            raise Problem(422, "invalid", "this needs the app's bot token here", hint=self._link(record))
        url = self._parts.settings.value("SLACK_URL") or BASE_URL
        client = VendorClient(NAME, url, self._http, StaticAuth("Authorization", "Bearer", token))
        client.reading = refusal_in
        return SlackApi(client)

    def _link(self, record: IncidentRecord) -> str:
        return f"{self._parts.settings.base_url}/incidents/{record.id}"
