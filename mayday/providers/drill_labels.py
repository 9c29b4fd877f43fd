"""What leaves in a drill says so, on every channel: the fence around the ports of drills.

Each outgoing order is labelled by its type, in one table; an order that the table does not know is refused. So a
port that is added later says nothing in a drill until somebody has decided what of it people read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from mayday.domain import ports
from mayday.domain.effects import ActionRequest, ClosePage, IncidentCard
from mayday.domain.errors import Refused
from mayday.domain.ports import Ports
from mayday.domain.wire import Wire

__all__ = ["LABEL", "READ_ONLY", "TEXTS", "labelled"]

LABEL = "DRILL: "
#: per order the fields that people read
TEXTS: Mapping[type[Wire], tuple[str, ...]] = {
    ports.Call: ("text",), ports.Card: ("text",), ports.Post: ("text",), ports.ChannelOrder: ("topic",),
    ports.BridgeOrder: ("name",), ports.StatusUpdate: ("title", "text"), ports.Mail: ("subject", "text"),
    ports.Meeting: ("summary", "description"), ports.TicketOrder: ("summary", "description"),
    ports.WorkNote: ("text",), ports.TicketClosing: ("reason",), ports.TicketReopening: ("reason",),
    ports.CaseOrder: ("summary",), ports.VendorCall: ("text",), ports.HttpCall: (), ports.Invitation: (),
    ports.ChildTicket: (), ClosePage: ("reason",),
}  # fmt: skip
#: ports that tell nobody anything
READ_ONLY = frozenset({"change_logs", "knowledge", "rosters"})


def labelled(drills: Ports) -> Ports:
    """The ports of drills, each adapter behind its label."""
    changed: dict[str, Any] = {
        field.name: [_Labelled(adapter) for adapter in getattr(drills, field.name)]
        for field in fields(drills)
        if field.name not in READ_ONLY
    }
    return replace(drills, **changed)


class _Labelled:
    """Any adapter: what it is asked is labelled, what it answers stays."""

    def __init__(self, adapter: Any) -> None:
        self._adapter = adapter

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._adapter, name)
        if not callable(found):
            return found
        if name == "rendered":
            return lambda order: found(_marked(order))

        async def ask(*orders: Any) -> Any:
            return await found(*(_marked(order) for order in orders))

        return ask


def _marked(order: Any) -> Any:
    if not isinstance(order, Wire) or isinstance(order, IncidentCard):
        return order  # an effect key, or the card itself
    if isinstance(order, ActionRequest):
        inputs = {name: _say(value) if name in ("plan", "summary") else value for name, value in order.inputs.items()}
        return order.model_copy(update={"inputs": inputs})
    texts = TEXTS.get(type(order))
    if texts is None:
        raise Refused(f"a drill does not know how to label a {type(order).__name__}", provider="drill")
    return order.model_copy(update={name: _say(getattr(order, name)) for name in texts})


def _say(text: Any) -> Any:
    if not isinstance(text, str) or not text or text.startswith(LABEL):
        return text
    return LABEL + text
