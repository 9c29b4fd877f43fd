"""Histories without our payload codec, so that they can be read when its keys are long gone.

The records store is the house's own: who may read it reads the timeline anyway.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import History
from temporalio.client import WorkflowHistory
from temporalio.converter import PayloadCodec


async def plain_history(history: WorkflowHistory, codec: PayloadCodec) -> WorkflowHistory:
    """A copy whose payloads the codec has decoded. Raises what the codec raises (a key that is not set here)."""
    copy = History(events=history.events)
    found = list(_payloads(copy))
    for payload, plain in zip(found, await codec.decode(found), strict=True):
        if payload is not plain:
            payload.CopyFrom(plain)
    return WorkflowHistory(history.workflow_id, copy.events)


def _payloads(message: Message) -> Iterator[Payload]:
    if isinstance(message, Payload):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        for inner in _inner(field, value):
            yield from _payloads(inner)


def _inner(field: Any, value: Any) -> Iterator[Message]:
    if field.message_type.GetOptions().map_entry:
        yield from (item for item in value.values() if isinstance(item, Message))
    elif isinstance(value, Message):
        yield value
    else:
        yield from value
