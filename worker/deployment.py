"""Worker versioning: which deployment this worker belongs to, and making it the current one."""

from __future__ import annotations

import asyncio

import structlog
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import WorkerDeploymentConfig

from mayday.settings import Settings

log = structlog.get_logger(__name__)

_KNOWN_WITHIN_SECONDS = 60.0
_ASK_EVERY_SECONDS = 0.25


class DeploymentError(Exception):
    """The server does not take this version as the current one; without that no new incident would be worked on."""


def deployment_of(settings: Settings) -> WorkerDeploymentConfig | None:
    """Pinned versioning with `MAYDAY_BUILD_ID`, else None: then changes of the workflows are made by patches."""
    if settings.build_id is None:
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(settings.deployment_name, settings.build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.PINNED,
    )


async def make_current(client: Client, version: WorkerDeploymentVersion, identity: str) -> None:
    """Sends new incidents to this version, as soon as the server has seen it poll.

    Raises:
        DeploymentError: the server does not see the version, or refuses it.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _KNOWN_WITHIN_SECONDS
    while not await _is_known(client, version):
        if loop.time() > deadline:
            raise DeploymentError(f"Temporal has not seen version {version.to_canonical_string()} poll")
        await asyncio.sleep(_ASK_EVERY_SECONDS)
    try:
        await client.workflow_service.set_worker_deployment_current_version(
            SetWorkerDeploymentCurrentVersionRequest(
                namespace=client.namespace,
                deployment_name=version.deployment_name,
                build_id=version.build_id,
                identity=identity,
                ignore_missing_task_queues=True,
            )
        )
    except RPCError as error:
        raise DeploymentError(f"Temporal refuses version {version.to_canonical_string()}: {error.message}") from None
    log.info("current_version_set", version=version.to_canonical_string())


async def _is_known(client: Client, version: WorkerDeploymentVersion) -> bool:
    try:
        answer = await client.workflow_service.describe_worker_deployment(
            DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=version.deployment_name)
        )
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise DeploymentError(f"Temporal does not tell about deployments: {error.message}") from None
    summaries = answer.worker_deployment_info.version_summaries
    return any(summary.deployment_version.build_id == version.build_id for summary in summaries)
