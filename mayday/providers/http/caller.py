"""Calls any HTTP endpoint that a runbook names."""

from __future__ import annotations

import json
from typing import Any

import httpx

from mayday.domain.errors import Broken, Refused
from mayday.domain.ports import HttpAnswer, HttpCall
from mayday.providers._http import exchange

NAME = "http"
#: a longer answer is not kept: it would have to travel in the incident's history
LONGEST_ANSWER = 16 * 1024


class HouseCaller:
    """Sends the effect key as `Idempotency-Key` and follows no redirects."""

    name = NAME

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def request(self, call: HttpCall) -> HttpAnswer:
        if not call.url.startswith(("http://", "https://")):
            raise Refused(f"not an http address: {call.url[:80]}", provider=NAME)
        response = await exchange(
            self._client, call.method, call.url, provider=httpx.URL(call.url).host or NAME, json=call.body,
            headers={"Idempotency-Key": call.effect_key, **call.headers}, timeout_s=call.timeout_s,
        )  # fmt: skip
        return HttpAnswer(status=response.status_code, body=_body(response))


class DrillCaller:
    """The fence of drills: nobody outside is called; the step becomes a task, as it would if the house were down."""

    name = "drill"

    async def request(self, call: HttpCall) -> HttpAnswer:
        raise Refused("a drill calls nothing outside", provider=self.name)


def _body(response: httpx.Response) -> Any:
    """JSON as data, other text as text. Raises Broken for JSON that is none."""
    if len(response.content) > LONGEST_ANSWER:
        return None
    if "json" not in response.headers.get("Content-Type", ""):
        return response.text or None
    try:
        return response.json()
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise Broken("the answer says it is JSON and is not", provider=NAME) from error
