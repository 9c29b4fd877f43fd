"""The incident's channel: `chat.open_channel`, `chat.post`, `chat.pin`, `chat.invite`, `chat.archive`."""

from __future__ import annotations

from temporalio import activity

from activities.actions import optional_text, receipt, text_of
from activities.chain import first_that_works, noted
from activities.contacts import people_among
from activities.dependencies import Dependencies
from activities.failures import reported
from mayday.domain.effects import ActionReceipt, ActionRequest, Unreached
from mayday.domain.errors import Refused
from mayday.domain.ports import ChannelOrder, Invitation, Post


class ChatActivities:
    def __init__(self, dependencies: Dependencies) -> None:
        self._given = dependencies

    @activity.defn(name="chat.open_channel")
    async def open_channel(self, request: ActionRequest) -> ActionReceipt:
        with reported():
            order = ChannelOrder(
                effect_key=request.effect_key, incident=request.incident, name=text_of(request, "name"),
                topic=optional_text(request, "topic"), private=request.inputs.get("private") is True,
            )  # fmt: skip
            chats = self._given.ports_for(request.incident).chats
            passed: list[Unreached] = []
            channel = await first_that_works(chats, lambda chat: chat.open_channel(order), port="chat", passed=passed)
        return receipt(channel, passed)

    @activity.defn(name="chat.post")
    async def post(self, request: ActionRequest) -> ActionReceipt:
        return await self._say(request, pin=False)

    @activity.defn(name="chat.pin")
    async def pin(self, request: ActionRequest) -> ActionReceipt:
        return await self._say(request, pin=True)

    @activity.defn(name="chat.invite")
    async def invite(self, request: ActionRequest) -> ActionReceipt:
        """Invite people of the catalog, by id or group."""
        with reported():
            wanted = request.inputs.get("people") or []
            people = people_among(self._given.catalog.current(), [wanted] if isinstance(wanted, str) else wanted)
            if not people:
                raise Refused("chat.invite names nobody of the catalog")
            invitation = Invitation(effect_key=request.effect_key, incident=request.incident, people=people)
            chats = self._given.ports_for(request.incident).chats
            passed: list[Unreached] = []
            invited = await first_that_works(chats, lambda chat: chat.invite(invitation), port="chat", passed=passed)
        return receipt({"invited": invited}, passed)

    @activity.defn(name="chat.archive")
    async def archive(self, request: ActionRequest) -> ActionReceipt:
        with reported():
            chats = self._given.ports_for(request.incident).chats
            passed: list[Unreached] = []
            await first_that_works(
                chats, lambda chat: chat.archive(request.effect_key, request.incident), port="chat", passed=passed
            )
        return receipt({}, passed)

    async def _say(self, request: ActionRequest, *, pin: bool) -> ActionReceipt:
        with reported():
            text = text_of(request, "text")
            post = Post(effect_key=request.effect_key, incident=request.incident, text=text, pin=pin)
            chats = self._given.ports_for(request.incident).chats
            passed: list[Unreached] = []
            sent = await first_that_works(chats, lambda chat: chat.post(post), port="chat", passed=passed)
        return receipt({"ref": sent.ref}, [*passed, *noted(sent)])
