"""The folder of runbooks: loading, choosing, compiling to a pinned plan."""

from __future__ import annotations

import json
import pathlib

import pytest

from mayday.language.compile import compile_plan
from mayday.language.library import Library, LibraryRefused, UnknownRunbook, load_runbook
from mayday.language.plan import Plan
from mayday.settings import packaged_runbooks
from tests.language.folders import CALLED, RUNBOOK, Folder


def test_a_plan_is_the_same_wherever_it_is_read(folder: Folder) -> None:
    library = folder.with_steps("- { id: sub, call: check_network@1.0.0 }").load().require()
    plan = library.plan("example", service="payments")
    again = Plan.model_validate(plan.canonical())
    assert again.compute_digest() == plan.digest == Library.load(folder.root).plan("example", service="payments").digest
    assert list(again.calls) == ["check_network@1.0.0"]
    assert again.schedules["primary"].people == ["raj", "lee"]
    assert again.people["ana"].delegate == "dana"
    assert "initial_notice" in again.templates
    assert again.actions["dr.invoke"].effect == "irreversible"


def test_the_digest_changes_with_every_word(folder: Folder) -> None:
    first = folder.basic().load().plan("example").digest
    second = folder.with_steps("- { id: hello, log: hello }").load().plan("example").digest
    third = folder.with_steps("- { id: hello, log: hello. }").load().plan("example").digest
    assert len({first, second, third}) == 3


def test_every_shipped_runbook_survives_the_wire() -> None:
    library = Library.load(packaged_runbooks()).require()
    for name in library.names:
        plan = library.plan(name, service="payments")
        assert Plan.model_validate_json(json.dumps(plan.canonical())).compute_digest() == plan.digest
        assert Plan.model_validate(plan.canonical()).runbook == plan.runbook


def test_the_owner_of_the_service_is_resolved_for_the_incident(folder: Folder) -> None:
    library = folder.with_steps("- { id: look, task: { text: Look, to: service.owner } }").load().require()

    def owner(service: str | None) -> str | None:
        task = library.plan("example", service=service).runbook.phases[0].steps[0].task
        return task.to if task else None

    assert owner("payments") == "schedule.primary"
    assert owner("gateway") == "role.incident_commander"
    assert owner("not_in_the_catalog") == "role.incident_commander"
    assert owner(None) == "service.owner"


def test_a_text_that_reads_like_the_owner_is_left_alone(folder: Folder) -> None:
    library = folder.with_steps('- { id: say, log: "ask the service.owner" }').load()
    assert library.plan("example", service="payments").runbook.phases[0].steps[0].log == "ask the service.owner"


def test_templates_of_the_folder_replace_the_built_in_ones_and_those_of_the_runbook_both(folder: Folder) -> None:
    folder.with_keys("library/example.yaml", "templates: { initial_notice: { text: from the runbook } }\n")
    head = "apiVersion: template/v1\nkind: Template\n"
    folder.write("templates/a.yaml", head + "metadata: { name: initial_notice }\ntext: from the folder\n")
    folder.write("templates/b.yaml", head + 'metadata: { name: technical_update }\ntext: "{{ incident.title }}"\n')
    library = folder.load().require()
    assert library.plan("example").templates["initial_notice"].text == "from the runbook"
    assert library.plan("check_network").templates["initial_notice"].text == "from the folder"
    assert library.plan("example").templates["technical_update"].text == "{{ incident.title }}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('metadata: { name: a }\ntext: "{{ incident.titel }}"\n', "T402 incident.titel is not known"),
        ('metadata: { name: a }\nsubject: "{{ x }}"\ntext: b\n', "T402 x is not known"),
        ("metadata: { name: a }\ntext: '{{ x'\n", "T401"),
        ("metadata: { name: a }\n", "S202 `text` is missing"),
    ],
)
def test_templates_of_the_folder_are_checked(folder: Folder, text: str, message: str) -> None:
    folder.basic().write("templates/a.yaml", "apiVersion: template/v1\nkind: Template\n" + text)
    assert [message in str(finding) for finding in folder.findings] == [True]


def test_two_files_with_the_same_template_are_refused(folder: Folder) -> None:
    head = "apiVersion: template/v1\nkind: Template\nmetadata: { name: a }\ntext: hello\n"
    folder.basic().write("templates/a.yaml", head)
    folder.write("templates/b.yaml", head)
    assert [finding.code for finding in folder.findings] == ["C600"]


def test_a_library_with_errors_says_where_and_refuses(folder: Folder) -> None:
    folder.with_steps("- { id: look, task: { text: Look, to: role.nobody } }")
    with pytest.raises(LibraryRefused, match=r"example\.yaml:26:45: R301 there is no role nobody \(") as caught:
        folder.load().require()
    assert [finding.code for finding in caught.value.findings] == ["R301"]
    with pytest.raises(LibraryRefused):
        folder.load().plan("example")
    assert folder.load().plan("check_network").digest  # what is right can still be walked


def test_a_long_list_of_errors_is_shortened(folder: Folder) -> None:
    folder.with_steps("".join(f"- {{ id: a{number}, log: '{{{{ x }}}}' }}\n" for number in range(30)))
    with pytest.raises(LibraryRefused, match=r"and 10 more"):
        folder.load().require()


