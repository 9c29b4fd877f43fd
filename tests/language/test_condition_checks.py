# ruff: noqa: E501 - tables of steps and what is said about them
"""Level 4: conditions, texts and loops that cannot be meant, and those that can."""

from __future__ import annotations

import pytest

from tests.language.folders import Folder, codes, found


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
