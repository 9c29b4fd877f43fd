# ruff: noqa: E501 - a table reads as the table that it is
"""Level 2: every mistake in the keys of a file is said at its line, in the author's words."""

from __future__ import annotations

import pytest

from mayday.language.catalog import Catalog
from mayday.language.documents import load_document
from mayday.language.runbook import Runbook
from mayday.language.scenario import Scenario
from mayday.language.shape import _model_at, read_model

HEAD = "apiVersion: runbook/v1\nkind: Runbook\nmetadata: { name: x, version: 1.0.0, owner: me }\n"


def said(steps: str, keys: str = "") -> list[str]:
    """`line:column CODE message | hint` of a runbook with these steps, which begin in line 6 + the lines of `keys`."""
    lines = "".join(f"      {line}\n" for line in steps.splitlines())
    document = load_document(f"{HEAD}{keys}phases:\n  - id: a\n    steps:\n{lines}", "x.yaml")
    model = read_model(document, Runbook)
    assert (model is None) == bool(document.findings)
    return [f"{item.line}:{item.column} {item.code} {item.message} | {item.hint}" for item in document.findings]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("- { id: a, log: x, timout: 5m }", ["7:26 S201 `timout` is no key here | did you mean timeout?"]),
        ("- { id: a, lgo: x }", ["7:18 S201 `lgo` is no key here | did you mean log?"]),
        (
            "- { id: a, voters: { form: [x] }, decide: d }",
            ["7:26 S202 `from` is missing | did you mean it by `form`?", "7:28 S201 `form` is no key here | did you mean from?"],
        ),
        ("- { id: a }", [("7:9 S205 step `a` has no verb | one of do, send, page, engage, decide, ask, task, wait, choose, "
                         "parallel, for_each, repeat, steps, call, set, set_cadence, log, end")]),
        ("- { id: a, log: x, end: phase }", ["7:26 S205 step `a` has 2 verbs: log, end | make them two steps"]),
        ("- { id: a, log: }", ["7:23 S203 `log` has no value | write what it says"]),
        ("- { id: a, log: x, assigns: y }", ["7:26 S206 `assigns` does not go with `log` | it goes with page"]),
        ("- { id: a, log: 5 }", ['7:23 S203 `log` is the number 5, and a text is needed | quote it: "5"']),
        ("- { id: a, log: true }", ['7:23 S203 `log` is true or false, and a text is needed | quote it: "true"']),
        ("- { id: a, log: [x] }", ["7:23 S203 `log` is a list, and a text is needed | "]),
        ("- { id: a, log: x, background: yes }", ["7:38 S203 `background` is the text 'yes', and true or false is needed | write true"]),
        ("- { id: a, page: x, via: push }", ["7:32 S203 `via` is the text 'push', and a list is needed | write [push]"]),
        ("- { id: a, page: x, via: [pager] }", ["7:33 S204 'pager' is not possible here | known: calendar, chat, email, push, sms, status_page, voice"]),
        ("- { id: a, log: x, on_error: mannual }", ["7:36 S204 'mannual' is not possible here | did you mean manual?"]),
        ("- { id: A b, log: x }", ["7:15 S204 'A b' is no name | small letters, digits and _, beginning with a letter, for example a_b"]),
        ("- { id: a, repeat: { max: 0 }, steps: [] }", ["7:33 S204 `max` is out of bounds | at least 1"]),
        ("- { id: a, repeat: { max: '3' }, steps: [] }", ["7:33 S203 `max` is the text '3', and a whole number is needed | write 3, without quotes"]),
        ("- { id: a, decide: x, on_timeout: 5 }", ["7:41 S203 `on_timeout` is the number 5, and something else is needed | "]),
        ("- { id: a, decide: x, on_timeout: { than: lapsed } }", ["7:43 S201 `than` is no key here | did you mean then?"]),
        ("- { id: a, decide: x, on_timeout: [{ id: b, lgo: x }] }", ["7:51 S201 `lgo` is no key here | did you mean log?"]),
        ("- { id: a, decide: x, outcomes: { Bad: [] } }", ["7:41 S204 'Bad' is no name | small letters, digits and _, beginning with a letter, for example bad"]),
        ("- { id: a, send: { to: x } }", ["7:24 S207 a message has either a `template` or a `text` | "]),
        ("- { id: a, wait: { for: 5 min } }", ["7:31 S208 '5 min' is not a duration | did you mean 5m?"]),
        ("- hello", ["7:9 S203 entry 1 is the text 'hello', and a mapping of keys is needed | "]),
        ("- { id: a, with: { x: 1 } }", [("7:9 S205 step `a` has no verb | one of do, send, page, engage, decide, ask, task, "
                                         "wait, choose, parallel, for_each, repeat, steps, call, set, set_cadence, log, end")]),
    ],
)  # fmt: skip
def test_a_wrong_step(step: str, expected: list[str]) -> None:
    assert said(step) == expected


