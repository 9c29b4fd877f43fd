"""What every test may rely on: nothing of this machine's own mayday or Temporal settings, and nothing left running."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes MAYDAY_* and TEMPORAL_* out of the environment, except what the build machine and the samples are named by."""
    for name in list(os.environ):
        if name.startswith(("MAYDAY_", "TEMPORAL_")) and name not in {"MAYDAY_CI", "MAYDAY_PROVIDER_DATA"}:
            monkeypatch.delenv(name)
