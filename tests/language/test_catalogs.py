# ruff: noqa: E501 - a table reads as the table that it is
"""The catalog's own references and rules, with the file they stand in."""

from __future__ import annotations

import pytest

from tests.language.folders import CATALOG, Folder


def said(folder: Folder) -> list[str]:
    return [f"{item.code} {item.message} | {item.hint}" for item in folder.load().catalog_findings]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("groups: { cab: [ana, dana, lee], night_cab: [an] }\n", "C610 there is no person an | did you mean ana?"),
        ("bridges: {}\n", ""),
        ("calendars: {}\n", ""),
        ("access: { approver: [group.cabs] }\n", "C610 there is no group cabs | did you mean cab?"),
        ("access: { approver: [cab] }\n", "C610 'cab' does not say what it names | did you mean group.cab?"),
        ("access: { approver: [role.deputy] }\n", "C610 role.deputy is not possible here"),
        ("authorities: { emergency_change: { SEV1: [group.cab], SEV2: [person.x] } }\n", "C610 there is no person x"),
        ("audiences: { technical: { via: [chat] }, executives: { to: [person.x], via: [email] }, customers: { via: [status_page], review: required } }\n", "C610 there is no person x"),
        ("audiences: { technical: { via: [chat], to: [a@example.com] }, executives: { via: [email] }, customers: { via: [status_page], review: required } }\n", ""),
        ("audiences: { executives: { via: [email] }, customers: { via: [status_page] } }\n", "C610 there is no audience technical"),
        ("services: { gateway: { vendor: gateway }, payments: { owner: schedule.primary } }\n", "C610 there is no vendor gateway | did you mean gateway_co?"),
        ("services: { gateway: {}, payments: { owner: primary } }\n", "C610 'primary' does not say what it names | did you mean schedule.primary?"),
        ("services: { gateway: {}, payments: { depends_on: [gatway] } }\n", "C610 there is no service gatway | did you mean gateway?"),
        ("services: { gateway: {}, payments: { runbooks: { SEV1: exmaple } } }\n", "C610 there is no runbook exmaple | did you mean example?"),
        ("vendors: { gateway_co: { contract: { ref: C, hours: office }, contacts: [{ level: a, email: a@b.c }] } }\n", "C610 there is no calendar office"),
        ("vendors: { gateway_co: { contract: { ref: C, hours: default }, contacts: [{ level: a, email: a@b.c }] } }\n", ""),
        ("routes: []\n", "C611 there are no routes"),
        ("routes: [{ incident: { impact: low } }]\n", "C611 the last route takes what no other took"),
        ("routes: [{ incident: { page: schedule.x } }]\n", "C610 there is no schedule x"),
        ("routes: [{ match: { a: b }, incident: { runbook: x } }, { incident: { page: schedule.primary } }]\n", "C610 there is no runbook x"),
        ("routes: [{ match: { a: b }, incident: { service: paymnts } }, { incident: { page: schedule.primary } }]\n", "C610 there is no service paymnts"),
        ('routes: [{ match: { a: b }, incident: { service: "{{ alert.labels.service }}" } }, { incident: { page: schedule.primary } }]\n', ""),
        ('routes: [{ match: { a: b }, incident: { title: "{{ alert.label.x }}" } }, { incident: { page: schedule.primary } }]\n', "T402 alert.label is not known | did you mean labels?"),
        ('routes: [{ match: { a: b }, routes: [{ match: { c: ["~(x"] } }] }, { incident: { page: schedule.primary } }]\n', "C612"),
        ("routes: [{ match: { a: b }, incident: { runbook: example, inputs: { region: asia } } }, { incident: { page: schedule.primary } }]\n", "C615 'asia' is not possible"),
        ("routes: [{ match: { a: b }, incident: { runbook: example }, routes: [{ incident: { inputs: { dr_ready: 5 } } }] }, { incident: { page: schedule.primary } }]\n", "C615 5 is not true or false"),
        ('routes: [{ match: { a: b }, incident: { runbook: example, inputs: { region: "{{ alert.labels.region }}" } } }, { incident: { page: schedule.primary } }]\n', ""),
    ],
)  # fmt: skip
def test_what_a_catalog_names_exists(folder: Folder, keys: str, expected: str) -> None:
    lines = said(folder.with_keys("catalog/catalog.yaml", keys))
    assert (not lines) if not expected else (lines and all(line.startswith(expected) for line in lines)), lines


def test_schedules_name_people(folder: Folder) -> None:
    keys = """\
schedules:
  primary: { tz: UTC, layers: [{ rotation: daily, handoff: "08:00", people: [raj, nobody] }] }
  deputy_manager: { source: pagerduty, id: P1, cache: 5m, fallback: schedule.primry }
  other:
    tz: UTC
    layers: [{ rotation: daily, handoff: "08:00", people: [raj] }]
    overrides: [{ from: "2026-12-24T09:00", to: "2026-12-27T09:00", person: somebody }]
"""
    assert [line.split(" | ")[0] for line in said(folder.with_keys("catalog/catalog.yaml", keys))] == [
        "C610 there is no person nobody",
        "C610 there is no schedule primry",
        "C610 there is no person somebody",
    ]


def test_a_finding_stands_in_the_file_of_its_entry(folder: Folder) -> None:
    head = "apiVersion: catalog/v1\nkind: Catalog\n"
    folder.basic().write("catalog/groups.yaml", head + "groups:\n  day:\n    - ana\n    - nobody\n")
    folder.write("catalog/catalog.yaml", CATALOG.replace("groups: {", "groups: { early: [no_one],"))
    places = [(item.file.rsplit("/", 1)[-1], item.line, item.column) for item in folder.load().catalog_findings]
    assert places == [("catalog.yaml", 9, 19), ("groups.yaml", 6, 7)]


def test_several_files_make_one_catalog(folder: Folder) -> None:
    head = "apiVersion: catalog/v1\nkind: Catalog\n"
    folder.basic().write("catalog/more.yml", head + "groups: { day: [ana] }\npeople: { max: { name: Max } }\n")
    catalog = folder.load().require().catalog
    assert set(catalog.groups) == {"cab", "night_cab", "day"}
    assert "max" in catalog.people
    folder.write("catalog/routes.yaml", head + "routes: []\n")
    assert said(folder)[0].startswith("C600 `routes` stands in ")
