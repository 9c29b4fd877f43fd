"""What a message will be on each of its channels, before it leaves: the orders that would be given, rendered by the
adapters that would carry them. Nothing is sent, and nobody outside is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from activities.orders import calls_of, mailing, people_of, posts, status_update
from mayday.domain.effects import SendRequest, Unreached
from mayday.domain.errors import Refused
from mayday.domain.ports import UNSENT, Ports, Rendering
from mayday.domain.wire import Wire
from mayday.language.catalog import Catalog

__all__ = ["ChannelPreview", "previews"]


class ChannelPreview(Wire):
    """One channel: what its adapters make of the message, and whom it does not reach.

    `behind` are the providers that stand in where the first one is down: theirs may look different.
    """

    channel: str
    shown: list[Rendering] = []
    unreached: list[Unreached] = []
    behind: list[str] = []


def previews(request: SendRequest, ports: Ports, catalog: Catalog, *, follows: bool) -> list[ChannelPreview]:
    """In the order of `via`. `follows`: the status page has the incident already."""
    return [_channel(request, channel, ports, catalog, follows) for channel in dict.fromkeys(request.via)]


def _channel(request: SendRequest, channel: str, ports: Ports, catalog: Catalog, follows: bool) -> ChannelPreview:
    found = ChannelPreview(channel=channel)
    match channel:
        case "email":
            mail, missing = mailing(request, catalog)
            for recipient in missing or ([] if mail else [request.audience]):
                _missed(found, recipient, "no mail address")
            if mail is not None:
                _add(found, ports.mailers, mail, request.audience)
        case "chat":
            for post in posts(request):
                _add(found, ports.chats, post, request.audience)
        case "status_page":
            update = status_update(request).model_copy(update={"follows": follows})
            _add(found, ports.status_pages, update, request.audience)
        case "push" | "sms" | "voice":
            _direct(found, request, ports, catalog)
        case _:
            _missed(found, request.audience, f"{channel} carries no messages")
    return found


def _direct(found: ChannelPreview, request: SendRequest, ports: Ports, catalog: Catalog) -> None:
    """A short message to each person; what looks the same for several stands once."""
    people = people_of(request, catalog)
    if not people:
        _missed(found, request.audience, f"names nobody whom {found.channel} could reach")
    for person in people:
        for pager, call in calls_of(request, person, found.channel, ports.pagers, catalog):
            if _add(found, [pager], call, person):
                break
        else:
            _missed(found, person, f"nothing reaches {person} by {found.channel}")
    merged: list[Rendering] = []
    for each in found.shown:
        same = next((known for known in merged if _look(known) == _look(each)), None)
        if same is None:
            merged.append(each)
        else:
            same.to += each.to
    found.shown = merged


def _add(found: ChannelPreview, adapters: Sequence[Any], order: Any, target: str) -> bool:
    """The first adapter that would carry it; those before it say why they would not."""
    unsent = order.model_copy(update={"effect_key": UNSENT})
    for at, adapter in enumerate(adapters):
        try:
            found.shown.append(adapter.rendered(unsent))
        except Refused as refused:
            found.unreached.append(Unreached(target=target, channel=found.channel, reason=str(refused)))
            continue
        for behind in adapters[at + 1 :]:
            if behind.name not in found.behind:
                found.behind.append(behind.name)
        return True
    return False


def _look(shown: Rendering) -> tuple[Any, ...]:
    return shown.provider, shown.form, shown.subject, shown.text, tuple(shown.small), tuple(shown.facts.items())


def _missed(found: ChannelPreview, target: str, reason: str) -> None:
    found.unreached.append(Unreached(target=target, channel=found.channel, reason=reason))
