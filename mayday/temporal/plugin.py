"""The one plugin that client, worker and replayer share, so that they cannot differ.

It holds the pydantic data converter, the payload codec, the sandbox's pass-through list and the interceptors.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from pydantic import SecretStr
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter
from temporalio.plugin import SimplePlugin
from temporalio.worker import WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy

from mayday.temporal.codec import MaydayCodec, read_keys
from mayday.temporal.log_context import LogContextInterceptor
from mayday.temporal.sandbox import ContextFreeSandbox
from mayday.temporal.signs_of_life import SignsOfLifeInterceptor

# The sandbox does not see inside these: a clock, chance or the environment used there would replay green and still be
# wrong. So each needs its reason, ruff bans such calls in ours, and histories are replayed without the list as well.
COMPILED: dict[str, str] = {
    "cryptography": "verifies signatures, which is pure; compiled code cannot be loaded a second time in a process",
}
PASSED_THROUGH: dict[str, str] = {
    **COMPILED,
    "jinja2": "its parser is pure and slow to import; importing it anew for each run costs half a second",
    "markupsafe": "imported by jinja2, a C extension that cannot be loaded twice",
    "mayday.domain": "the converter builds these models outside; inside they must be the same classes",
    "mayday.language": "plan models come through the converter too; expressions are pure and cache parsed trees",
    "workflows": "thin and pure by the same contract; loaded anew for each run it made the first page 30 ms later",
    "mayday.walker": "pure by contract (import-linter, ruff, strict replay); reloading it for each run costs memory",
}


def data_converter(codec_keys: SecretStr | None = None) -> DataConverter:
    """Pydantic models as JSON, through the codec.

    Raises:
        CodecKeyError: a key is not 32 bytes of base64.
    """
    keys = read_keys(codec_keys.get_secret_value()) if codec_keys else []
    return dataclasses.replace(pydantic_data_converter, payload_codec=MaydayCodec(keys))


def workflow_runner(*, strict: bool = False, also: Sequence[str] = ()) -> SandboxedWorkflowRunner:
    """The sandbox with `PASSED_THROUGH`, or `strict` without our modules (for replays that look inside those too)."""
    names = [*COMPILED, *also] if strict else [*PASSED_THROUGH, *also]
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*names)
    if strict:  # the walker imports inside functions; loaded afresh for one replay, that is no news to anybody
        silent = SandboxImportNotificationPolicy.SILENT
        restrictions = dataclasses.replace(restrictions, import_notification_policy=silent)
    return ContextFreeSandbox(restrictions=restrictions)


def build_plugin(
    codec_keys: SecretStr | None = None, *, strict: bool = False, also: Sequence[str] = ()
) -> SimplePlugin:
    """The plugin for `Client.connect(plugins=[...])`, from which a worker takes it, and for `Replayer(plugins=[...])`.

    Raises:
        CodecKeyError: a key is not 32 bytes of base64.
    """
    runner = workflow_runner(strict=strict, also=also)

    def in_sandbox(existing: WorkflowRunner | None) -> WorkflowRunner:
        # A worker in debug mode, or a test that asks for no sandbox, keeps what it asked for.
        return runner if existing is None or isinstance(existing, SandboxedWorkflowRunner) else existing

    return SimplePlugin(
        "mayday",
        data_converter=data_converter(codec_keys),
        workflow_runner=in_sandbox,
        interceptors=[LogContextInterceptor(), SignsOfLifeInterceptor()],
    )
