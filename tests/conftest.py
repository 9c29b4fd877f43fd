"""What every test may rely on: nothing of this machine's own mayday or Temporal settings, and nothing left running."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from tests.ports import free_port

# The same examples in every run, so that a red run is the change's fault; `make hunt` looks for new ones.
settings.register_profile("steady", derandomize=True, database=None, print_blob=True)
settings.register_profile("fresh", derandomize=False, database=None, print_blob=True)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes MAYDAY_* and TEMPORAL_* out of the environment, but for what names the build machine and the samples."""
    for name in list(os.environ):
        if name.startswith(("MAYDAY_", "TEMPORAL_")) and name not in {"MAYDAY_CI", "MAYDAY_PROVIDER_DATA"}:
            monkeypatch.delenv(name)


@pytest.fixture(name="free_port")
def a_free_port() -> int:
    """A port on 127.0.0.1 that nobody had a moment ago."""
    return free_port()
