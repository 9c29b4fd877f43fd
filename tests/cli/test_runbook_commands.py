"""`mayday runbook` and `mayday catalog`: what they print and how they leave."""

from __future__ import annotations

import json
import pathlib

import jsonschema
import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from mayday.cli.catalog import catalog_app
from mayday.cli.runbook import runbook_app
from mayday.language.documents import load_document
from mayday.language.library import Library
from mayday.language.schema import KINDS, schema_of
from mayday.settings import packaged_runbooks
from tests.language.folders import RUNBOOK, Folder

APP = typer.Typer()
APP.add_typer(runbook_app, name="runbook")
APP.add_typer(catalog_app, name="catalog")


def run(*arguments: str | pathlib.Path) -> Result:
    return CliRunner().invoke(APP, [str(argument) for argument in arguments])


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> Folder:
    return Folder(tmp_path / "runbooks").basic()


def test_lint_says_file_line_column_code_and_a_hint(folder: Folder) -> None:
    folder.with_steps("- { id: look, task: { text: Look, to: role.deputi } }")
    result = run("runbook", "lint", folder.root)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"{folder.root}/library/example.yaml:26:45: R301 there is no role deputi",
        "    did you mean deputy?",
        "1 error",
    ]


def test_lint_as_json(folder: Folder) -> None:
    folder.with_steps("- { id: look, task: { text: Look, to: role.deputi } }")
    result = run("runbook", "lint", folder.root / "library/example.yaml", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "findings": [
            {
                "file": f"{folder.root}/library/example.yaml",
                "line": 26,
                "column": 45,
                "code": "R301",
                "level": "error",
                "message": "there is no role deputi",
                "hint": "did you mean deputy?",
            }
        ]
    }


def test_many_files_and_folders_in_one_call(tmp_path: pathlib.Path) -> None:
    one, two = Folder(tmp_path / "one").basic(), Folder(tmp_path / "two").basic()
    one.with_steps("- { id: look, task: { text: Look, to: role.deputi } }")
    two.with_steps("- { id: look, lgo: hello }")
    result = run("runbook", "lint", one.root, two.root / "library/example.yaml", "--json")
    files = {finding["file"] for finding in json.loads(result.stdout)["findings"]}
    assert files == {f"{one.root}/library/example.yaml", f"{two.root}/library/example.yaml"}


def test_lint_without_findings(folder: Folder) -> None:
    result = run("runbook", "lint", folder.root)
    assert (result.exit_code, result.stdout) == (0, "no findings\n")
    assert run("runbook", "lint", "--runbooks", folder.root, "--json").stdout == '{\n  "findings": []\n}\n'


def test_warnings_count_only_when_asked(folder: Folder) -> None:
    folder.with_steps("- { id: look, task: { text: Look, items: [ why? ] } }")
    result = run("runbook", "lint", folder.root)
    assert result.exit_code == 0
    assert "Y122 'why?' in braces without quotes (warning)" in result.stdout
    assert run("runbook", "lint", folder.root, "--strict").exit_code == 1


