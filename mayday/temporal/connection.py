"""Connecting to Temporal: where to, with what, and how long to wait for it.

    TemporalUnreachable   nobody answered within the patience given
    TemporalRefused       somebody answered: not with these credentials, or not this namespace
    StoppedMeanwhile      the process was told to stop while it waited

Addresses, namespace, TLS and keys are Temporal's own settings (`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`,
`TEMPORAL_API_KEY`, `TEMPORAL_PROFILE`, ...), read by its envconfig as for every other Temporal tool.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import re

import structlog
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.envconfig import ClientConfigProfile
from temporalio.service import RPCError, RPCStatusCode

from mayday.settings import Settings
from mayday.temporal.plugin import build_plugin

log = structlog.get_logger(__name__)

_REFUSALS = frozenset({RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED})
_SYSTEM_SAID = re.compile(r'(?:message|error): "([^"]+)"')
_FIRST_WAIT_SECONDS = 0.1
_LONGEST_WAIT_SECONDS = 2.0


class TemporalError(Exception):
    """Temporal cannot be used; the text says where and why, for a person."""


class TemporalUnreachable(TemporalError):
    """Nobody answered in time."""


class TemporalRefused(TemporalError):
    """The server answered and refused; waiting would not help."""


class StoppedMeanwhile(TemporalError):
    """The process was told to stop while it waited for an answer."""


def configured_profile() -> ClientConfigProfile | None:
    """The outside cluster that the environment or Temporal's configuration file names, or None for the embedded server.

    Raises:
        TemporalRefused: the configuration cannot be read.
    """
    try:
        profile = ClientConfigProfile.load()
    except RuntimeError as error:
        raise TemporalRefused(f"Temporal's configuration cannot be used: {error}") from None
    return profile if profile.address else None


async def connect(
    settings: Settings,
    *,
    address: str | None = None,
    namespace: str | None = None,
    patience: float | None = None,
    stop: asyncio.Event | None = None,
) -> Client:
    """A connected client with mayday's plugin.

    Args:
        address: `host:port` of the embedded server; None takes what the environment names, else `localhost:7233`.
        namespace: overrides the configured one; `default` otherwise.
        patience: seconds to go on trying; `settings.connect_within` otherwise.
        stop: whoever sets it does not want to be connected any more.

    Raises:
        TemporalUnreachable: nobody answered within `patience`.
        TemporalRefused: the server answered and refused, or the configuration cannot be read.
        StoppedMeanwhile: `stop` was set before anybody answered.
    """
    if address is not None:
        profile = ClientConfigProfile(address=address)
    else:
        profile = configured_profile() or ClientConfigProfile(address="localhost:7233")
    options = profile.to_client_connect_config()
    target = options["target_host"]
    options["namespace"] = namespace or options.get("namespace") or "default"
    within = settings.connect_within if patience is None else patience

    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    wait = _FIRST_WAIT_SECONDS
    plugin = build_plugin(settings.codec_keys)
    while True:
        try:
            client = await Client.connect(**options, plugins=[plugin])
            await _namespace_is_there(client)
            return client
        except RPCError as error:
            if error.status in _REFUSALS:
                raise TemporalRefused(f"Temporal at {target} refuses these credentials: {error.message}") from None
            reason = f"{error.status.name.lower()}: {error.message}"
        except RuntimeError as error:  # what the SDK raises when nobody listens
            reason = _in_short(error)
        if loop.time() + wait > deadline:
            raise TemporalUnreachable(
                f"Temporal at {target} (namespace {options['namespace']}) "
                f"could not be used within {math.ceil(within)} s: {reason}"
                f"{'' if address else '; TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE say which one is meant'}"
            )
        log.info("temporal_awaited", address=target, reason=reason)
        await _unless_stopped(stop, wait)
        wait = min(wait * 2, _LONGEST_WAIT_SECONDS)


def _in_short(error: RuntimeError) -> str:
    """What the system said, without the layers of the core's transport around it."""
    said = _SYSTEM_SAID.findall(str(error))
    return said[-1] if said else str(error)


async def _unless_stopped(stop: asyncio.Event | None, seconds: float) -> None:
    """Waits between two attempts: an attempt itself is never cut off, the SDK's core would not survive it."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for((stop or asyncio.Event()).wait(), seconds)
        raise StoppedMeanwhile("stopped before Temporal answered")


async def _namespace_is_there(client: Client) -> None:
    """A missing namespace would otherwise show only when the first incident starts.

    Raises:
        RPCError: it is missing (a server that has just started makes it a moment later), or the server is not ready.
    """
    try:
        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    except RPCError as error:
        # A key may be allowed to run workflows and yet not to describe the namespace.
        if error.status is not RPCStatusCode.PERMISSION_DENIED:
            raise
