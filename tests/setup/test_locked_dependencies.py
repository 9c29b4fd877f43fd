"""The lock files: complete, hashed, for every platform, naming no place to download from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ["requirements.txt", "requirements-dev.txt", "requirements-build.txt"]
ENTRY = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[[^]]*\])?==(?P<version>[^ ;]+)")


def entries(lock: str) -> dict[str, tuple[str, int]]:
    """Version and number of hashes of each locked distribution."""
    found: dict[str, tuple[str, int]] = {}
    current = ""
    for line in (ROOT / lock).read_text().splitlines():
        if match := ENTRY.match(line):
            current = canonical(match["name"])
            found[current] = (match["version"], 0)
        elif line.strip().startswith("--hash=sha256:"):
            version, hashes = found[current]
            found[current] = (version, hashes + 1)
    return found


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required(*extras: str) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = project["dependencies"] + [line for extra in extras for line in project["optional-dependencies"][extra]]
    return {canonical(re.split(r"[\[<>=!~; ]", line)[0]) for line in lines}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_a_version_with_hashes(lock: str) -> None:
    for line in (ROOT / lock).read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            assert ENTRY.match(line) or re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line), line
    for name, (_, hashes) in entries(lock).items():
        assert hashes > 0, f"{name} has no hash"


@pytest.mark.parametrize("lock", LOCKS)
def test_no_index_and_no_machine_is_named(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert not re.search(r"https?://|file:|index[-]url|--find-links|--trusted-host|/(home|opt|tmp)/", text)


def test_all_that_is_required_is_locked() -> None:
    assert required() <= set(entries("requirements.txt"))
    assert required("dev") <= set(entries("requirements-dev.txt"))


def test_production_runs_the_versions_that_were_tested() -> None:
    tested = entries("requirements-dev.txt")
    for lock in ("requirements.txt", "requirements-build.txt"):
        for name, (version, _) in entries(lock).items():
            assert tested[name][0] == version, name


def test_test_tools_are_not_installed_in_production() -> None:
    assert not {"pytest", "mypy", "ruff", "hypothesis", "uv"} & set(entries("requirements.txt"))


def test_wheels_of_other_platforms_are_locked_too() -> None:
    assert entries("requirements.txt")["pydantic-core"][1] > 20


def test_every_dependency_says_why_it_is_there() -> None:
    inside, above = False, False
    for line in (ROOT / "pyproject.toml").read_text().splitlines():
        if re.match(r"(dependencies|dev) = \[", line):
            inside = True
        elif line == "]":
            inside = False
        elif inside and line.strip().startswith("#"):
            above = True
        elif inside:
            assert above or re.search(r'", *# \S.{9,}', line), f"no reason beside {line.strip()}"
            above = False
