"""What a scenario names stands in its runbook or in the catalog, or lint says so and what was meant."""

from __future__ import annotations

import pytest

from mayday.language.findings import Finding
from mayday.language.linting import lint
from tests.language.folders import Folder

HEAD = """
apiVersion: runbook/v1
kind: Scenario
metadata: { name: a night }
runbook: ../library/example.yaml
given:
  start: "2026-03-02T02:10:00Z"
  incident: { title: Down, service: payments }
"""


def found(folder: Folder, lines: str, head: str = HEAD) -> list[Finding]:
    path = folder.basic().write("scenarios/night.yaml", head + lines)
    return lint([path], folder.root)


@pytest.mark.parametrize(
    ("line", "code", "hint"),
    [
        ("{ at: T+1m, complete: confrm, by: dana }", "R321", "did you mean confirm?"),
        ("{ at: T+1m, vote: gate, by: dana, choice: approve }", "R321", "known:"),
        ("{ at: T+1m, ack: wake, by: dana }", "R321", "known:"),
        ("{ at: T+1m, override: 'cadence:technical_updat', action: pause, by: ana }", "R321", "technical_update"),
        ("{ at: T+1m, override: 'phase:wrk', action: end_phase, by: ana }", "R321", "did you mean work?"),
        ("{ at: T+1m, complete: 'review:technical_upd', by: ana }", "R321", "did you mean technical_update?"),
        ("{ at: T+1m, accept: deputi, by: dana }", "R321", ""),
        ("{ at: T+1m, role: scrib, person: ana, by: dana }", "R322", "did you mean scribe?"),
        ("{ at: T+1m, role: scribe, person: anna, by: dana }", "R322", "did you mean ana?"),
        ("{ at: T+1m, update: technicl, text: hello, by: dana }", "R322", "did you mean technical?"),
        ("{ at: T+1m, complete: confirm, by: dana, result: { stabel: true } }", "R323", "did you mean stable?"),
        ("{ at: T+1m, expect: { paged: schedule.primry } }", "R322", "did you mean primary?"),
        ("{ at: T+1m, expect: { never: { decided: confirmm } } }", "R321", "did you mean confirm?"),
        ("{ at: T+1m, expect: { action: bridge.opn } }", "R322", "did you mean bridge.open?"),
        ("{ at: T+1m, expect: { action: bridge.open, with: { nam: x } } }", "R323", "did you mean name?"),
        ("{ at: T+1m, expect: { sent: technical_updat } }", "R322", "did you mean technical_update?"),
        ("{ at: T+1m, expect: { sent: 'update:technicl' } }", "R322", "did you mean technical?"),
        ("{ at: T+1m, expect: { vendor_breached: gateway } }", "R321", ""),
    ],
)
def test_a_name_that_nobody_has_is_found_at_its_place(folder: Folder, line: str, code: str, hint: str) -> None:
    [finding] = found(folder, f"timeline:\n  - {line}\n")
    assert (finding.code, finding.line) == (code, 10), str(finding)
    assert hint in finding.hint


@pytest.mark.parametrize(
    "line",
    [
        "{ at: T+1m, complete: 'nowhere', by: ana, refused: unknown }",
        "{ at: T+1m, complete: resolve_incident, by: ana }",
        "{ at: T+1m, complete: 'fact:incident.customers_affected', by: ana, result: { value: 3 } }",
        "{ at: T+1m, complete: 'review:update:1', by: ana }",
        (
            "{ at: T+1m, add_step: { id: extra, task: { to: person.raj, text: look } }, by: ana }\n"
            "  - { at: T+2m, complete: extra, by: raj }"
        ),
        "{ at: T+1m, expect: { vendor_breached: gateway_co } }",
        "{ at: T+1m, expect: { paged: raj } }",
        "{ at: T+1m, expect: { sent: holding_line } }",
    ],
)
def test_what_is_no_step_is_known_too(folder: Folder, line: str) -> None:
    assert found(folder, f"timeline:\n  - {line}\n") == []


def test_what_is_given_is_looked_up_too(folder: Folder) -> None:
    given = "  roles: { deputie: ana, deputy: anna }\n  inputs: { regoin: eu }\n"
    given += "mocks: { bridge.opn: {}, bridge.open: { return: { ulr: x } } }\n"
    codes = [(finding.code, finding.line) for finding in found(folder, given)]
    assert codes == [("R322", 9), ("R322", 9), ("R323", 10), ("R322", 11), ("R323", 11)]


def test_a_scenario_says_which_runbook_it_misses(folder: Folder) -> None:
    [finding] = found(folder, "", HEAD.replace("../library/example.yaml", "exampel"))
    assert (finding.code, finding.hint) == ("R320", "did you mean example?")


def test_names_of_called_runbooks_and_own_entries_are_known(folder: Folder) -> None:
    folder.with_steps("- { id: sub, call: check_network@1.0.0 }")
    path = folder.write(
        "scenarios/night.yaml",
        HEAD
        + "timeline: [{ at: T+1m, override: sub.probe, action: skip, by: zoe, reason: x }]\n"
        + "catalog: { people: { zoe: { name: Zoe Moss } } }\n",
    )
    assert lint([path], folder.root) == []


def test_a_template_outside_of_the_library_is_checked(folder: Folder) -> None:
    path = folder.basic().write(
        "draft.yaml", "apiVersion: template/v1\nkind: Template\nmetadata: { name: x }\ntxet: hi\n"
    )
    assert "S201" in [finding.code for finding in lint([path], folder.root)]


def test_a_misspelt_kind_is_shown(folder: Folder) -> None:
    path = folder.basic().write("draft.yaml", "apiVersion: template/v1\nknid: Template\n")
    [finding] = lint([path], folder.root)
    assert (finding.code, finding.line, finding.hint) == ("S209", 2, "write kind where it says knid")
