"""One bash for a page, so that its variables live from one block to the next, and what a page may claim it prints."""

from __future__ import annotations

import os
import re
import select
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

_END = "the-end-of-a-command"
ANSWERS_WITHIN_SECONDS = 40.0
#: what differs from night to night; a page is right when the rest is as it says
_VARIES = (
    (re.compile(r"INC-[0-9A-Z]{26}"), "INC"),
    (re.compile(r"\b[0-9a-f]{16,}\b"), "HASH"),
    (re.compile(r"\bcmd-[0-9A-Za-z]+"), "CMD"),
    (re.compile(r"\b\d{4}-\d\d-\d\d (?=\d\d:\d\d)"), ""),  # of a moment on another day: before midnight there are some
    (re.compile(r"\d+"), "N"),
    (re.compile(r"[ \t]+"), " "),
)


class Shell:
    """A bash that is told one command after another."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"], cwd=folder, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, command: str) -> tuple[int, str]:
        """Exit status and everything that it printed."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\nprintf '\\n{_END} %s\\n' $?\n".encode())
        self._process.stdin.flush()
        said = self._until_the_end(command)
        text, _, status = said.rpartition(f"\n{_END} ")
        return int(status), text

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _until_the_end(self, command: str) -> str:
        out = self._process.stdout
        assert out is not None
        said, deadline = b"", time.monotonic() + ANSWERS_WITHIN_SECONDS
        while not re.search(rf"\n{_END} \d+\n$".encode(), said):
            ready, _, _ = select.select([out], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"{command} did not end in {ANSWERS_WITHIN_SECONDS:.0f} s; it said {said.decode()!r}"
            more = os.read(out.fileno(), 65536)
            assert more, f"{command} ended the shell; it said {said.decode()!r}"
            said += more
        return said.decode()


def as_told(printed: Sequence[str], said: str) -> bool:
    """Whether a command said what the page shows. `...` stands for any lines, or for the rest of a line."""
    if not printed:
        return True
    pattern = ""
    for line in printed:
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
        elif line.rstrip().endswith(" ..."):
            pattern += re.escape(_same(line.rstrip().removesuffix("..."))) + r".*\n"
        else:
            pattern += re.escape(_same(line)) + r"\n"
    return re.fullmatch(pattern, "".join(f"{_same(line)}\n" for line in said.strip("\n").splitlines())) is not None


def _same(line: str) -> str:
    for found, written in _VARIES:
        line = found.sub(written, line)
    return line.strip()
