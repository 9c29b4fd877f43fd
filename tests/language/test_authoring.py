"""The tutorial is true: its files are written and its commands run, in order, in a folder as a reader has it."""

from __future__ import annotations

import pathlib
import re
import shlex
import shutil

import pytest
import typer
from typer.testing import CliRunner

from mayday.cli.catalog import catalog_app
from mayday.cli.runbook import runbook_app
from mayday.settings import packaged_runbooks

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/authoring.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
APP = typer.Typer()
APP.add_typer(runbook_app, name="runbook")
APP.add_typer(catalog_app, name="catalog")


def test_every_snippet_of_the_tutorial_works(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(packaged_runbooks(), tmp_path / "runbooks")
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert {language for language, _ in blocks} == {"console", "yaml"}
    for language, text in blocks:
        if language == "yaml":
            write(text)
        else:
            for command, expected in commands(text):
                run(command, expected, monkeypatch)
    assert (tmp_path / "card_processor_down.svg").read_text(encoding="utf-8").startswith("<svg")


def write(block: str) -> None:
    """A block is a whole file (`# file: PATH`), or lines `# PATH, in place of: LINE`."""
    first, _, rest = block.partition("\n")
    if first.startswith("# file: "):
        pathlib.Path(first.removeprefix("# file: ")).write_text(rest, encoding="utf-8")
        return
    name, _, old = first.removeprefix("# ").partition(", in place of: ")
    path = pathlib.Path(name)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    places = [number for number, line in enumerate(lines) if line.strip() == old]
    assert len(places) == 1, f"{old} stands {len(places)} times in {name}"
    lines[places[0]] = rest
    path.write_text("".join(lines), encoding="utf-8")


def commands(block: str) -> list[tuple[str, list[str]]]:
    """Each `$ command` with the lines below it, which its output has to hold."""
    found: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def run(command: str, expected: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    if command.startswith("export "):
        name, _, value = command.removeprefix("export ").partition("=")
        monkeypatch.setenv(name, value)
        return
    program, *words = shlex.split(command.removesuffix(" || true"))
    assert program == "mayday"
    result = CliRunner().invoke(APP, words)
    assert result.exit_code == (1 if command.endswith(" || true") else 0), f"{command}\n{result.output}"
    for line in expected:
        assert line in result.output, f"{command}\n{result.output}"


def test_a_copy_takes_no_file_away_and_needs_a_source_that_exists(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(packaged_runbooks(), tmp_path / "runbooks")
    monkeypatch.setenv("MAYDAY_RUNBOOKS", str(tmp_path / "runbooks"))
    new = ["runbook", "new", "mine", "--from"]
    assert CliRunner().invoke(APP, [*new, "no_such_runbook"]).exit_code == 2
    scenario = tmp_path / "runbooks/scenarios/mine.yaml"
    scenario.write_text("# in the way\n", encoding="utf-8")
    assert CliRunner().invoke(APP, [*new, "sev3_incident"]).exit_code == 2
    assert not (tmp_path / "runbooks/library/mine.yaml").exists()
    assert scenario.read_text(encoding="utf-8") == "# in the way\n"


@pytest.mark.parametrize("source", sorted(path.stem for path in (packaged_runbooks() / "library").glob("*.yaml")))
def test_a_copy_of_any_library_runbook_has_no_findings(
    source: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(packaged_runbooks(), tmp_path / "runbooks")
    monkeypatch.setenv("MAYDAY_RUNBOOKS", str(tmp_path / "runbooks"))
    assert CliRunner().invoke(APP, ["runbook", "new", "mine", "--from", source]).exit_code == 0
    result = CliRunner().invoke(APP, ["runbook", "lint", str(tmp_path / "runbooks/library/mine.yaml")])
    assert result.stdout == "no findings\n"
    played = CliRunner().invoke(APP, ["runbook", "test", str(tmp_path / "runbooks/scenarios/mine.yaml")])
    assert played.exit_code == 0, played.output
