# ruff: noqa: E501 - tables of steps and what is said about them
"""Level 5: gates, irreversible actions and what is said at the end."""

from __future__ import annotations

import pytest

from tests.language.folders import ASK, CATALOG, Folder, codes, found

GATE = (
    "- { id: gate, decide: Go, voters: { from: [person.dana] }, timeout: 5m, outcomes: { approved: [], rejected: [] } }"
)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (GATE, []),
        (GATE.replace("approved: [], rejected: []", "yes: [], no: []").replace("timeout", "options: [yes, no], timeout"), []),
        (GATE.replace("approved: [], rejected: []", "yes: []").replace("timeout", "options: [yes, no], timeout"), ["F512"]),
        (GATE.replace("rejected: []", "rejected: [], aproved: []"), ["F512"]),
        (GATE.replace("rejected: []", "rejected: [], lapsed: []"), []),
        (GATE.replace("timeout: 5m", "timeout: 5m, on_timeout: { then: nothing }"), ["F512"]),
        (GATE.replace("timeout: 5m", "timeout: 5m, on_timeout: { then: rejected }"), []),
        (GATE.replace(", outcomes: { approved: [], rejected: [] }", ""), ["F512", "F512"]),
        (GATE.replace("[person.dana]", "[group.cab], approvals: 4, delegates: true"), ["F513"]),
        (GATE.replace("[person.dana]", "[group.cab, person.ana], approvals: 3, delegates: true"), []),
        (GATE.replace("[person.dana]", "[role.deputy, person.ana], approvals: 2"), []),
        (GATE.replace("decide: Go", "decide: Go, subject: { action: change.execute, plan: x }"), []),
        (GATE.replace("decide: Go", "decide: Go, subject: { action: change.execute, plan: x }").replace("person.dana", "schedule.primary"), ["F510"]),
        (GATE.replace("decide: Go", "decide: Go, subject: { action: change.execute, plan: x }").replace(
            "timeout: 5m", "timeout: 5m, on_timeout: { escalate: person.raj }"), ["F510"]),
    ],
)  # fmt: skip
def test_gates(folder: Folder, steps: str, expected: list[str]) -> None:
    assert codes(folder, steps) == expected, found(folder, steps)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("- { id: h, wait: { event: x }, timeout: 5m }", ["F520"]),
        ("- { id: h, wait: { event: x } }", ["F520"]),
        ("- { id: h, repeat: { every: 5m }, steps: [] }", ["F520"]),
        ("- { id: h, repeat: { until: inputs.dr_ready }, steps: [{ id: i, log: x }] }", ["F520"]),
        ("- { id: h, repeat: { until: inputs.dr_ready }, steps: [{ id: i, wait: { for: 5m } }] }", []),
        ("- { id: h, log: x, on_timeout: [{ id: i, log: y }] }", ["F530"]),
        ("- { id: h, when: 'false', log: x }", ["F530"]),
        ("- { id: h, choose: [{ when: 'true', steps: [] }], else: [] }", ["F530"]),
        ("- { id: h, choose: [{ when: 'false', steps: [] }] }", ["F530"]),
        ("- { id: h, when: inputs.dr_ready, end: phase }\n- { id: i, log: x }", []),
        ("- { id: h, send: { text: hello, to: audience.customers } }", ["F540"]),
        ('- { id: h, send: { text: "{{ roles.deputy }}", to: audience.customers, review: { by: role.deputy, within: 5m } } }', ["T409"]),
        ("- { id: h, send: { template: executive_update, to: audience.customers, review: { by: role.deputy, within: 5m } } }", ["T409"]),
        ("- { id: h, send: { template: customer_update, to: audience.customers, review: { by: role.deputy, within: 5m } } }", []),
        ("- { id: h, ask: { question: Up, due: 5m } }", ["F542"]),
        ("- { id: w, page: oncall, when: steps.r.status == 'done', message: x }\n- { id: r, do: bridge.open, with: { name: x } }", []),
    ],
)  # fmt: skip
def test_ends_and_talking(folder: Folder, steps: str, expected: list[str]) -> None:
    assert codes(folder, steps) == expected, found(folder, steps)


def test_an_irreversible_action_may_be_followed_by_its_question_further_out(folder: Folder) -> None:
    steps = f"""\
- id: gate
  decide: Go
  subject: {{ action: dr.invoke, plan: x }}
  voters: {{ from: [person.ana, person.dana] }}
  timeout: 5m
  outcomes:
    approved: [{{ id: go, do: dr.invoke, with: {{ service: payments }} }}]
    rejected: []
- id: verify
  {ASK}
"""
    assert codes(folder, steps) == []
    assert codes(folder, steps.replace("  subject: { action: dr.invoke, plan: x }\n", "")) == ["F561"]
    other = steps.replace("action: dr.invoke", "action: change.execute")
    assert codes(folder, other) == ["F563"]


def test_without_authorities_in_the_catalog_nobody_decides(folder: Folder) -> None:
    folder.with_steps(GATE.replace("decide: Go", "decide: Go, subject: { action: change.execute, plan: x }"))
    catalog = folder.root / "catalog/catalog.yaml"
    catalog.write_text(CATALOG.replace("emergency_change:", "something_else:"))
    assert [item.message for item in folder.findings] == [
        "the catalog names nobody who may decide about change.execute"
    ]
