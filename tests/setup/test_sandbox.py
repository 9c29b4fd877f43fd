"""The sandbox is not entered for what only a context-aware converter would need."""

from __future__ import annotations

from temporalio.converter import WorkflowSerializationContext

from mayday.temporal.plugin import COMPILED, PASSED_THROUGH, data_converter, workflow_runner
from mayday.temporal.sandbox import ContextFreeSandbox


def test_nothing_of_our_converter_takes_a_context() -> None:
    """If this fails: mayday/temporal/sandbox.py would keep the context from the part that wants it."""
    converter = data_converter()
    assert converter.with_context(WorkflowSerializationContext(namespace="default", workflow_id="any")) is converter
    assert converter.external_storage is None


def test_every_worker_and_replay_runs_in_it() -> None:
    assert isinstance(workflow_runner(), ContextFreeSandbox)
    assert isinstance(workflow_runner(strict=True), ContextFreeSandbox)


def test_a_strict_replay_looks_inside_the_workflows_too() -> None:
    names = workflow_runner(strict=True).restrictions.passthrough_modules
    assert not names & (set(PASSED_THROUGH) - set(COMPILED))
