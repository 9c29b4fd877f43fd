"""What the calls of a bundle have brought so far is told to the run, when one of them keeps the others waiting."""

from __future__ import annotations

from datetime import timedelta

import structlog
from temporalio import activity
from temporalio.service import RPCError

from mayday.domain.bundles import TOLD_SIGNAL, BundleNotice, CallOutcome
from mayday.signing import Signer
from mayday.temporal.bundles import Tell

__all__ = ["telling"]

log = structlog.get_logger(__name__)

_ANSWER_WITHIN = timedelta(seconds=3)


def telling(signer: Signer) -> Tell:
    """Signs and sends it. What does not arrive is in the bundle's receipt all the same."""

    async def tell(incident: str, outcomes: list[CallOutcome]) -> None:
        info = activity.info()
        envelope = await signer.for_bundle(incident, BundleNotice(outcomes=outcomes))
        if not envelope.signatures:
            log.warning("bundle_not_told", workflow=info.workflow_id, reason="no signing key could be read")
            return
        handle = activity.client().get_workflow_handle(info.workflow_id or "", run_id=info.workflow_run_id)
        try:
            await handle.signal(TOLD_SIGNAL, envelope, rpc_timeout=_ANSWER_WITHIN)
        except RPCError as error:
            log.warning("bundle_not_told", workflow=info.workflow_id, reason=error.message)

    return tell
