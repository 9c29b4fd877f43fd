"""`POST /chat/{slack|teams}`: what people do in a chat, in the platform's own form, and the platform's own answer.

Every request is verified over its raw bytes before anything of it is read. A platform without a signing secret is shut:
401 to all. What takes longer than the platform waits is finished behind the answer, and told afterwards.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx
import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from mayday.providers.inbound import BadSignature, Malformed
from mayday.providers.slack import inbound as slack_inbound
from mayday.providers.teams import inbound as teams_inbound
from starter.chat_answers import Done
from starter.chat_slack import Slack, said
from starter.chat_teams import answer, ran
from starter.parts import Here, Parts
from starter.problems import Problem

__all__ = ["router"]

log = structlog.get_logger(__name__)

SLACK_WAITS_SECONDS = 2.2
"""Slack gives up after three seconds; the way there and back is in them."""
TEAMS_WAITS_SECONDS = 4.0
"""Teams gives up after five to ten seconds, and has no way for a later answer."""
T = TypeVar("T")


class ChatRoom:
    """The parts of the chat in one starter: a client for late answers, and what is still going on."""

    def __init__(self, parts: Parts) -> None:
        self.http = httpx.AsyncClient(follow_redirects=False)
        self.slack = Slack(parts, self.http)
        self._going_on: set[asyncio.Task[Any]] = set()

    def begin(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        task = asyncio.create_task(work, name=name)
        self._going_on.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._going_on.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("chat_request_failed", task=task.get_name(), exc_info=task.exception())

    async def close(self) -> None:
        """What is going on is finished first."""
        await asyncio.gather(*self._going_on, return_exceptions=True)
        await self.http.aclose()


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    room: ChatRoom | None = getattr(app.state, "chat_room", None)
    if room is not None:
        await room.close()


router = APIRouter(prefix="/chat", tags=["chat"], lifespan=_lifespan)


def _room(request: Request, parts: Parts) -> ChatRoom:
    state = request.app.state
    if not hasattr(state, "chat_room"):
        state.chat_room = ChatRoom(parts)
    room: ChatRoom = state.chat_room
    return room


@router.post("/slack", response_class=Response)
async def slack(request: Request, parts: Here) -> Response:
    """Slash commands and pressed buttons of the Slack app: one address for both."""
    raw = await request.body()
    secrets = _secrets(parts, "SLACK_SECRET")
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        slack_inbound.verify(raw, headers, secrets, parts.clock())
        arrived = slack_inbound.arrived(raw)
    except BadSignature as error:
        raise Problem(401, "unauthenticated", str(error)) from None
    except Malformed as error:
        raise Problem(400, "malformed", str(error)) from None
    room = _room(request, parts)
    if isinstance(arrived, slack_inbound.Challenge):
        return PlainTextResponse(arrived.text)
    if isinstance(arrived, slack_inbound.SlashCommand):
        return await _slash(room, arrived)
    if isinstance(arrived, slack_inbound.Submission):
        return await _window(room, arrived)
    if isinstance(arrived, slack_inbound.Press):
        await asyncio.wait({room.begin(room.slack.pressed(arrived), "slack-press")}, timeout=SLACK_WAITS_SECONDS)
    return Response(status_code=200)


async def _slash(room: ChatRoom, command: slack_inbound.SlashCommand) -> Response:
    running = room.begin(room.slack.ran(command), "slack-command")
    done, _ = await asyncio.wait({running}, timeout=SLACK_WAITS_SECONDS)
    if done:
        return JSONResponse(running.result())

    async def tell() -> None:
        await room.slack.later(command.response_url, await running)

    room.begin(tell(), "slack-late-answer")
    return JSONResponse(said(Done("One moment; the answer comes here.")))


async def _window(room: ChatRoom, submission: slack_inbound.Submission) -> Response:
    """What takes longer than Slack waits closes the window, and counts all the same; a refusal is told afterwards."""
    submitting = room.begin(room.slack.submitted(submission), "slack-window")
    done, _ = await asyncio.wait({submitting}, timeout=SLACK_WAITS_SECONDS)
    if not done:

        async def tell() -> None:
            await room.slack.too_late(submission, await submitting)

        room.begin(tell(), "slack-late-window")
        return Response(status_code=200)
    said_back = submitting.result()
    return JSONResponse(said_back) if said_back is not None else Response(status_code=200)


@router.post("/teams", response_class=Response)
async def teams(request: Request, parts: Here) -> Response:
    """What is written to the outgoing webhook of a team."""
    raw = await request.body()
    secrets = _secrets(parts, "TEAMS_SECRET")
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        teams_inbound.verify(raw, headers, secrets)
        written = teams_inbound.written(raw, parts.clock())
    except BadSignature as error:
        raise Problem(401, "unauthenticated", str(error)) from None
    except Malformed as error:
        raise Problem(400, "malformed", str(error)) from None
    running = _room(request, parts).begin(ran(parts, written), "teams-message")
    done, _ = await asyncio.wait({running}, timeout=TEAMS_WAITS_SECONDS)
    late = answer("Taken. It goes on behind this answer: status says what came of it.")
    return JSONResponse(running.result() if done else late)


def _secrets(parts: Parts, name: str) -> list[str]:
    """Signing secrets, several while one is rotated; a 401 `Problem` where none is set."""
    listed = [secret.strip() for secret in (parts.settings.value(name) or "").split(",") if secret.strip()]
    if not listed:
        raise Problem(401, "unauthenticated", "this chat is not set up", hint=f"set MAYDAY_{name}")
    return listed
