"""The built wheel holds all packages and the runbook library, and finds it when installed."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from mayday.settings import packaged_runbooks

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content, as a site-packages folder."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_all_code_is_in_it_and_nothing_else(installed: Path) -> None:
    for package in ("mayday", "workflows", "activities", "worker", "starter"):
        ours = {path.relative_to(ROOT) for path in (ROOT / package).rglob("*.py")}
        assert ours == {path.relative_to(installed) for path in (installed / package).rglob("*.py")}
    top = {path.name for path in installed.iterdir() if not path.name.endswith(".dist-info")}
    assert top == {"mayday", "workflows", "activities", "worker", "starter"}


def test_the_library_is_found_in_a_checkout() -> None:
    assert packaged_runbooks() == ROOT / "runbooks"


def test_the_library_is_found_when_installed(installed: Path, tmp_path: Path) -> None:
    code = "from mayday.settings import load_settings; print(load_settings().runbooks)"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(installed), "HOME": str(tmp_path)},
        check=True,
        capture_output=True,
        text=True,
    )
    folder = Path(run.stdout.strip())
    assert folder == installed / "mayday" / "_runbooks"
    shipped = {path.relative_to(folder) for path in folder.rglob("*.yaml")}
    assert shipped == {path.relative_to(ROOT / "runbooks") for path in (ROOT / "runbooks").rglob("*.yaml")}
