"""Cards in Slack: on the incident's noticeboard, and as direct messages of the pager; settled from one place.

Where each card stands is kept in the records store, so that its buttons go when the question is over, whoever answered
it and where.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mayday.domain.effects import ClosePage, IncidentCard, PagePurpose, SentVia
from mayday.domain.errors import Refused
from mayday.domain.ports import Call, Card, Rendering
from mayday.providers.receipts import Receipts
from mayday.providers.slack import NAME
from mayday.providers.slack.api import SlackApi, SlackRefused
from mayday.providers.slack.channels import Channels, Rooms
from mayday.providers.slack.messages import card_blocks, message_of, over_blocks, rendering_of, summary_of
from mayday.providers.slack.wording import is_user
from mayday.providers.vendor_words import cut

__all__ = ["SlackNoticeboard", "SlackPager"]

CARD, CALL, OVER = "card", "call", "over"
KEPT = 3_000
"""Characters of a card's text that are kept, to write it again without its buttons."""
_GONE = frozenset({
    "message_not_found", "channel_not_found", "is_archived", "cant_update_message", "edit_window_closed",
})  # fmt: skip


class _Cards:
    """Cards of one kind."""

    def __init__(self, api: SlackApi, channels: Channels, receipts: Receipts, base_url: str, kind: str) -> None:
        self._api = api
        self._channels = channels
        self._receipts = receipts
        self._base_url = base_url
        self._kind = kind

    async def put_up(
        self, effect_key: str, incident: IncidentCard, channel: str, *, text: str, page: str, purpose: PagePurpose,
        choices: Sequence[str], users: Sequence[str], note: dict[str, Any],
    ) -> dict[str, Any]:  # fmt: skip
        blocks = card_blocks(
            text, incident, self._base_url, page=page, purpose=purpose, choices=choices, users=users
        )  # fmt: skip

        def standing(ts: str) -> dict[str, Any]:
            return {**note, "channel_id": channel, "ts": ts, "page": page, "text": cut(text, KEPT)}

        async def say() -> dict[str, Any]:
            data = await self._api.write(
                "chat.postMessage", channel=channel, **message_of(text, blocks, effect_key, incident.id, page)
            )
            return standing(str(data["ts"]))

        async def look() -> dict[str, Any] | None:
            ts = await self._channels.message_of(channel, effect_key)
            return standing(ts) if ts else None

        return await self._receipts.once(self._kind, effect_key, incident.id, look=look, act=say)

    async def settle(self, closing: ClosePage) -> int:
        """Writes every card of the page again without its buttons. One that is gone counts as done."""
        count = 0
        for key, card in (await self._receipts.all(self._kind, closing.incident.id)).items():
            over = f"{self._kind}.{OVER}"
            if card.get("page") != closing.page or await self._receipts.of(over, key) is not None:
                continue
            text = str(card.get("text") or "")
            try:
                await self._api.repeat(
                    "chat.update", channel=card["channel_id"], ts=card["ts"], text=summary_of(text),
                    blocks=over_blocks(text, closing.incident, self._base_url, closing.reason),
                )  # fmt: skip
            except SlackRefused as refused:
                if refused.error not in _GONE:
                    raise
            await self._receipts.keep(over, key, closing.incident.id, {"reason": closing.reason})
            count += 1
        return count


class SlackNoticeboard:
    """Cards in the incident's channel, or in the channel of incidents that have none yet."""

    name = NAME

    def __init__(
        self, api: SlackApi, channels: Channels, receipts: Receipts, user_of: Callable[[str], str | None],
        base_url: str, default: str | None = None,
    ) -> None:  # fmt: skip
        self._rooms = Rooms(api, channels, receipts, default)
        self._user_of = user_of
        self._cards = _Cards(api, channels, receipts, base_url, CARD)

    async def put_up(self, card: Card) -> SentVia | None:
        channel = await self._rooms.of(card.incident)
        if channel is None:
            return None
        users = [user for person in card.people if (user := self._user_of(person))]

        async def to(room: str) -> dict[str, Any]:
            return await self._cards.put_up(
                card.effect_key, card.incident, room, text=card.text, page=card.page,
                purpose=card.purpose, choices=card.choices, users=users, note={},
            )  # fmt: skip

        done, moved = await self._rooms.alive(card.incident, channel, to)
        return SentVia(channel="chat", provider=NAME, ref=f"{done['channel_id']}/{done['ts']}", note=moved)

    async def settle(self, closing: ClosePage) -> int:
        return await self._cards.settle(closing) if closing.over else 0


class SlackPager:
    """Direct messages with buttons: a push on the phone for whoever has Slack's app there."""

    name = NAME
    channels = frozenset({"push", "chat"})

    def __init__(self, api: SlackApi, channels: Channels, receipts: Receipts, base_url: str) -> None:
        self._api = api
        self._base_url = base_url
        self._cards = _Cards(api, channels, receipts, base_url, CALL)

    def rendered(self, call: Call) -> Rendering:
        self._check(call)
        blocks = card_blocks(
            call.text, call.incident, self._base_url, page=call.page, purpose=call.purpose, choices=call.choices,
            users=[],
        )  # fmt: skip
        return rendering_of(message_of(call.text, blocks, call.effect_key, call.incident.id, call.page), [call.person])

    @staticmethod
    def _check(call: Call) -> None:
        if not is_user(call.address):
            raise Refused(f"{call.person} has no id in Slack (`ids: {{slack: U...}}` in the catalog)", provider=NAME)

    async def call(self, call: Call) -> SentVia:
        self._check(call)
        opened = await self._api.repeat("conversations.open", users=call.address)
        note = {"person": call.person, "target": call.target, "channel": call.channel, "provider": NAME}
        done = await self._cards.put_up(
            call.effect_key, call.incident, str(opened["channel"]["id"]), text=call.text, page=call.page,
            purpose=call.purpose, choices=call.choices, users=[], note=note,
        )  # fmt: skip
        return SentVia(channel=call.channel, provider=NAME, ref=f"{done['channel_id']}/{done['ts']}")

    async def close(self, closing: ClosePage) -> int:
        """A message rings once: only one that nobody can answer any more is written again."""
        return await self._cards.settle(closing) if closing.over else 0
