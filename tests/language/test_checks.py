# ruff: noqa: E501 - tables of steps and what is said about them
"""Levels 3 to 5 beyond the examples of each code: the same rule in other places, and what is allowed after all."""

from __future__ import annotations

import pathlib
import re

import pytest

from tests.language.folders import CATALOG, Folder

ASK = "ask: { to: role.deputy, question: Up, fields: { ok: { type: boolean }, url: {} }, due: 5m, on_overdue: { notify: role.deputy } }"


def found(folder: Folder, steps: str) -> list[str]:
    return [
        f"{item.line}:{item.column} {item.code} {item.message} | {item.hint}"
        for item in folder.with_steps(steps).findings
    ]


def codes(folder: Folder, steps: str) -> list[str]:
    return [item.code for item in folder.with_steps(steps).findings]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("incident.titel == 'x'", "T402 incident.titel is not known | did you mean title?"),
        ("incidnt.title == 'x'", "T402 incidnt is not known | did you mean incident?"),
        ("region == 'eu'", "T402 region is not known | did you mean inputs.region?"),
        ("inputs.regoin == 'eu'", "T402 inputs.regoin is not known | did you mean region?"),
        ("steps.nobody.status == 'done'", "T402 steps.nobody is not known | "),
        ("steps.confirm.stable", "T402 steps.confirm.stable is not known | did you mean steps.confirm.result.stable?"),
        ("steps.confirm.result.stabel", "T402 steps.confirm.result.stabel is not known | did you mean stable?"),
        ("decisions.confirm.outcome == 'approved'", "T402 decisions.confirm is not known | that step is no gate"),
        ("event.name == 'x'", "T402 event is not known | only a handler has an event"),
        ("roles.deputi == 'x'", "T402 roles.deputi is not known | did you mean deputy?"),
        ("inputs.region == 'asia'", "T406 'asia' is never the value | known: eu, us"),
        ("inputs.region in ['eu', 'asia']", "T406 'asia' is never the value | known: eu, us"),
        ("incident.severity == 'SEV9'", "T406 'SEV9' is no severity | did you mean SEV5?"),
        ("'resolvd' <= incident.status", "T406 'resolvd' is no status | did you mean resolved?"),
        ("incident.status in ['closed', 'cancled']", "T406 'cancled' is no status | did you mean cancelled?"),
        ("steps.confirm.status == 'aknowledged'", "T406 'aknowledged' is never the value | did you mean acknowledged?"),
        ("incident.severity > 2", "T404 a severity cannot be compared with a number"),
        ("incident.severity > incident.status", "T404 a severity cannot be compared with a status"),
        ("incident.title > 'a'", "T404 texts have no order"),
        ("inputs.region > 'a'", "T404 texts have no order | compare numbers in texts with | int"),
        ("inputs.dr_ready > true", "T404 true or false has no order"),
        ("incident.opened_at > 5", "T404 a moment has no order with a number"),
        ("incident.opened_at > 'soon'", "T404 'soon' is no moment"),
        ("incident.opened_at > incident.title and x", "T402 x is not known"),
        ("incident.customers_affected == '5'", "T407 a number is never equal to a text | write 5 without quotes"),
        ("inputs.dr_ready == 'true'", "T407 true or false is never equal to a text | write true without quotes"),
        ("inputs.shops == 'x'", "T407 a list is never equal to a text"),
        ("incident.customers_affected", "T404 a condition is true or false, this is a number"),
        ("incident.title and true", "T404 a condition is true or false, this is a text"),
        ("not incident.title", "T404 a condition is true or false"),
        ("incident.title.size > 1", "T404 a text has no fields"),
        ("incident.title + 1 == 2", "T404 a number cannot be added to a text | join texts with ~"),
        ("now - 5 > now", "T404 a number cannot be taken from a moment"),
        ("-incident.title == 1", "T404 a text is no number"),
        ("incident.alerts | upper == 'A'", "T404 upper needs a text, this is a number"),
        ("incident.title | join == 'A'", "T404 join needs a list, this is a text"),
        ("5 in incident.title", "T404 a number cannot be in a text"),
        ("'x' in incident.alerts", "T404 nothing can be in a number"),
        ("inputs.shops['a'] == 1", "T404 a list has no fields"),
        ("inputs.shops[incident.title] == 1", "T404 a list is indexed with a number, not a text"),
        ("incident.alerts[0] == 1", "T404 a number cannot be indexed"),
        ("(inputs.shops ~ incident) == 'a'", "T404 a group of fields cannot stand in a text"),
        ("(incident.title | sort) == ['a']", "T404 sort needs a list, this is a text"),
        ("incident.opened_at | upper == 'a'", "T404 upper needs a text, this is a moment"),
        ("incident.opened_at | minutes > 5", "T404 minutes needs a length of time or a text, this is a moment"),
        ("-incident.opened_at == 1", "T404 a moment is no number"),
        ("vars.count == 'x'", "T407 a number is never equal to a text"),
        ("vars.ratio == 'x'", "T407 a number is never equal to a text"),
        ("vars.word == 5", "T407 a text is never equal to a number"),
        ("vars.flag == 5", "T407 true or false is never equal to a number"),
        ("vars.many == 5", "T407 a list is never equal to a number"),
        ("vars.group == 5", "T407 a group of fields is never equal to a number"),
        ("vars.anything == 5", "T402 vars.anything is not known"),
        ("steps.settle.result.x == 5", "T402 steps.settle.result.x is not known | it has no fields at all"),
        ("steps.settle.reslt == 5", "T402 steps.settle.reslt is not known | did you mean result?"),
        ("incident.title = 'x'", "T401 '=' does not belong here | compare with =="),
    ],
)  # fmt: skip
def test_a_condition_that_cannot_be_meant(folder: Folder, condition: str, expected: str) -> None:
    vars_ = "vars: { count: 5, ratio: 0.5, word: a, flag: true, many: [1], group: { a: 1 }, free: null }\n"
    path = folder.with_steps(f'- {{ id: tell, when: "{condition}", log: hello }}').root / "library/example.yaml"
    path.write_text(path.read_text() + vars_)
    lines = [f"{item.line}:{item.column} {item.code} {item.message} | {item.hint}" for item in folder.findings]
    # the message may stand anywhere on the condition's line
    assert [line.partition(" ")[2] for line in lines if expected in line], lines
    assert all(line.startswith("26:") for line in lines)


