"""Files that mean harm, or were broken on the way: refused in under a second, whatever kind they claim to be."""

from __future__ import annotations

import pathlib
import time

import pytest

from mayday.language.linting import lint
from mayday.simulator.files import ScenarioFile, find_scenarios
from tests.language.folders import Folder

KINDS = {"library": "Runbook", "catalog": "Catalog", "templates": "Template", "scenarios": "Scenario"}


def bomb(levels: int) -> str:
    """Ten to the power of `levels` words, once every alias is followed."""
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines)


HOSTILE: dict[str, bytes] = {
    "a bomb of aliases": bomb(12).encode(),
    "a bomb of merge keys": ("x: &x { a: 1 }\ny:\n  <<: [" + "*x, " * 5000 + "*x]\n").encode(),
    "an alias to itself": b"phases: &p [*p, *p]\n",
    "ten megabytes": b"phases: [" + b"x," * (5 * 1024 * 1024) + b"]\n",
    "ten megabytes in one line": b"a" * (10 * 1024 * 1024),
    "deep lists": b"phases: " + b"[" * 100_000,
    "deep mappings": b"phases: " + b"{a: " * 60_000,
    "deep indentation": b"".join(b" " * level + b"a:\n" for level in range(600)),
    "a lone byte": b"metadata: { name: caf\xe9 }\n",
    "half a character": b"metadata: { name: caf\xc3",
    "UTF-16": "metadata: { name: café }\n".encode("utf-16"),
    "only invalid bytes": b"\xff" * 200_000,
    "NUL": b"metadata: { name: a\x00b }\n",
    "nothing": b"",
    "a tag that builds objects": b'phases: !!python/object/apply:os.system ["true"]\n',
}


@pytest.mark.parametrize("place", KINDS)
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_in_under_a_second(folder: Folder, place: str, body: bytes) -> None:
    folder.basic()
    path = folder.root / place / "hostile.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(body if not body or len(body) > 300_000 else head(place, body) + body)
    started = time.process_time()
    found = lint([folder.root], folder.root)
    assert time.process_time() - started < 1
    mine = [finding for finding in found if pathlib.Path(finding.file) == path]
    assert any(finding.level == "error" for finding in mine)
    assert all(len(str(finding)) < 600 for finding in mine)


def head(place: str, body: bytes) -> bytes:
    lines = f"apiVersion: {'catalog' if place == 'catalog' else 'runbook'}/v1\nkind: {KINDS[place]}\n"
    return b"" if body.startswith((b"\xff", b"\xfe")) else lines.encode()


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_scenario_is_not_played(folder: Folder, body: bytes) -> None:
    path = folder.basic().write("scenarios/hostile.yaml", "")
    path.write_bytes(body)
    started = time.process_time()
    assert ScenarioFile(path, folder.load()).failures
    assert find_scenarios([path.parent]) == []
    assert time.process_time() - started < 1