def test_lint_of_single_files_of_every_kind(folder: Folder, tmp_path: pathlib.Path) -> None:
    bad_catalog = folder.write("catalog/more.yaml", "apiVersion: catalog/v1\nkind: Catalog\ngroups: { x: [nobody] }\n")
    bad_text = "apiVersion: template/v1\nkind: Template\nmetadata: { name: x }\ntext: '{{ y }}'\n"
    bad_template = folder.write("templates/x.yaml", bad_text)
    bad_scenario = folder.write("scenarios/x.yaml", "apiVersion: runbook/v1\nkind: Scenario\nmetadata: { name: x }\n")
    beside = tmp_path / "beside.yaml"
    beside.write_text(RUNBOOK.replace("name: example", "name: beside"))
    not_yaml = folder.write("scenarios/y.yaml", "a: [")

    def codes(path: pathlib.Path) -> set[str]:
        result = run("runbook", "lint", path, "--runbooks", folder.root, "--json")
        return {finding["code"] for finding in json.loads(result.stdout)["findings"]}

    assert codes(bad_catalog) == {"C610"}
    assert codes(bad_template) == {"T402"}
    assert codes(bad_scenario) == {"S202"}
    assert codes(beside) == set()
    assert codes(not_yaml) == {"Y100"}
    assert codes(folder.root / "scenarios") == {"S202", "Y100"}
    assert codes(folder.root) == {"C610", "T402", "S202", "Y100"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("runbook", "lint", "nowhere.yaml"),
        ("runbook", "lint", "--runbooks", "nowhere"),
        ("runbook", "plan", "nowhere.yaml"),
        ("runbook", "explain", "no_such_runbook"),
        ("runbook", "schema", "poem"),
        ("runbook", "new", "Not A Name"),
        ("runbook", "lint", "--nonsense"),
        ("catalog", "check", "nowhere"),
    ],
)
def test_wrong_usage_leaves_with_2(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stderr


def test_plan_prints_the_pinned_plan_with_its_digest(folder: Folder) -> None:
    by_name = run("runbook", "plan", "example", "--runbooks", folder.root, "--service", "payments")
    by_file = run("runbook", "plan", folder.root / "library/example.yaml", "--service", "payments")
    plan = json.loads(by_name.stdout)
    assert by_name.exit_code == 0
    assert plan == json.loads(by_file.stdout)
    assert plan["digest"] == Library.load(folder.root).plan("example", service="payments").digest
    assert plan["runbook"]["metadata"]["name"] == "example"


def test_plan_of_a_runbook_with_errors_is_refused_with_the_place(folder: Folder) -> None:
    folder.with_steps("- { id: look, task: { text: Look, to: role.deputi } }")
    result = run("runbook", "plan", "example", "--runbooks", folder.root)
    assert result.exit_code == 1
    assert "library/example.yaml:26:45: R301" in result.stderr
    assert result.stdout == ""


def test_explain_tells_who_and_how_long_and_what_then() -> None:
    result = run("runbook", "explain", "payments_sev1", "--runbooks", packaged_runbooks())
    assert result.exit_code == 0
    for words in (
        "Role incident commander: offered to whoever is on call for major incident manager, then to the deputy.",
        "1. whoever is on call for payments primary by push and voice, for 5 minutes",
        "Chris Wong and Dana Okafor vote, 2 yeses needed; Chris Wong must agree; delegates may answer",
        "at most 20 minutes, then it counts as lapsed",
        "within 30 minutes, else the deputy is told",
        "without an answer the holding line leaves",
    ):
        assert words in result.stdout
    as_json = json.loads(run("runbook", "explain", "payments_sev1", "--runbooks", packaged_runbooks(), "--json").stdout)
    assert as_json["lines"] == result.stdout.splitlines()


def test_explain_begins_with_what_it_is_for() -> None:
    lines = run("runbook", "explain", "major_incident", "--runbooks", packaged_runbooks()).stdout.splitlines()
    assert lines[0] == "major_incident 1.1.0, kept by incident-management"
    assert lines[1].startswith("Any service")
    assert lines[2] == "Walked when a route, a service or a person names it."


def test_every_verb_has_its_words(folder: Folder) -> None:
    steps = """\
- { id: a, do: bridge.open, with: { name: room }, on_error: [{ id: a1, log: oh }] }
- { id: a2, do: chat.post, with: { text: hi } }
- { id: b, send: { text: hi, to: audience.technical, via: [chat], review: { by: role.deputy, within: 5m } } }
- { id: c, page: oncall, message: hi, assigns: tech_lead, join_within: 5m, background: true }
- { id: d, engage: vendor.gateway_co }
- { id: e, decide: Go, timeout: 5m, outcomes: { approved: [], rejected: [] } }
- id: e2
  decide: Go
  voters: { from: [person.ana], exclude: [], allow_self_approval: alone at night }
  timeout: 5m
  on_timeout: { escalate: person.dana, then: approved, allow_default_approve: harmless }
  outcomes: { approved: [], rejected: [] }
- { id: f, task: { text: do it } }
- { id: g, wait: { event: lift }, timeout: 5m, on_timeout: [{ id: g1, log: late }] }
- { id: h, wait: { until: inputs.dr_ready }, timeout: 5m, on_timeout: [] }
- { id: i, choose: [{ when: inputs.dr_ready, steps: [{ id: i1, log: x }] }], else: [] }
- { id: j, parallel: { one: [{ id: j1, log: x }], two: [] }, join: any }
- { id: k, for_each: { in: inputs.shops, as: shop }, steps: [{ id: k1, log: x }] }
- { id: l, repeat: { every: 5m, until: inputs.dr_ready, max: 3 }, steps: [{ id: l1, log: x }] }
- { id: m, steps: [{ id: m1, set: { x: 1 } }] }
- { id: n, call: check_network@1.0.0 }
- { id: o, set_cadence: technical_update, every: 30m }
- { id: p, when: inputs.dr_ready, end: phase }
"""
    result = run("runbook", "explain", "example", "--runbooks", folder.with_steps(steps).root)
    assert result.exit_code == 0, result.stderr
    for words in (
        "open a bridge: name room",
        "when it fails:",
        "if it fails, the walk goes on",
        "to technical by chat, after the deputy has read it",
        "wake oncall; who acknowledges is tech lead; paged again when not there after 5 minutes",
        "(the next steps do not wait)",
        "open a case with gateway co",
        "The incident commander decides.",
        "Ana Ruiz vote, one yes needed.",
        "at most 5 minutes, then Dana Okafor may answer too, then it counts as approved, because harmless",
        'task for the incident commander: "do it"',
        "wait for the event lift",
        "when time is up: nothing.",
        "when “dr ready” says yes:",
        "else: nothing.",
        "side by side, waiting for any:",
        "for each shop of the shops:",
        "again and again every 5 minutes until “dr ready” says yes, 3 times at most:",
        "remember x",
        "walk check_network@1.0.0",
        "send technical_update every 30 minutes",
        "if “dr ready” says yes: leave the phase",
    ):
        assert words in result.stdout, words


def test_new_writes_a_runbook_without_findings(tmp_path: pathlib.Path) -> None:
    import shutil

    root = tmp_path / "runbooks"
    shutil.copytree(packaged_runbooks(), root)
    result = run("runbook", "new", "web_down", "--owner", "web: team", "--runbooks", root)
    assert result.exit_code == 0
    assert run("runbook", "lint", root / "library/web_down.yaml").stdout == "no findings\n"
    assert run("runbook", "new", "web_down", "--runbooks", root).exit_code == 2


def test_a_copy_needs_no_name_and_goes_as_it_is(tmp_path: pathlib.Path) -> None:
    import shutil

    root = tmp_path / "runbooks"
    shutil.copytree(packaged_runbooks(), root)
    assert run("runbook", "new", "--from", "third_party_outage", "--runbooks", root).exit_code == 0
    made = root / "library/our_third_party_outage.yaml", root / "scenarios/our_third_party_outage.yaml"
    assert run("runbook", "lint", made[0]).stdout == "no findings\n"
    assert run("runbook", "test", made[1]).exit_code == 0
    nameless = run("runbook", "new", "--runbooks", root)
    assert nameless.exit_code == 2
    assert "needs a name" in nameless.stderr


def test_a_mistake_in_a_runbook_is_told_once_and_not_wherever_it_is_named(tmp_path: pathlib.Path) -> None:
    import shutil

    root = tmp_path / "runbooks"
    shutil.copytree(packaged_runbooks(), root)
    broken = root / "library/payments_sev1.yaml"
    broken.write_text(broken.read_text().replace("timeout: 15m", "timeuot: 15m", 1))
    result = run("runbook", "lint", "--runbooks", root)
    assert result.exit_code == 1
    assert [line for line in result.stdout.splitlines() if ": " in line] == [
        next(line for line in result.stdout.splitlines() if "S201 `timeuot` is no key here" in line)
    ]
    alone = run("runbook", "lint", root / "scenarios/payments_sev1.yaml")
    assert alone.exit_code == 1
    assert "the runbook ../library/payments_sev1.yaml has errors of its own" in alone.stdout


def test_schema_accepts_what_the_checker_accepts_and_marks_a_wrong_step() -> None:
    schema = json.loads(run("runbook", "schema").stdout)
    assert schema == schema_of("runbook")
    validator = jsonschema.Draft202012Validator(schema)
    for path in sorted((packaged_runbooks() / "library").glob("*.yaml")):
        assert list(validator.iter_errors(load_document(path.read_bytes(), str(path)).data)) == []
    for wrong in ({"id": "a"}, {"id": "a", "log": "x", "end": "phase"}, {"id": "a", "lgo": "x"}):
        data = {
            "apiVersion": "runbook/v1",
            "kind": "Runbook",
            "metadata": {"name": "x", "version": "1.0.0", "owner": "me"},
            "phases": [{"id": "a", "steps": [wrong]}],
        }
        assert list(validator.iter_errors(data))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_has_a_valid_schema(kind: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema_of(kind))
    folder = {"catalog": "catalog", "template": "templates", "scenario": "scenarios", "runbook": "library"}[kind]
    validator = jsonschema.Draft202012Validator(schema_of(kind))
    for path in sorted((packaged_runbooks() / folder).rglob("*.yaml")):
        data = load_document(path.read_bytes(), str(path)).data
        if data["kind"].lower() == kind:
            assert list(validator.iter_errors(data)) == [], path


def test_catalog_check(folder: Folder) -> None:
    assert run("catalog", "check", folder.root).stdout == "no findings\n"
    assert run("catalog", "check", folder.root / "catalog", "--json").exit_code == 0
    folder.with_keys("catalog/catalog.yaml", "groups: { cab: [ana, dana, lee], night_cab: [nobody] }\n")
    result = run("catalog", "check", folder.root, "--json")
    assert result.exit_code == 1
    assert [finding["code"] for finding in json.loads(result.stdout)["findings"]] == ["C610"]