@pytest.mark.parametrize(
    "condition",
    [
        "incident.severity >= 'SEV2' and incident.status < 'resolved'",
        "incident.priority == 'P1'",
        "inputs.region == 'eu' or inputs.region in ['us']",
        "(now - incident.opened_at) | minutes > 5",
        "incident.opened_at < now and incident.opened_at > '2026-01-01T00:00:00Z'",
        "incident.customers_affected | default(0) > 5",
        "incident.customers_affected is defined",
        "'ana' in incident.responders and incident.responders | length > 2",
        "incident.responders[0] == 'ana'",
        "(inputs.region if inputs.dr_ready else 'us') == 'eu'",
        "incident.title | upper | truncate(5) == 'A'",
        "steps.confirm.status == 'pending'",
        "roles.incident_commander is none",
        "inputs.shops | first == 'x'",
        "bridge.url != ''",
        "now - incident.opened_at > incident.opened_at - now",
        "incident.opened_at + (now - incident.opened_at) > now",
        "incident.alerts + 1 > 2 and inputs.shops + ['a'] == ['b']",
        "-incident.alerts < 0",
        "inputs.shops[0].anything.at_all == 5",
        "inputs.shops[incident.alerts] == 5",
        "['eu', 1] == inputs.shops and 'eu' in ['eu', 'us']",
        "(steps.wait_for.result.x + 1) | upper == 'A'",
        "steps.wait_for.result[incident.title] == 5",
        "(inputs.shops | sort | first) == 'x' and (steps.wait_for.result.x | sort) == []",
        "incident.resolved_at | default(now) > now",
        "(incident.summary | default(5)) == 5",
        "steps.confirm.result.stable is defined",
        "'x' in inputs and 'SEV1' in 'SEV1 SEV2' and incident.severity in 'SEV1 SEV2'",
        "incident.severity in [incident.severity]",
    ],
)
def test_a_condition_that_can_be_meant(folder: Folder, condition: str) -> None:
    hold = "- { id: wait_for, wait: { event: x }, timeout: 5m, on_timeout: [] }"
    lines = found(folder, f'{hold}\n- {{ id: tell, when: "{condition}", log: hello }}')
    assert [line for line in lines if "F502" not in line] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{% for p in incident.responders %}{{ loop.index }}{{ p }}{% else %}{{ incident.title }}{% endfor %}", ""),
        ("{% for p in incident.responders %}{{ p.x }}{% endfor %}", "T404 a text has no fields"),
        ("{% for p in incident.responders %}{% endfor %}{{ p }}", "T402 p is not known"),
        ("{% for p in incident.title %}{% endfor %}", "T404 a loop goes through a list, this is a text"),
        ("{% if incident.title %}{% endif %}", "T404 a condition is true or false"),
        ("{% if true %}{% elif incident.titel %}{% else %}{{ nope }}{% endif %}", "T402 incident.titel is not known"),
        ("{{ incident }}", "T404 a group of fields cannot stand in a text"),
        ("{{ incident.title ~ 5 }} {{ next_update_at }}", "T402 next_update_at is not known | only messages have it"),
    ],
)
def test_texts(folder: Folder, text: str, expected: str) -> None:
    lines = found(folder, f'- {{ id: tell, log: "{text}" }}')
    assert (not lines) if not expected else expected in lines[0], lines


