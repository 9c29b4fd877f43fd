"""Search attributes of incidents: what Temporal's own UI and CLI can list them by. Nothing personal is among them."""

from __future__ import annotations

import asyncio

import structlog
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode

log = structlog.get_logger(__name__)

SEVERITY = SearchAttributeKey.for_keyword("severity")
STATUS = SearchAttributeKey.for_keyword("status")
SERVICE = SearchAttributeKey.for_keyword("service")
OPENED = SearchAttributeKey.for_datetime("opened")

ATTRIBUTES: dict[str, IndexedValueType.ValueType] = {
    SEVERITY.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    STATUS.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    SERVICE.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    OPENED.name: IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
}


async def register_search_attributes(client: Client, *, patience: float = 10.0) -> bool:
    """Registers what is missing, and waits up to `patience` seconds until the server knows it.

    Returns:
        True when incidents may carry the attributes. False when the server refuses (no right, or the name is taken by
        another type): incidents then run without, since an unregistered attribute refuses a start and wedges an upsert.
    """
    try:
        known = await _registered(client)
        missing = {name: kind for name, kind in ATTRIBUTES.items() if name not in known}
        if missing:
            request = AddSearchAttributesRequest(search_attributes=missing, namespace=client.namespace)
            try:
                await client.operator_service.add_search_attributes(request)
            except RPCError as error:
                # Another process of ours registered them at the same moment.
                if error.status is not RPCStatusCode.ALREADY_EXISTS:
                    raise
            known = await _wait_until_known(client, patience)
    except RPCError as error:
        log.warning("search_attributes_refused", status=error.status.name, reason=error.message)
        return False
    wrong = sorted(name for name, kind in ATTRIBUTES.items() if known.get(name) != kind)
    if wrong:
        log.warning("search_attributes_refused", reason="missing, or registered with another type", names=wrong)
    return not wrong


async def _registered(client: Client) -> dict[str, IndexedValueType.ValueType]:
    answer = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    return dict(answer.custom_attributes)


async def _wait_until_known(client: Client, patience: float) -> dict[str, IndexedValueType.ValueType]:
    deadline = asyncio.get_running_loop().time() + patience
    known = await _registered(client)
    while not set(ATTRIBUTES) <= set(known) and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.2)
        known = await _registered(client)
    return known
