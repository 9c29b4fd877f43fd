"""Programs that integration tests talk to: skipped where they are not installed, a failure on the build machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

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
    _missing(f"{name} is not installed here (Debian package {package})")


def from_npm(folder: Path, *packages: str) -> Path:
    """Installs npm's packages, `name@version`, for this test run; returns the folder `node_modules` that holds them.

    Out of npm's own cache or registry. Skips the test where that fails; with MAYDAY_CI=1 the test fails instead.
    """
    npm = program("npm", package="npm")
    quietly = ["--no-audit", "--no-fund", "--silent", "--prefix", str(folder)]
    done = subprocess.run([npm, "install", *quietly, *packages], capture_output=True, text=True, timeout=200)
    if done.returncode != 0:
        _missing(f"npm could not install {', '.join(packages)}: {done.stderr.strip()[-300:]}")
    return folder / "node_modules"


def _missing(what: str) -> NoReturn:
    if os.environ.get("MAYDAY_CI") == "1":
        pytest.fail(what)
    pytest.skip(what)
