"""What is asked of `mayday runbook` and `mayday catalog` and cannot be: one line that names it, and exit status 2."""

from __future__ import annotations

import pathlib

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from mayday.cli.catalog import catalog_app
from mayday.cli.runbook import runbook_app
from mayday.settings import packaged_runbooks
from tests.language.folders import Folder

APP = typer.Typer()
APP.add_typer(runbook_app, name="runbook")
APP.add_typer(catalog_app, name="catalog")


def run(*arguments: str | pathlib.Path) -> Result:
    return CliRunner().invoke(APP, [str(argument) for argument in arguments])


@pytest.fixture
def here(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A folder to stand in: runbooks, an empty folder, a folder named like a file, a file that may not be read."""
    Folder(tmp_path / "runbooks").basic()
    (tmp_path / "empty").mkdir()
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "secret.yaml").write_text("kind: Scenario\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAYDAY_RUNBOOKS", "runbooks")
    allowed = pathlib.Path.read_bytes

    def read_bytes(path: pathlib.Path) -> bytes:  # root may read everything, so that modes prove nothing here
        if path.name == "secret.yaml":
            raise PermissionError(13, "Permission denied", str(path))
        return allowed(path)

    monkeypatch.setattr(pathlib.Path, "read_bytes", read_bytes)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("runbook lint nowhere.yaml", "no such file or folder: nowhere.yaml"),
        ("runbook lint empty", "no .yaml file in empty"),
        ("runbook lint folder.yaml", "no .yaml file in folder.yaml"),
        ("runbook lint secret.yaml", "cannot read secret.yaml: Permission denied"),
        ("runbook lint .", "cannot read secret.yaml: Permission denied"),
        ("runbook lint --runbooks nowhere", "no such folder: nowhere"),
        ("runbook explain nowhere.yaml", "no such file or folder: nowhere.yaml"),
        ("runbook explain folder.yaml", "folder.yaml is a folder, not a file"),
        ("runbook explain secret.yaml", "cannot read secret.yaml: Permission denied"),
        ("runbook explain nobody", "no runbook nobody; there are check_network, example, watch_network"),
        ("runbook explain example@9.0.0", "no runbook example@9.0.0; there are example@1.0.0"),
        ("runbook explain example --svg nowhere/x.svg", "cannot write nowhere/x.svg: No such file or directory"),
        ("runbook plan nowhere.yaml", "no such file or folder: nowhere.yaml"),
        ("runbook plan example --service paymants", "no service paymants in the catalog; did you mean payments?"),
        ("runbook plan example example", "one runbook; two with --diff"),
        ("runbook test nowhere.yaml", "no such file or folder: nowhere.yaml"),
        ("runbook test empty", "no scenario found: a scenario is a .yaml file with `kind: Scenario`"),
        ("runbook test secret.yaml", "cannot read secret.yaml: Permission denied"),
        ("runbook test --junit nowhere/x.xml", "cannot write nowhere/x.xml: there is no folder nowhere"),
        ("runbook test --runbooks nowhere", "no such file or folder: nowhere/scenarios"),
        ("runbook new copy --from nobody", "no runbook nobody; there are check_network, example, watch_network"),
        ("runbook new Example", "Example is no name: small letters, digits and _, beginning with a letter"),
        ("runbook new example --runbooks runbooks", "runbooks/library/example.yaml exists"),
        ("catalog check nowhere", "no such folder: nowhere"),
        ("catalog check secret.yaml", "no such folder: secret.yaml"),
    ],
)
def test_one_line_and_status_2(here: pathlib.Path, words: str, said: str) -> None:
    result = run(*words.split())
    assert (result.exit_code, result.stderr.splitlines(), result.stdout) == (2, [said], "")


def test_a_new_runbook_is_not_written_where_an_upgrade_would_take_it_away(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "_runbooks"
    Folder(installed).basic()
    monkeypatch.setattr("mayday.cli.runbook.packaged_runbooks", lambda: installed)
    result = run("runbook", "new", "mine", "--runbooks", installed)
    assert result.exit_code == 2
    assert f"cp -r {installed} runbooks" in result.stderr
    assert not (installed / "library" / "mine.yaml").exists()


def test_a_file_that_is_no_text_is_the_file_s_fault(here: pathlib.Path) -> None:
    (here / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    (here / "nothing.yaml").write_bytes(b"")
    assert run("runbook", "lint", "binary.yaml").stdout.startswith("binary.yaml:1:1: Y101 not UTF-8 text")
    assert run("runbook", "lint", "nothing.yaml").stdout.startswith("nothing.yaml:1:1: Y106 the file is empty")
    for command in ("lint", "explain", "plan", "test"):
        for file in ("binary.yaml", "nothing.yaml"):
            result = run("runbook", command, file)
            assert result.exit_code == 1
            assert f"{file}:1:" in result.stdout + result.stderr


def test_a_file_of_another_kind_is_told_so_once(here: pathlib.Path) -> None:
    library = packaged_runbooks() / "library" / "sev3_incident.yaml"
    played = run("runbook", "test", library)
    assert played.exit_code == 1
    assert f"{library}:2: the file is a Runbook, and a Scenario is wanted here" in played.stdout
    scenario = packaged_runbooks() / "scenarios" / "sev3_incident.yaml"
    told = run("runbook", "explain", scenario)
    assert told.exit_code == 1
    assert [line.partition(" S200 ")[2] for line in told.stderr.splitlines()[1:]] == [
        "the file is a Scenario, and a Runbook is wanted here (a Scenario belongs into scenarios/)"
    ]


def test_a_scenario_that_is_broken_is_not_passed_over(here: pathlib.Path) -> None:
    scenarios = here / "runbooks" / "scenarios"
    scenarios.mkdir()
    (scenarios / "broken.yml").write_text("apiVersion: runbook/v1\nkind: Scenario\nmetadata: { name: [\n")
    (scenarios / "misspelt.yaml").write_text("apiVersion: runbook/v1\nknd: Scenario\nrunbook: x\ngiven: {}\n")
    result = run("runbook", "test")
    assert result.exit_code == 1
    assert "broken.yml:4: " in result.stdout
    assert "misspelt.yaml:2: `knd` is no key here" in result.stdout


def test_a_scenario_is_played_with_the_folder_that_it_stands_in(tmp_path: pathlib.Path) -> None:
    folder = Folder(tmp_path / "house").basic()
    folder.write(
        "scenarios/quiet.yaml",
        "apiVersion: runbook/v1\nkind: Scenario\nmetadata: { name: quiet }\nrunbook: example\n"
        'given: { start: "2026-03-02T02:10:00Z", incident: { title: Down, service: payments, severity: SEV1 } }\n'
        "timeline: [{ at: T+1m, expect: { paged: schedule.primary } }]\nexpect: []\n",
    )
    result = run("runbook", "test", folder.root / "scenarios")  # no --runbooks, and no MAYDAY_RUNBOOKS
    assert (result.exit_code, "passed" in result.stdout) == (0, True), result.stdout


def test_a_whole_repository_is_checked_and_what_is_not_ours_is_passed_over(here: pathlib.Path) -> None:
    (here / "secret.yaml").unlink()
    (here / "docker-compose.yml").write_text("services: { web: { image: web } }\n")
    (here / "deployment.yaml").write_text("apiVersion: apps/v1\nkind: Deployment\n")
    (here / ".github").mkdir()
    (here / ".github" / "ci.yml").write_text("kind: Runbook\n")
    assert run("runbook", "lint", ".").stdout == "no findings\n"
    (here / "stray.yaml").write_text("apiVersion: runbook/v1\nkind: Runbok\n")
    (here / "docs").mkdir()
    (here / "docs" / "knd.yaml").write_text("knd: Runbook\n")
    twin = here / "runbooks" / "library" / "twin.yaml"
    twin.write_text((here / "runbooks" / "library" / "example.yaml").read_text())
    found = [line.split(" ")[:2] for line in run("runbook", "lint", ".").stdout.splitlines() if ": S2" in line]
    assert found == [["docs/knd.yaml:1:1:", "S209"], ["stray.yaml:2:7:", "S209"]]
    for path in (here, here / "runbooks", here / "runbooks" / "library", twin):
        assert "example@1.0.0 stands in" in run("runbook", "lint", path).stdout, path
