"""A whole `mayday up` as a person runs it, and the command line beside it."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from tests.cli.told_starter import starter

__all__ = ["starter"]

MAYDAY = [sys.executable, "-m", "mayday"]
ALERTS_TOKEN = "alerts-of-this-test"
RUNBOOKS = Path(__file__).parents[2] / "runbooks"
QUICK = """\
apiVersion: runbook/v1
kind: Runbook
metadata: { name: quick, version: 1.0.0, owner: tests }
phases:
  - id: work
    until: incident.status >= "mitigated"
    steps: [{ id: begun, log: "it has begun" }]
  - id: last
    steps: [{ id: done, log: "it is over" }]
"""


@dataclass
class Told:
    """What a command said."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Machine:
    """A machine with its own data folder."""

    data: Path
    runbooks: Path
    tokens: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def environment(self, **more: str) -> dict[str, str]:
        rest = {key: value for key, value in os.environ.items() if not key.startswith(("MAYDAY_", "TEMPORAL_"))}
        ours = {
            "MAYDAY_DATA": str(self.data),
            "MAYDAY_RUNBOOKS": str(self.runbooks),
            "MAYDAY_WEBHOOK_ALERTMANAGER_TOKEN": ALERTS_TOKEN,
        }
        return {**rest, **ours, **more}

    def mayday(self, *arguments: str, person: str | None = None, stdin: str | None = None, **env: str) -> Told:
        """Run a command to its end."""
        if person is not None:
            env["MAYDAY_TOKEN"] = self.token(person)
        done = subprocess.run(
            [*MAYDAY, *arguments], env=self.environment(**env), capture_output=True, text=True, timeout=60, input=stdin
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Told(done.returncode, done.stdout, done.stderr)

    def token(self, person: str) -> str:
        if person not in self.tokens:
            made = self.mayday("token", "create", "--person", person, "--json")
            assert made.status == 0, made.err
            self.tokens[person] = made.json["token"]
        return self.tokens[person]

    def get(self, path: str) -> Any:
        """What the API says to the owner; quicker than a command."""
        headers = {"Authorization": f"Bearer {self.description['token']}"}
        answer = httpx.get(self.description["url"] + path, headers=headers, trust_env=False, timeout=20)
        assert answer.status_code == 200, answer.text
        return answer.json()

    @property
    def description(self) -> dict[str, Any]:
        return dict(json.loads((self.data / "mayday.json").read_text()))

    @property
    def log(self) -> Path:
        """What `mayday up` wrote."""
        return self.data.parent / "up.log"

    def up(self, *arguments: str, until: str = "mayday is up", **env: str) -> None:
        """Start `mayday up` and return once it says that it is up, or what else is waited for."""
        said = len(self._said())
        with self.log.open("a") as out:
            self.process = subprocess.Popen(
                [*MAYDAY, "up", "--port", "0", *arguments], env=self.environment(**env), stdout=out, stderr=out
            )
        self.until_it_says(until, said)

    def until_it_says(self, words: str, since: int = 0) -> None:
        process = self.process
        assert process is not None

        def is_said() -> bool:
            assert process.poll() is None, self._said()[since:]
            return words in self._said()[since:]

        self.until(is_said, words, 60)

    def down(self) -> int:
        """End it as Ctrl-C does."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(40)
        finally:
            self.process.kill()
            self.process = None

    def _said(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def until(self, look: Any, what: str, within: float = 30) -> Any:
        """The first true answer of `look`."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if found := look():
                return found
            time.sleep(0.1)
        pytest.fail(f"waited {within} s for {what}")


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """Nothing runs on it yet."""
    shutil.copytree(RUNBOOKS, tmp_path / "runbooks")
    (tmp_path / "runbooks" / "library" / "quick.yaml").write_text(QUICK)
    made = Machine(tmp_path / "data", tmp_path / "runbooks")
    yield made
    if made.process is not None:
        made.process.kill()
        made.process.wait(10)
        _end_server(made.data)


def _end_server(data: Path) -> None:
    """The server of a killed `up` outlives it, on purpose."""
    try:
        pid = json.loads((data / "temporal.lock").read_text())["server_pid"]
        os.kill(pid, signal.SIGKILL)
    except (OSError, ValueError, KeyError):
        pass  # it is gone, or was never started


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """Commands configure the logs of their process, which here is that of all tests."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
