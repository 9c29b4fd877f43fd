"""Temporal's core logs as the rest of a process does: whoever collects the lines can read every one of them."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from mayday.temporal.server import EmbeddedServer

pytestmark = pytest.mark.temporal


async def test_a_warning_of_the_core_is_one_json_line_without_secrets(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path / "data") as server:
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.setup.failing_worker", server.address, stderr=asyncio.subprocess.PIPE
        )
        assert worker.stderr is not None
        try:
            async with asyncio.timeout(30):
                while True:
                    line = json.loads(await worker.stderr.readline())
                    assert "abc123456" not in str(line)
                    if line["logger"] == "temporalio.core":
                        break
        finally:
            worker.kill()
            await worker.communicate()
    assert (line["level"], line["process"]) == ("warning", "worker")
    assert line["event"].startswith("Failing workflow task")
