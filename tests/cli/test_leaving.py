"""A process that has used Temporal ends with its status and its words, and is not taken apart before."""

from __future__ import annotations

import subprocess
import sys

import pytest

LEFT = """
import atexit, sys
{first}
from mayday.cli.leaving import leave

class Thread:
    def __del__(self):  # as late as a thread of the core that still calls back
        print("taken apart", file=sys.__stdout__, flush=True)

sys.modules["held"] = Thread()
atexit.register(print, "what was registered runs")
print("the last words")
leave(SystemExit({status}))
"""


def ended(*, status: object, first: str = "import temporalio.bridge.temporal_sdk_bridge") -> tuple[int, list[str]]:
    script = LEFT.format(first=first, status=status)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize(("status", "code"), [(0, 0), (None, 0), (1, 1), (2, 2)])
def test_whoever_used_temporal_leaves_at_once(status: object, code: int) -> None:
    assert ended(status=status) == (code, ["the last words", "what was registered runs"])


def test_whoever_did_not_ends_like_any_python() -> None:
    status, said = ended(status=3, first="")
    assert status == 3
    assert said[:2] == ["the last words", "what was registered runs"]
    assert "taken apart" in said


def test_a_status_in_words_is_printed_by_python() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEFT.format(first="import temporalio.bridge.temporal_sdk_bridge", status="'no'")],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, "no")
