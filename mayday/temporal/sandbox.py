"""The SDK's sandbox, entered for our code only.

For each payload that leaves or reaches a workflow, several times, the SDK asks the running instance which context the
converter should be told, and the sandbox is entered for the answer: compiled, executed, builtins exchanged. That took a
third of a replay (docs/performance.md). Our converter and codec take no context, so the answer is None, and the
sandbox need not be asked. Should one of them ever take it, the plugin has to go back to the SDK's own class; a test
says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from temporalio.converter import StorageDriverStoreContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

_NOWHERE = StorageDriverStoreContext(target=None)


def _no_context(command: object) -> None:
    """None: no context is set (`WorkflowInstance.get_serialization_context`)."""


def _no_store(command: object) -> StorageDriverStoreContext:
    """No payload is kept outside Temporal."""
    return _NOWHERE


@dataclass(frozen=True)
class ContextFreeSandbox(SandboxedWorkflowRunner):
    """For data converters that no context changes and that keep no payload outside."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Implements `WorkflowRunner.create_instance`."""
        instance = super().create_instance(det)
        instance.get_serialization_context = _no_context  # type: ignore[assignment,method-assign]
        instance.get_external_store_context = _no_store  # type: ignore[assignment,method-assign]
        return instance
