"""Sees what a run that is replayed would flush: the replayer itself compares no activity inputs."""

from __future__ import annotations

from typing import Any

from temporalio import workflow
from temporalio.worker import (
    Interceptor,
    StartActivityInput,
    StartLocalActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from mayday.domain.bundles import BUNDLE
from mayday.domain.effects import FLUSH

_EXTERN = "mayday_flushed"


class FlushWitness(Interceptor):
    """Worker interceptor; `hashes` are those of the entries flushed, by their number, as the replayed run made them."""

    def __init__(self) -> None:
        self.hashes: dict[int, str] = {}

    def see(self, entries: list[tuple[int, str]]) -> None:
        self.hashes.update(entries)

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002 - SDK's name
        """See base class."""
        input.unsafe_extern_functions[_EXTERN] = self.see
        return _Inbound


class _Inbound(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound))


class _Outbound(WorkflowOutboundInterceptor):
    def start_local_activity(self, input: StartLocalActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002 - SDK's name
        _look(input.activity, input.args)
        return super().start_local_activity(input)

    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002 - SDK's name
        _look(input.activity, input.args)
        return super().start_activity(input)


def _look(activity: str, args: Any) -> None:
    calls = args[0].calls if activity == BUNDLE else ()
    for flush in [args[0]] if activity == FLUSH else [call.payload for call in calls if call.kind == FLUSH]:
        workflow.extern_functions()[_EXTERN]([(entry.seq, entry.hash) for entry in flush.entries])