def test_the_place_is_that_of_the_name_inside_the_text(folder: Folder) -> None:
    lines = found(folder, "- id: tell\n  log: |\n    First line\n    and {{ incident.titel }}\n")
    assert lines == ["29:18 T402 incident.titel is not known | did you mean title?"]


def test_texts_everywhere_are_checked(folder: Folder) -> None:
    steps = """\
- { id: a, do: bridge.open, with: { name: "{{ nope.a }}" } }
- { id: b, page: oncall, message: "{{ nope.b }}" }
- { id: c, task: { text: "{{ nope.c }}", items: ["{{ nope.d }}"] } }
- { id: d, set: { one: ["{{ nope.e }}"] } }
- { id: e, send: { text: "{{ nope.f }}", subject: "{{ nope.g }}", to: audience.technical } }
- { id: f, decide: "{{ nope.h }}", subject: { action: bridge.open, plan: "{{ nope.i }}", backout: "{{ nope.j }}", items: ["{{ nope.k }}"] }, voters: { from: [person.dana] }, timeout: 5m, outcomes: { approved: [], rejected: [] } }
- { id: g, choose: [{ when: nope.l, steps: [] }] }
- { id: h, for_each: { in: nope.m, as: x }, steps: [] }
- { id: i, repeat: { max: 2, until: nope.n }, steps: [] }
- { id: j, wait: { until: nope.o }, timeout: 5m, on_timeout: [] }
- { id: k, wait: { event: ready, when: nope.p }, timeout: 5m, on_timeout: [] }
"""
    assert codes(folder, steps).count("T402") == 16


def test_the_items_of_a_loop_have_the_type_of_their_list(folder: Folder) -> None:
    steps = """\
- id: each
  for_each: { in: incident.responders, as: person, max: 5 }
  steps: [{ id: tell, when: person > 5, log: "{{ person }}" }]
- { id: outside, log: "{{ person }}" }
"""
    assert [line.split(" | ")[0] for line in found(folder, steps)] == [
        "28:35 T404 a text has no order with a number",
        "29:33 T402 person is not known",
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[eu, us]", "T404 a text has no order with a number"),
        ("[eu, 5]", ""),
        ('"{{ incident.responders }}"', "T404 a text has no order with a number"),
        ("incident.responders +", "T401"),
        ('["{{ nope }}"]', "T402 nope is not known"),
    ],
)
def test_what_a_loop_goes_through(folder: Folder, source: str, expected: str) -> None:
    inner = "{ in: SOURCE, as: one, steps: [{ id: tell, when: one > 5, log: x }] }".replace("SOURCE", source)
    lines = found(folder, f"- {{ id: each, for_each: {inner} }}")
    assert (not lines) if not expected else expected in lines[0], lines