def test_steps_are_checked_wherever_they_are_nested() -> None:
    nested = """\
- { id: a, choose: [{ when: x, steps: [{ id: b, log: x, join: 1 }] }], else: [{ id: c, log: x, join: 1 }] }
- { id: d, parallel: { one: [{ id: e, log: x, join: 1 }] } }
- { id: f, repeat: { max: 1, steps: [{ id: g, log: x, join: 1 }] } }
- { id: h, decide: x, outcomes: { approved: [{ id: i, log: x, join: 1 }] }, on_timeout: [{ id: j, log: x, join: 1 }] }
- { id: k, do: x, on_error: [{ id: l, log: x, join: 1 }] }
- { id: m, steps: [{ id: n, steps: [{ id: o, log: x, join: 1 }] }] }"""
    found = said(nested)
    assert [item.split(":")[0] for item in found] == ["7", "7", "8", "9", "10", "10", "11", "12"]
    assert all("S206 `join` does not go with `log`" in item for item in found)


def test_several_mistakes_are_said_at_once() -> None:
    found = said("- { id: a, log: x }", "inputs: { a: { type: strin } }\nrole: {}\n")
    assert found == [
        "4:22 S204 'strin' is not possible here | did you mean string?",
        "5:1 S201 `role` is no key here | did you mean roles?",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("apiVersion: runbook/v2\nkind: Runbook\n", "1:13 S200 `apiVersion` says which kind of file this is | write apiVersion: runbook/v1"),
        ("- a\n", "1:1 S203 the file holds no keys | begin with apiVersion:"),
        ("text\n", "1:1 S203 the file holds no keys | begin with apiVersion:"),
    ],
)  # fmt: skip
def test_another_kind_of_file(text: str, expected: str) -> None:
    document = load_document(text, "x.yaml")
    assert read_model(document, Runbook) is None
    first = document.findings[0]
    assert f"{first.line}:{first.column} {first.code} {first.message} | {first.hint}" == expected


def test_a_version_is_three_numbers() -> None:
    document = load_document(HEAD.replace("1.0.0", "3.2") + "phases: [{ id: a }]\n", "x.yaml")
    assert read_model(document, Runbook) is None
    assert [(item.code, item.hint) for item in document.findings] == [("S203", 'quote it: "3.2"')]


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("metadata: { name: x, version: one, owner: me }", "S204", "'one' is no version"),
        ("metadata: null", "S203", "`metadata` has no value"),
        ("metadata: x", "S203", "`metadata` is the text 'x', and a mapping of keys is needed"),
        ("applies_to: { severty: [SEV1] }", "S201", "`severty` is no key here"),
        ("review: { meeting: { within: { SEV1: 3 } } }", "S208", "3 has no unit"),
        ("inputs: { a: { enum: [[1]] } }", "S203", "entry 1 is a list, and something else is needed"),
        ("inputs: { a: { enum: [{ a: 1 }] } }", "S203", "entry 1 is a mapping of keys, and something else is needed"),
    ],
)
def test_mistakes_above_the_steps(line: str, code: str, message: str) -> None:
    key = line.partition(":")[0]
    kept = "".join(row + "\n" for row in HEAD.splitlines() if not row.startswith(f"{key}:"))
    document = load_document(f"{kept}{line}\nphases: [{{ id: a }}]\n", "x.yaml")
    assert read_model(document, Runbook) is None
    assert [(item.code, item.message) for item in document.findings] == [(code, message)]


def test_a_file_that_could_not_be_read_has_no_shape() -> None:
    document = load_document("a: [", "x.yaml")
    assert read_model(document, Runbook) is None
    assert [item.code for item in document.findings] == ["Y100"]


def test_other_kinds_of_files_are_read_the_same_way() -> None:
    text = "apiVersion: runbook/v1\nkind: Scenario\nmetadata: { name: x }\nrunbook: x\ntimeline:\n  - { at: T+1m, acc: page }\n"
    document = load_document(text, "x.yaml")
    assert read_model(document, Scenario) is None
    assert ("S201", 6, "did you mean ack?") in [(item.code, item.line, item.hint) for item in document.findings]


def test_unknown_keys_in_schedules_are_recognised_too() -> None:
    layer = '{ rotation: daily, handoff: "08:00", peple: [ana] }'
    text = f"apiVersion: catalog/v1\nkind: Catalog\nschedules: {{ a: {{ tz: UTC, layers: [{layer}] }} }}\n"
    document = load_document(text, "x.yaml")
    assert read_model(document, Catalog) is None
    assert [(item.code, item.hint) for item in document.findings] == [
        ("S202", "did you mean it by `peple`?"),
        ("S201", "did you mean people?"),
    ]


def test_an_unknown_key_where_no_model_is_known_is_still_said() -> None:
    assert _model_at(int, ()) is None
    assert _model_at(int | Runbook, ("nowhere", "x")) is None


def test_a_hostile_number_of_mistakes_is_cut() -> None:
    found = said("\n".join(f"- {{ id: A{number}, lgo: x }}" for number in range(200)))
    assert 1 <= len(found) <= 60
