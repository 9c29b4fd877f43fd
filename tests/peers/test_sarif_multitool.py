"""SARIF held against the standard's own JSON schema, and against Microsoft's checker with GitHub's rules besides.

https://github.com/microsoft/sarif-sdk: the npm package carries both, the checker as a program that needs nothing else.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
from typing import Any

import jsonschema
import pytest

from tests.language.test_sarif import every_code
from tests.programs import from_npm

VERSION = "5.7.0"


@pytest.fixture(scope="module")
def multitool(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Microsoft's checker for SARIF, which carries the standard's JSON schema."""
    package = "@microsoft/sarif-multitool-linux"
    if sys.platform != "linux":
        pytest.skip(f"{package} runs on Linux")
    return from_npm(tmp_path_factory.mktemp("sarif"), f"{package}@{VERSION}") / package


@pytest.mark.timeout(300)
def test_the_standard_s_schema_and_its_checker_accept_it(multitool: pathlib.Path, tmp_path: pathlib.Path) -> None:
    log = every_code(tmp_path)
    schema = json.loads((multitool / "sarif-2.1.0.json").read_text(encoding="utf-8-sig"))
    official = jsonschema.validators.validator_for(schema)(schema)
    assert [error.message for error in official.iter_errors(log)] == []
    assert [*official.iter_errors({**log, "version": "2.0.0"})], "a schema that refuses nothing proves nothing"
    unfit = json.loads(json.dumps(log))
    unfit["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] = "ht%tp:// x"
    good, bad = checked(multitool, tmp_path, log, unfit)
    # SARIF2005: the tool has no page of its own on the web that `informationUri` could name.
    assert {re.sub(r".*(SARIF|GH|JSON)(\d+).*", r"\1\2", line) for line in good} == {"SARIF2005"}, good
    assert len(bad) > len(good), "a checker that finds nothing proves nothing"


def checked(multitool: pathlib.Path, folder: pathlib.Path, *logs: dict[str, Any]) -> list[list[str]]:
    """Errors and warnings of the checker, log by log, with the rules of the standard and GitHub's code scanning."""
    files = [folder / f"log-{number}.sarif" for number, _ in enumerate(logs)]
    for file, log in zip(files, logs, strict=True):
        file.write_text(json.dumps(log), encoding="utf-8")
    command = [str(multitool / "Sarif.Multitool"), "validate", *map(str, files), "--rule-kind", "Sarif;Gh"]
    environment = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
    assert f"{len(logs)} files scanned" in done.stdout, done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if ": error " in line or ": warning " in line]
    return [[line for line in lines if file.name in line] for file in files]
