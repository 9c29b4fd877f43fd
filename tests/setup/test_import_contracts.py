"""The arrows of the design: `make check` shows the details, here they are part of the test run."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_package_imports_what_it_must_not() -> None:
    command = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    run = subprocess.run([sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_all_packages_are_under_contract() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    packages = set(project["importlinter"]["root_packages"])
    assert packages == set(project["hatch"]["build"]["targets"]["wheel"]["only-include"]) - {"runbooks"}
    assert packages == set(project["mypy"]["packages"])


def test_the_deterministic_core_may_not_read_clock_chance_or_environment(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    offence = "import os\nimport random\nimport time\nimport uuid\nfrom datetime import UTC, datetime\n\n" + "".join(
        f"x{number} = {call}\n"
        for number, call in enumerate(
            ["datetime.now(UTC)", "time.time()", "time.monotonic()", "uuid.uuid4()", "uuid.uuid1()", "os.environ"]
        )
    )
    for package in ("mayday/domain", "mayday/walker", "mayday/language", "workflows", "activities"):
        (tmp_path / package).mkdir(parents=True)
        (tmp_path / package / "offence.py").write_text(offence)
    run = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--select", "TID251", "--output-format", "concise", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    for package in ("mayday/domain", "mayday/walker", "mayday/language", "workflows"):
        assert run.stdout.count(f"{package}/offence.py") == 7, run.stdout
    assert "activities/" not in run.stdout