def test_warnings_stop_nobody(folder: Folder) -> None:
    library = folder.with_steps("- { id: look, task: { text: 'Look', items: [ why? ] } }").load()
    assert [finding.level for finding in library.findings] == ["warning"]
    assert library.require().plan("example").digest


def test_an_error_in_the_catalog_is_said_once(folder: Folder) -> None:
    folder.with_keys("catalog/catalog.yaml", "groups: { cab: 5 }\n")
    assert [finding.code for finding in folder.findings] == ["S203"]
    with pytest.raises(LibraryRefused):
        folder.load().plan("example")


def test_the_newest_version_is_taken_unless_one_is_named(folder: Folder) -> None:
    folder.basic()
    for version in ("1.9.0", "1.10.0", "1.10.0-rc1"):
        folder.write(f"library/check_{version}.yaml", CALLED.replace("1.0.0", version))
    library = folder.load().require()
    assert library.runbook("check_network").metadata.version == "1.10.0"
    assert library.runbook("check_network@1.9.0").metadata.version == "1.9.0"
    assert library.names == ["check_network", "example", "watch_network"]
    with pytest.raises(UnknownRunbook, match="no runbook chekc; there are check_network, example"):
        library.runbook("chekc")
    with pytest.raises(UnknownRunbook):
        library.runbook("check_network@9.0.0")


def test_which_runbook_an_incident_walks(folder: Folder) -> None:
    folder.basic().write("library/all.yaml", CALLED.replace("check_network", "major_incident"))
    only_severity = RUNBOOK.replace("name: example", "name: sev1_only").replace(", service: [payments]", "")
    folder.write("library/sev1.yaml", only_severity)
    library = folder.load().require()
    assert library.choose_runbook("payments", "SEV1") == "example"
    assert library.choose_runbook("payments", "SEV1", "check_network") == "check_network"
    assert library.choose_runbook("gateway", "SEV1") == "sev1_only"
    assert library.choose_runbook("payments", "SEV3") == "major_incident"
    assert library.choose_runbook("unknown", "SEV4") == "major_incident"
    folder.with_keys(
        "catalog/catalog.yaml", "services: { payments: { runbooks: { SEV3: check_network } }, gateway: {} }\n"
    )
    assert folder.load().choose_runbook("payments", "SEV3") == "check_network"
    with pytest.raises(UnknownRunbook):
        folder.load().choose_runbook("payments", "SEV1", "not_there")


def test_without_the_default_runbook_an_incident_without_its_own_is_refused(folder: Folder) -> None:
    with pytest.raises(UnknownRunbook, match="major_incident"):
        folder.basic().load().choose_runbook("gateway", "SEV4")


def test_a_runbook_beside_the_library_is_checked_with_its_catalog(folder: Folder, tmp_path: pathlib.Path) -> None:
    library = folder.basic().load()
    path = tmp_path / "mine.yaml"
    path.write_text(RUNBOOK.replace("name: example", "name: mine").replace("role: role.deputy", "role: role.nobody"))
    entry = load_runbook(path)
    assert library.check(entry) == []
    assert entry.runbook is not None
    assert compile_plan(entry.runbook, library.catalog, library).plan.runbook.metadata.name == "mine"


def test_runbooks_call_runbooks(folder: Folder) -> None:
    folder.with_steps("- { id: sub, call: middle@1.0.0 }")
    head = "apiVersion: runbook/v1\nkind: Runbook\n"
    folder.write(
        "library/middle.yaml",
        head + "metadata: { name: middle, version: 1.0.0, owner: me }\n"
        "phases: [{ id: a, steps: [{ id: m, call: check_network@1.0.0 }] }]\n",
    )
    assert list(folder.load().require().plan("example").calls) == ["middle@1.0.0", "check_network@1.0.0"]
    folder.write(
        "library/check_network.yaml",
        head + "metadata: { name: check_network, version: 1.0.0, owner: me }\n"
        "phases: [{ id: a, steps: [{ id: c, call: example@1.0.0 }] }]\n",
    )
    assert {finding.code for finding in folder.findings} == {"R306"}


def test_the_same_runbooks_over_another_catalog(folder: Folder) -> None:
    library = folder.basic().load().require()
    groups = {**library.catalog.groups, "day": ["ana"]}
    other = library.with_catalog(library.catalog.model_copy(update={"groups": groups})).require()
    assert other.plan("example").groups["day"] == ["ana"]
    assert "day" not in library.plan("example").groups
    nobody = library.with_catalog(library.catalog.model_copy(update={"people": {}}))
    assert {finding.code for finding in nobody.findings} == {"C610", "R301"}


def test_a_runbook_that_calls_a_wrong_one_is_not_walked(folder: Folder) -> None:
    folder.with_steps("- { id: sub, call: check_network@1.0.0 }")
    folder.write("library/check_network.yaml", CALLED.replace('"looking"', '"{{ vars.nothing }}"'))
    with pytest.raises(LibraryRefused, match="check_network"):
        folder.load().plan("example")
