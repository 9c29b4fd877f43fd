"""A process that runs for months does not look through what it loaded again and again."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import gc
from mayday.long_running import settle_in
usual = gc.get_threshold()[0]
settle_in()
assert gc.get_freeze_count() > 1_000, gc.get_freeze_count()
assert gc.isenabled() and gc.get_threshold()[0] > usual
"""


def test_what_is_loaded_is_set_aside_and_garbage_is_still_collected() -> None:
    subprocess.run([sys.executable, "-c", PROGRAM], check=True)
