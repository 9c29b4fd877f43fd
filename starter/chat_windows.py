"""Windows in Slack: a vote with its reason, a task with its form. What they ask is looked up when they are opened."""

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
from mayday.providers.auth import StaticAuth
from mayday.providers.client import VendorClient
from mayday.providers.inbound import Malformed
from mayday.providers.slack import NAME
from mayday.providers.slack.api import BASE_URL, SlackApi, refusal_in
from mayday.providers.slack.inbound import Press, Submission
from mayday.providers.slack.modals import (
    CHOICE,
    REASON,
    TASK,
    VOTE,
    Asking,
    field_block,
    task_view,
    value_of,
    vote_view,
)
from mayday.records.incidents import IncidentRecord
from starter.access import Principal
from starter.chat_forms import form_of
from starter.console.forms import typed
from starter.minting import command_id
from starter.parts import Parts
from starter.problems import Problem
from starter.routes.incidents import live_board

__all__ = ["DOORS", "Windows"]

log = structlog.get_logger(__name__)

DOORS = frozenset({"why", "form"})
KEPT = 500
"""So many presses are remembered, to write their cards again when the window comes back."""


class Windows:
    """Opens windows and reads what came back. Needs the bot token: without it there are none, and a link instead."""

    def __init__(self, parts: Parts, http: httpx.AsyncClient) -> None:
        self._parts = parts
        self._http = http
        self._opened: OrderedDict[str, Press] = OrderedDict()

    async def open(self, press: Press, record: IncidentRecord, asked: dict[str, str]) -> None:
        """A 409 or 422 `Problem` where there is nothing to answer, or no way to ask."""
        self._opened[await self.show(press.trigger, record, asked["page"])] = press
        while len(self._opened) > KEPT:
            self._opened.popitem(last=False)

    async def show(self, trigger: str, record: IncidentRecord, page: str) -> str:
        """Open the window of a gate or a task in front of who pressed or typed; its id. `Problem`s as `open`."""
        waiting = await self._waiting(record, page)
        asking = Asking(record.id, page)
        if waiting.kind == "decision":
            view = vote_view(asking, waiting.text, [str(each) for each in waiting.detail.get("options") or []])
        elif waiting.kind in ("task", "review", "confirm"):
            view = task_view(asking, waiting.text, form_of(waiting))
        else:
            raise Problem(422, "invalid", f"{waiting.id} is answered by its own button")
        try:
            opened = await self._api(record).write("views.open", trigger_id=trigger, view=view)
        except ProviderError as error:
            log.warning("window_not_opened", reason=str(error))
            raise Problem(503, "unavailable", "Slack did not open the window", hint=self._link(record)) from None
        return str((opened.get("view") or {}).get("id"))

    def press_of(self, submission: Submission) -> Press | None:
        """The press that opened this window, if this starter still knows it."""
        return self._opened.pop(submission.view, None)

    async def command(
        self, submission: Submission, principal: Principal, at: datetime
    ) -> tuple[IncidentRecord, Command]:
        """What a filled-in window asks of which incident. Raises `Problem` and Malformed."""
        try:
            asking = Asking(**json.loads(submission.about))
        except (ValueError, TypeError):
            raise Malformed("private_metadata", "not what a window of mayday carries") from None
        record = await self._parts.directory.find(str(asking.incident))
        said = json.dumps(submission.values, sort_keys=True)
        common: dict[str, Any] = {
            "id": command_id(principal.token_id, f"{submission.view} {said}"), "actor": principal.actor,
            "channel": "chat", "received_at": at,
        }  # fmt: skip
        values = submission.values
        if submission.callback == VOTE:
            choice, reason = value_of(values, CHOICE), value_of(values, REASON)
            return record, commands.Vote(**common, decision=str(asking.page), choice=choice, reason=reason)
        if submission.callback != TASK:
            raise Malformed("callback_id", "not a window of mayday")
        waiting = await self._waiting(record, str(asking.page))
        result = {}
        for number, field in enumerate(form_of(waiting)):
            value = value_of(values, field_block(number))
            if value != "":
                result[field.name] = typed(field.name, field.kind, value)
        return record, commands.Complete(**common, task=str(asking.page), result=result)

    async def _waiting(self, record: IncidentRecord, page: str) -> Pending:
        board = await live_board(self._parts, record)
        if board is None:
            raise Problem(503, "temporal_silent", "the incident does not answer now", hint=self._link(record))
        for item in board.pending:
            if item.id == page:
                return item
        raise Problem(409, "closed", f"{page} does not wait any more")

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
