# ruff: noqa: E501 - tables of steps and what is said about them
"""Levels 3 to 5 beyond the examples of each code: references, events and templates, and what is allowed after all."""

from __future__ import annotations

import pathlib
import re

import pytest

from tests.language.folders import Folder, codes, found


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("- { id: w, page: schedule.primary, message: hello }", ""),
        ("- { id: w, page: primary, message: hello }", "R303 there is no escalation policy primary | did you mean schedule.primary?"),
        ("- { id: w, page: person.nobody, message: hello }", "R301 there is no person nobody"),
        ("- { id: w, page: audience.technical, message: hello }", "R302 audience.technical is not possible here"),
        ("- { id: t, task: { text: x, to: service.owner } }", ""),
        ("- { id: t, task: { text: x, to: deputy } }", "R302 'deputy' does not say what it names | did you mean role.deputy?"),
        ("- { id: t, send: { text: x, to: person.ana } }", ""),
        ("- { id: t, send: { text: x, to: audience.press } }", "R301 there is no audience press"),
        ("- { id: t, engage: vendor.gateway }", "R301 there is no vendor gateway | did you mean gateway_co?"),
        ("- { id: t, engage: vendor.gateway_co, with: { priority: P9 } }", "T412 `priority`: 'P9' is not possible | known: P1, P2, P3, P4, P5"),
        ("- { id: t, engage: vendor.gateway_co, with: { priorty: P1 } }", "T410 vendor.gateway_co takes no `priorty` | did you mean priority?"),
        ("- { id: t, call: check_network@1.0.0, with: { site: hq } }", ""),
        ("- { id: t, call: check_network@2.0.0 }", "R306 there is no runbook check_network@2.0.0 | did you mean check_network@1.0.0?"),
        ("- { id: t, call: check_network@1.0.0, with: { side: hq } }", "T410 check_network@1.0.0 takes no `side` | did you mean site?"),
        ("- { id: t, call: example@1.0.0 }", "R306 example@1.0.0 calls this runbook again"),
        ("- { id: t, do: incident.set_impact, with: { customers_affected: many } }", "T412 `customers_affected`: 'many' is not a whole number"),
        ('- { id: t, do: incident.set_impact, with: { customers_affected: "{{ incident.alerts }}" } }', ""),
        ('- { id: t, do: incident.set_impact, with: { customers_affected: "{{ incident.alerts }}0" } }', "T412 `customers_affected` takes a whole number, this is a text"),
        ('- { id: t, do: chat.invite, with: { people: "{{ incident.responders }}" } }', ""),
        ('- { id: t, do: chat.invite, with: { people: "{{ incident.title }}" } }', "T412 `people` takes a list, this is a text"),
        ('- { id: t, do: chat.post, with: { text: "{{ incident.severity }}" } }', ""),
        ("- { id: t, task: { text: x, fields: { n: { type: integer, default: five } } } }", "T413 'five' is not a whole number"),
    ],
)  # fmt: skip
def test_references_and_arguments(folder: Folder, steps: str, expected: str) -> None:
    lines = found(folder, steps)
    assert (not lines) if not expected else (len(lines) == 1 and expected in lines[0]), lines


@pytest.mark.parametrize(
    ("event", "when", "expected"),
    [
        ("vendor.breached", "event.clock == 'respond' and event.actor == 'system'", ""),
        ("vendor.breached", "event.clok == 'respond'", "T402 event.clok is not known"),
        ("vendor.breach", "true", "R314 the system has no event vendor.breach"),
        ("lift.stuck", "event.anything.at_all > 3", ""),
        ("status", "event.x == 'y'", ""),
    ],
)
def test_events_of_the_system_have_names_and_fields(folder: Folder, event: str, when: str, expected: str) -> None:
    def codes_of(keys: str) -> list[str]:
        found = folder.with_keys("library/example.yaml", keys).findings
        return [f"{item.code} {item.message}" for item in found]

    handler = f'handlers: [{{ event: {event}, when: "{when}", steps: [] }}]\n'
    inner = f'handlers: [{{ event: {event}, steps: [{{ id: x, when: "{when}", log: y }}] }}]\n'
    waiting = f'handlers: [{{ event: a, steps: [{{ id: x, wait: {{ event: {event}, when: "{when}" }}, timeout: 5m, on_timeout: [] }}] }}]\n'
    for keys in (handler, inner, waiting):
        assert codes_of(keys) == ([expected] if expected else [])


