"""What the Dockerfile does holds in a plain folder: its build context is enough, and what comes out runs where
only the data folder can be written. (With real containers it was tried by hand: docs/operations.md, "Proven".)"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUN = "import sys, mayday.cli.main as m; assert m.__file__.startswith(sys.argv.pop(1)), m.__file__; m.run()"
"""Calls the command line as its entry point does, and makes sure that it is the installed one."""


def instructions() -> list[tuple[str, str]]:
    """(instruction, rest) of the Dockerfile, continued lines joined."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the first stage makes of the files that are copied into it, and of no others; nobody may write there."""
    source = tmp_path_factory.mktemp("src")
    for word, rest in instructions():
        if word == "COPY" and not rest.startswith("--from"):
            *names, target = rest.split()
            for name in names:
                here, there = ROOT / name, source / target / (name if target.endswith("/") else "")
                if here.is_dir():
                    shutil.copytree(here, there, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy(here, there)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel"], cwd=source, check=True, capture_output=True
    )
    (wheel,) = (source / "dist").glob("*.whl")
    site = tmp_path_factory.mktemp("opt") / "site"
    install = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", str(site), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(site)], check=True)
    for folder, _, files in os.walk(site):
        for name in files:
            (Path(folder) / name).chmod(0o444)
        Path(folder).chmod(0o555)
    return site


def environment(site: Path, data: Path) -> dict[str, str]:
    """As the second stage sets it, with the installed files first on the path."""
    said = " ".join(rest for word, rest in instructions() if word == "ENV")
    stated = dict(pair.split("=", 1) for pair in said.split() if not pair.startswith(("PATH=", "MAYDAY_DATA=")))
    return {**stated, "PYTHONPATH": str(site), "MAYDAY_DATA": str(data), "HOME": str(data), "PATH": os.environ["PATH"]}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--version"], r"^\d+\.\d+"),
        (["--help"], "Major incidents from the alert to the review"),
        (["catalog", "check"], "no findings"),
        (["runbook", "test"], "passed"),
    ],
    ids=["version", "help", "catalog", "rehearsal"],
)
def test_the_copied_files_are_enough_and_nothing_is_written_beside_them(
    installed: Path, tmp_path: Path, arguments: list[str], says: str
) -> None:
    run = subprocess.run(
        [sys.executable, "-c", RUN, str(installed), *arguments],
        cwd=tmp_path,
        env=environment(installed, tmp_path / "data"),
        capture_output=True,
        text=True,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert re.search(says, run.stdout)


def test_the_settings_of_the_image_are_settings_of_mayday() -> None:
    from mayday.settings import Settings

    for word, rest in instructions():
        for name in re.findall(r"MAYDAY_(\w+)=", rest) if word == "ENV" else ():
            assert name.lower() in Settings.model_fields


def test_both_stages_stand_on_the_same_python() -> None:
    """The environment of the first stage points into the Python that it was made with."""
    bases = [rest.split(" AS ")[0] for word, rest in instructions() if word == "FROM"]
    assert len(bases) == 2
    assert len(set(bases)) == 1