def test_handlers_have_an_event(folder: Folder) -> None:
    keys = 'handlers: [{ event: lift.stuck, when: event.floor > 3, steps: [{ id: tell, log: "{{ event.floor }}" }] }]\n'
    assert folder.with_keys("library/example.yaml", keys).findings == []


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        # used inside the block that is the source
        ("- { id: a, steps: [{ id: b, log: '{{ steps.a.result.x }}' }] }", "T402"),
        ("- { id: a, log: '{{ steps.confirm.result.stable }}' }", "F501"),
        (f"- id: a\n  {ASK}\n- {{ id: b, log: '{{{{ steps.a.result.ok }}}}' }}", ""),
        (f"- id: a\n  background: true\n  {ASK}\n- {{ id: b, log: '{{{{ steps.a.result.ok }}}}' }}", "F502"),
        (f"- id: a\n  timeout: 5m\n  on_timeout: []\n  {ASK}\n- {{ id: b, log: '{{{{ steps.a.result.ok }}}}' }}", "F502"),
        (f"- id: a\n  when: inputs.dr_ready\n  {ASK}\n- {{ id: b, when: inputs.dr_ready, log: '{{{{ steps.a.result.ok }}}}' }}", ""),
        (f"- id: a\n  when: inputs.dr_ready\n  {ASK}\n- {{ id: b, when: steps.a.result.ok is defined and steps.a.result.ok, log: x }}", ""),
        (f"- id: a\n  when: inputs.dr_ready\n  {ASK}\n- {{ id: b, when: \"steps.a.status == 'done' and steps.a.result.ok\", log: x }}", ""),
        (f"- id: a\n  when: inputs.dr_ready\n  {ASK}\n- {{ id: b, log: \"{{% if steps.a.result.ok is defined %}}{{{{ steps.a.result.ok }}}}{{% endif %}}\" }}", ""),
        (f"- id: a\n  when: inputs.dr_ready\n  {ASK}\n- {{ id: b, log: \"{{{{ steps.a.result.url if not steps.a.result.url is none else 'x' }}}}\" }}", ""),
        (f"- id: p\n  parallel:\n    one:\n      - id: a\n        {ASK}\n    two: [{{ id: b, log: '{{{{ steps.a.result.ok }}}}' }}]", "F502"),
        (f"- id: p\n  parallel:\n    one:\n      - id: a\n        {ASK}\n- {{ id: b, log: '{{{{ steps.a.result.ok }}}}' }}", ""),
        (f"- id: p\n  join: any\n  parallel:\n    one:\n      - id: a\n        {ASK}\n- {{ id: b, log: '{{{{ steps.a.result.ok }}}}' }}", "F502"),
        (f"- id: c\n  choose:\n    - when: inputs.dr_ready\n      steps:\n        - id: a\n          {ASK}\n  else: [{{ id: b, log: '{{{{ steps.a.result.ok }}}}' }}]", "F501"),
        (f"- id: c\n  choose:\n    - when: inputs.dr_ready\n      steps:\n        - id: a\n          {ASK}\n- {{ id: b, log: '{{{{ steps.a.result.ok }}}}' }}", "F502"),
        (f"- id: r\n  repeat: {{ max: 3, until: steps.a.result.ok }}\n  steps:\n    - id: a\n      {ASK}", ""),
        (f"- id: r\n  repeat: {{ max: 3 }}\n  steps:\n    - id: a\n      {ASK}\n- {{ id: b, log: '{{{{ steps.a.result.ok }}}}' }}", "F502"),
        (f"- id: a\n  {ASK}\n- {{ id: b, when: steps.b.status == 'done', log: x }}", ""),
        ("- { id: room, do: bridge.open, on_error: continue, with: { name: x } }\n- { id: b, log: '{{ steps.room.result.url }}' }", "F502"),
        (f"- id: b1\n  timeout: 5m\n  on_timeout: [{{ id: b, log: '{{{{ steps.a.result.ok }}}}' }}]\n  steps:\n    - id: a\n      {ASK}", ""),
        ("- { id: b1, timeout: 5m, steps: [{ id: b, log: '{{ steps.a.result.url }}' }], on_timeout: [{ id: a, do: bridge.open, with: { name: x } }] }", "F501"),
        (f"- id: a\n  when: inputs.dr_ready\n  {ASK}\n- {{ id: c, choose: [{{ when: steps.a.result.ok is defined and steps.a.result.ok, steps: [{{ id: b, log: '{{{{ steps.a.result.ok }}}}' }}] }}] }}", ""),
        (f"- id: a\n  when: inputs.dr_ready\n  {ASK}\n- {{ id: b, log: \"{{% for p in incident.responders %}}{{{{ steps.a.result.url }}}}{{% endfor %}}\" }}", "F502"),
        (f"- id: a\n  when: inputs.dr_ready\n  {ASK}\n- {{ id: b, when: steps.a.result.ok is defined and inputs.dr_ready and steps.a.result.ok, log: x }}", ""),
        ("- { id: hold, wait: { event: lift }, timeout: 5m, on_timeout: [{ id: late, log: \"{{ steps.hold.result.floor | default('?') }}\" }] }", ""),
        ("- { id: gate, decide: Go, voters: { from: [person.dana] }, timeout: 5m, outcomes: { approved: [{ id: b, log: '{{ decisions.gate.outcome }}' }], rejected: [] } }", ""),
        ("- { id: b, log: '{{ decisions.gate.outcome }}' }\n- { id: gate, decide: Go, voters: { from: [person.dana] }, timeout: 5m, outcomes: { approved: [], rejected: [] } }", "F501"),
    ],
)  # fmt: skip
def test_results_are_used_where_they_exist(folder: Folder, steps: str, expected: str) -> None:
    assert codes(folder, steps) == ([expected] if expected else []), found(folder, steps)


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ("steps.a.result.ok", "`a` may have no result: it may not be over when this is looked at"),
        ("steps.a.status == 'done' and steps.a.result.ok", ""),
        ("steps.a.result.ok | default(false)", ""),
    ],
)
def test_what_a_phase_waits_for_may_not_be_there_yet(folder: Folder, until: str, expected: str) -> None:
    path = folder.with_steps(f"- id: a\n  {ASK}").root / "library/example.yaml"
    path.write_text(path.read_text().replace("- id: work\n", f'- id: work\n    until: "{until}"\n'))
    assert [item.message for item in folder.findings] == ([expected] if expected else [])