def test_the_walker_announces_what_the_checker_knows() -> None:
    from mayday.domain.system_events import RESERVED, SYSTEM_EVENTS

    walker = pathlib.Path(__file__).resolve().parents[2] / "mayday/walker"
    announced = {
        name
        for path in walker.rglob("*.py")
        for call in re.findall(r"registry\.emit\((.*)", path.read_text(encoding="utf-8"))
        for name in re.findall(r"\"([a-z]+\.[a-z_]+)\"", call)
    }
    assert announced
    assert announced <= set(SYSTEM_EVENTS)
    assert {name.partition(".")[0] for name in SYSTEM_EVENTS} <= set(RESERVED)


def test_phases_and_attendees(folder: Folder) -> None:
    keys = "phases: [{ id: a, steps: [{ id: x, log: x }] }, { id: a, steps: [{ id: y, log: y }] }]\n"
    keys += "review: { meeting: { within: 3 days, attendees: [role.deputy, person.nobody] } }\n"
    messages = [item.message for item in folder.with_keys("library/example.yaml", keys).findings]
    assert messages == ["two phases are called a", "there is no person nobody"]


def test_a_role_that_nobody_is_offered_ends_a_chain_of_fallbacks(folder: Folder) -> None:
    assert (
        folder.with_keys("library/example.yaml", "roles: { scribe: {}, deputy: { from: role.scribe } }\n").findings
        == []
    )


def test_public_inputs_may_be_read_by_customers(folder: Folder) -> None:
    steps = (
        '- { id: t, send: { text: "{{ inputs.region }} TEXT", to: audience.customers, '
        "review: { by: role.deputy, within: 5m } } }"
    )
    assert codes(folder, steps.replace("TEXT", "")) == ["T409"]
    path = folder.with_steps(steps.replace("TEXT", "")).root / "library/example.yaml"
    path.write_text(path.read_text().replace("default: eu }", "default: eu, visibility: public }"))
    assert folder.findings == []
    assert codes(folder, steps.replace("TEXT", "{{ x").replace("{{ inputs.region }}", "")) == ["T401"]


def test_a_broken_template_is_said_where_it_stands(folder: Folder) -> None:
    text = "apiVersion: template/v1\nkind: Template\nmetadata: { name: broken }\ntext: '{{ x'\n"
    folder.with_steps(
        "- { id: t, send: { template: broken, to: audience.customers, review: { by: role.deputy, within: 5m } } }"
    )
    folder.write("templates/broken.yaml", text)
    assert [(item.file.rsplit("/", 1)[-1], item.code) for item in folder.findings] == [("broken.yaml", "T401")]


def test_arguments_of_many_types(folder: Folder) -> None:
    keys = """\
actions:
  house.probe:
    effect: read
    inputs: { n: { type: number, required: false }, when: { type: datetime, required: false }, who: { required: false } }
"""
    steps = """\
- { id: a, do: house.probe, with: { n: 0.5, when: "{{ incident.opened_at }}", who: "{{ now - incident.opened_at }}" } }
- { id: b, do: house.probe, with: { n: "{{ incident.alerts }}", when: "{{ incident.title }}", who: null } }
- { id: c, do: house.probe, with: { n: "{{ x" } }
"""
    folder.with_steps(steps)
    catalog = folder.root / "catalog/catalog.yaml"
    catalog.write_text(catalog.read_text() + keys)
    assert [item.code for item in folder.findings] == ["T401"]


def test_promises_to_audiences_are_kept_by_a_cadence(folder: Folder) -> None:
    folder.with_keys("library/example.yaml", "cadences: {}\n")
    assert [item.message for item in folder.findings] == [
        "SEV1 promises technical an update every 15m, and no cadence sends one"
    ]
    folder.with_keys("library/example.yaml", "cadences: {}\napplies_to: { severity: [SEV5] }\n")
    assert folder.findings == []


def test_the_runbooks_that_are_shipped_have_no_finding() -> None:
    from mayday.language.library import Library
    from mayday.settings import packaged_runbooks

    library = Library.load(packaged_runbooks())
    assert [str(finding) for finding in library.findings] == []
    assert "major_incident" in library.names


def test_the_walker_knows_the_names_that_the_checker_knows() -> None:
    from mayday.language.checks.kinds import INCIDENT
    from mayday.walker.scope import _INCIDENT

    assert set(INCIDENT) == set(_INCIDENT)
