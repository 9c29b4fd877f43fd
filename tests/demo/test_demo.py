"""`mayday demo` as a person starts it: real processes, real timers, a killed worker, and an exit status to trust."""

from __future__ import annotations

import asyncio
import io
import os
import re
import signal
import sys
from pathlib import Path

import pytest
from rich.console import Console

from mayday.demo.checks import checks
from mayday.demo.printing import print_ways_on
from mayday.demo.story import Outcome

pytestmark = [pytest.mark.temporal, pytest.mark.timeout(300)]

ENDS_WITHIN_SECONDS = 240


async def test_a_night_from_the_alert_to_the_review(tmp_path: Path) -> None:
    status, printed = await demo(tmp_path / "data")
    assert status == 0, printed
    story = [
        "202, opened INC-",
        "202, attached",
        "the page climbs: lee",
        "409, excluded: Ana Ruiz may not vote on “emergency change”",
        "the question of invoices has lapsed",
        "kill -9 of the worker",
        "has replayed the incident and goes on",
        "the emergency change is approved",
        "resolved",
        "the review is with ana",
        "Timeline of INC-",
        "Lee Carter acknowledged “page payments”",
        "agreed, the backout is ready",
        "# SEV2 Checkout answers with errors",
        "where to look further",
        f"mayday up --data {tmp_path / 'data'}",
        "everything happened that should have",
    ]
    place = 0
    for line in story:
        found = printed.find(line, place)
        assert found >= 0, f"{line!r} is missing, or out of order, in:\n{printed}"
        place = found
    assert "\x1b[" not in printed, "colours are for terminals"
    within = re.search(r"in (\d+) s after set-up", printed)
    assert within is not None
    assert int(within[1]) <= 120
    assert not left_running(tmp_path)


def test_a_night_in_which_nothing_happened_fails_every_check() -> None:
    held = [check.claim for check in checks(Outcome())]
    assert held
    assert [check.claim for check in checks(Outcome()) if check.held] == ["all within two minutes"]


async def demo(data: Path) -> tuple[int, str]:
    """Its exit status and everything that it printed; stopped, with all its processes, when it takes too long."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "mayday", "demo", "--data", str(data),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with asyncio.timeout(ENDS_WITHIN_SECONDS):
            out, _ = await process.communicate()
    except TimeoutError:
        process.send_signal(signal.SIGTERM)  # it stops its own processes
        out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode()


def left_running(data: Path) -> list[str]:
    """Processes that still have this folder on their command line or in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        try:
            command, environment = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
        except OSError:
            continue
        if str(data).encode() in command + environment and b"mayday" in command:
            found.append(command.replace(b"\0", b" ").decode())
    return found


def test_a_shell_that_does_not_find_mayday_is_told_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def said() -> str:
        console = Console(record=True, width=200, file=io.StringIO())
        print_ways_on(console, tmp_path, "INC-1")
        return console.export_text()

    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert f'export PATH="{Path(sys.executable).parent}:$PATH"' in said()
    (tmp_path / "mayday").write_text("#!/bin/sh\n")
    (tmp_path / "mayday").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "export PATH" not in said()
