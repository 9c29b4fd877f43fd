"""Calls that one workflow task asks for travel together, in one activity: a bundle (docs/adr/0144).

Every call keeps its own effect key, its own tries and its own answer. What is not told in the receipt, because the
bundle was lost on its way, is asked for once more by itself, under the same key.
"""

from __future__ import annotations

from typing import Any, Literal

from mayday.domain.effects import (
    CLOSE_PAGE,
    DEADLINE,
    FLUSH,
    LAST_SEEN,
    NOTE_CHANGE,
    PAGE,
    RESOLVE,
    SEND,
    VENDOR_CONTACT,
)
from mayday.domain.wire import Wire

__all__ = [
    "BUNDLE", "BUNDLED", "TOLD_SIGNAL", "Bundle", "BundleEnvelope", "BundleNotice", "BundleReceipt", "BundledCall",
    "CallFailure", "CallOutcome",
]  # fmt: skip

BUNDLE = "effects.bundle"
TOLD_SIGNAL = "bundle_told"
#: what travels in bundles. Actions of a runbook go alone: some of them cannot be undone, and all may take minutes
BUNDLED = frozenset({PAGE, CLOSE_PAGE, SEND, RESOLVE, DEADLINE, LAST_SEEN, NOTE_CHANGE, VENDOR_CONTACT, FLUSH})


class BundledCall(Wire):
    """One call: `payload` is what the activity `kind` takes, `one_try_s` the seconds that a try may take."""

    key: str
    kind: str
    payload: Any
    one_try_s: float
    tries: int


class Bundle(Wire):
    incident_id: str
    calls: list[BundledCall]


class CallFailure(Wire):
    """As an activity's own error would say it: its type and its message. `timeout`: no try was ever answered."""

    code: str
    message: str


class CallOutcome(Wire):
    """What one call brought. `again`: the provider wants a longer pause than a bundle waits; it is asked for alone."""

    key: str
    value: dict[str, Any] | None = None
    failure: CallFailure | None = None
    again: bool = False


class BundleReceipt(Wire):
    outcomes: list[CallOutcome] = []


class BundleNotice(Wire):
    """What is known before the last call of a bundle is answered: a provider that hangs holds up nobody else."""

    kind: Literal["bundle"] = "bundle"
    outcomes: list[CallOutcome]


class BundleEnvelope(Wire):
    """As it travels: `command` is what the signatures cover (`mayday.domain.signed`)."""

    command: BundleNotice
    signatures: dict[str, str] = {}
