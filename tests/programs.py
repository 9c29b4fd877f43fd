"""Programs that integration tests talk to: skipped where they are not installed, a failure on the build machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest


def program(name: str, *, package: str, folders: Sequence[str | Path] = ()) -> str:
    """Path of a program, looked for on the path and then in `folders` (globs, newest version last).

    Skips the test where it is missing, with the Debian package that brings it; with MAYDAY_CI=1 the test fails instead.
    """
    found = shutil.which(name)
    for folder in folders:
        for candidate in sorted(Path("/").glob(str(folder).lstrip("/"))):
            if found is None and os.access(candidate / name, os.X_OK):
                found = str(candidate / name)
    if found is not None:
        return found
    missing = f"{name} is not installed here (Debian package {package})"
    if os.environ.get("MAYDAY_CI") == "1":
        pytest.fail(missing)
    pytest.skip(missing)
