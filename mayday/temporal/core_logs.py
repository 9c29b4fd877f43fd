"""What Temporal's core has to say goes through our logs: one form, one level, secrets masked.

Left to itself the core writes coloured text of its own to standard error, between the JSON lines of a process.
"""

from __future__ import annotations

import logging

from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

__all__ = ["forward_core_logs"]


def forward_core_logs() -> None:
    """For a process's start, after `configure_logs` and before the first connection: later ones use what this makes."""
    forwarding = LogForwardingConfig(
        logger=logging.getLogger("temporalio.core"), append_target_to_name=False, prepend_target_on_message=False
    )
    core = LoggingConfig(filter=TelemetryFilter(core_level="WARN", other_level="ERROR"), forwarding=forwarding)
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=core)), error_if_already_set=False)
