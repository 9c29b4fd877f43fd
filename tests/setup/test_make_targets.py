"""The commands that people and the build machine rely on exist."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGETS = ["setup", "demo", "test", "soak", "check", "bench", "up", "lock", "clean"]


@pytest.mark.parametrize("target", TARGETS)
def test_the_target_exists(target: str) -> None:
    subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True)


def test_every_make_command_in_the_documents_exists() -> None:
    listed = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"(?:`|^\s*|&& )make ([a-z]+)", document.read_text(), re.MULTILINE):
            assert target in listed, f"{document.name}: make {target}"


def test_every_test_is_in_exactly_one_run() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert '-m "not soak and not hunt"' in makefile
    assert '-m "soak and not hunt"' in makefile
    assert "-m hunt" in makefile


def test_the_build_machine_runs_what_people_run() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    text = script.read_text()
    assert "set -euo pipefail" in text
    assert "export MAYDAY_CI=1" in text
    assert text.index("make test") < text.index("make soak")
    subprocess.run(["bash", "-n", str(script)], check=True)
