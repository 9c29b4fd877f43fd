"""A mayday as the README starts it, once for all pages, and a clone-like folder for each page to work in."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.docs.pages import ROOT
from tests.programs import program

#: what the README tells Alertmanager to show
WEBHOOK_TOKEN = "change-me"
STARTS_WITHIN_SECONDS = 60.0


class Running(NamedTuple):
    """A mayday that is up."""

    data: Path
    url: str

    def environment(self) -> dict[str, str]:
        """As the second shell of the README has it."""
        rest = {key: value for key, value in os.environ.items() if not key.startswith(("MAYDAY_", "TEMPORAL_"))}
        return {**rest, "MAYDAY_DATA": str(self.data), "COLUMNS": "200"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """`make up` with the webhook token of the README, on a free port."""
    program("curl", package="curl")
    program("bash", package="bash")
    folder = tmp_path_factory.mktemp("readme")
    up = Running(folder / "data", "")
    log = folder / "up.log"
    with log.open("w") as out:
        own = {"MAYDAY_WEBHOOK_ALERTMANAGER_TOKEN": WEBHOOK_TOKEN, "MAYDAY_TEMPORAL_UI_PORT": "off"}
        process = subprocess.Popen(
            [sys.executable, "-m", "mayday", "up", "--port", "0"],
            cwd=folder, env={**up.environment(), **own}, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while "mayday is up" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield up._replace(url=json.loads((up.data / "mayday.json").read_text())["url"])
        process.send_signal(signal.SIGINT)
        process.wait(40)
    finally:
        process.kill()
        process.wait(10)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What commands of a page find around them, without the checkout itself being written to."""
    folder = tmp_path / "clone"
    shutil.copytree(ROOT / "runbooks", folder / "runbooks")
    (folder / ".venv").symlink_to(sys.prefix)
    for name in ("Makefile", "docker-compose.yml", "pyproject.toml", "requirements-dev.txt"):
        (folder / name).symlink_to(ROOT / name)
    return folder