def test_a_later_phase_may_wait_for_what_an_earlier_one_found_out(folder: Folder) -> None:
    path = folder.with_steps(f"- id: a\n  {ASK}").root / "library/example.yaml"
    text = path.read_text().replace("- id: resolve\n", "- id: resolve\n    until: steps.a.result.ok\n")
    path.write_text(text)
    assert folder.findings == []
    path.write_text(text.replace("- id: work\n", "- id: work\n    until: inputs.dr_ready\n"))
    assert [item.message for item in folder.findings] == ["`a` may have no result: phase work may end before it"]


def test_a_phase_that_may_end_early_may_leave_no_result(folder: Folder) -> None:
    folder.with_steps(f"- id: a\n  {ASK}")
    path = folder.root / "library/example.yaml"
    text = path.read_text().replace("- id: work\n", '- id: work\n    until: incident.status >= "mitigated"\n')
    path.write_text(text.replace('log: "not stable"', 'log: "{{ steps.a.result.ok }}"'))
    assert [item.message for item in folder.findings] == ["`a` may have no result: phase work may end before it"]
    folder.with_keys("library/example.yaml", "finally: [{ id: bye, log: '{{ steps.confirm.result.stable }}' }]\n")
    assert [item.message for item in folder.findings] == ["`confirm` may have no result: the runbook may end before it"]


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
