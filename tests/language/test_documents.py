"""Reading YAML: what a value is, where it stands, and what is refused before it can do harm."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mayday.language.documents import DEEPEST, LARGEST, MOST_NODES, Document, load_document
from mayday.language.findings import CODES, Code


def load(text: str | bytes) -> Document:
    return load_document(text, "x.yaml")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("Off", "Off"),
        ("NO", "NO"),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("1:30", "1:30"),
        ("24x7", "24x7"),
        ("2026-03-02", "2026-03-02"),
        ("2026-03-02T02:10:00Z", "2026-03-02T02:10:00Z"),
        ("3.2.0", "3.2.0"),
        ("3.2", 3.2),
        ("-7", -7),
        ("+7", 7),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("'12'", "12"),
        ('"true"', "true"),
        ("C-2231", "C-2231"),
        ("15m", "15m"),
        ("a # remark", "a"),
        ("|\n  one\n  two\n", "one\ntwo\n"),
        (">\n  one\n  two\n", "one two\n"),
        ("[a, 1, true]", ["a", 1, True]),
    ],
)
def test_values_are_those_of_yaml_1_2(text: str, value: object) -> None:
    document = load(f"a: {text}")
    assert not document.findings
    assert document.data == {"a": value}
    assert type(document.data["a"]) is type(value)


def test_keys_are_texts() -> None:
    assert load("{ 1: a, yes: b, null: c, 0x1: d, '': e }").data == {
        "1": "a",
        "yes": "b",
        "null": "c",
        "0x1": "d",
        "": "e",
    }


def test_every_key_and_value_keeps_its_place() -> None:
    document = load('steps:\n  - id: one\n    with: { a: 1, b: "two" }\n  - text: |\n\n      first\n      second\n')
    places = {path: (mark.key_line, mark.key_column, mark.line, mark.column) for path, mark in document.marks.items()}
    assert places == {
        (): (1, 1, 1, 1),
        ("steps",): (1, 1, 2, 3),
        ("steps", 0): (2, 5, 2, 5),
        ("steps", 0, "id"): (2, 5, 2, 9),
        ("steps", 0, "with"): (3, 5, 3, 11),
        ("steps", 0, "with", "a"): (3, 13, 3, 16),
        ("steps", 0, "with", "b"): (3, 19, 3, 22),
        ("steps", 1): (4, 5, 4, 5),
        ("steps", 1, "text"): (4, 5, 4, 11),
    }


def test_a_place_inside_a_text_is_found_in_the_file() -> None:
    document = load("a: plain\nb: 'quoted'\nc: |\n    first\n    second\nd: >\n  folded\n  text\n")
    marks = document.marks
    assert marks[("a",)].within(1, 3) == (1, 6)
    assert marks[("b",)].within(1, 3) == (2, 7)
    assert marks[("c",)].within(2, 3) == (5, 7)
    assert marks[("d",)].within(1, 3) == (7, 3)
    assert marks[("a",)].within(2, 5) == (1, 4)


def test_a_path_without_a_mark_takes_that_of_its_parent() -> None:
    document = load("a:\n  b: 1\n")
    assert document.mark(("a", "b", "missing", 3)) == document.marks[("a", "b")]
    assert Document("x").mark(("a",)).line == 1


@pytest.mark.parametrize("code", [code for code in CODES.values() if code.frame == "text"], ids=lambda code: code.code)
def test_every_example_of_level_1(code: Code) -> None:
    wrong = load(code.wrong.encode("utf-8", "surrogateescape"))
    assert {finding.code for finding in wrong.findings} == {code.code}
    assert all(finding.level == code.level and finding.hint for finding in wrong.findings)
    assert (wrong.data is None) == (code.level == "error")
    right = load(code.right)
    assert not right.findings
    assert right.data is not None


@pytest.mark.parametrize(
    ("text", "code", "place", "hint"),
    [
        ("a:\n  b: 1\n  b: 2\n  b: 3", "Y110", (3, 3), "delete one"),
        ("when: {{ x }} > 1", "Y120", (1, 8), "quote the whole text"),
        ("with: { a: {{ inputs.x }} }", "Y120", (1, 13), 'quote it: "{{ inputs.x }}"'),
        ("with: { m: join {{ b.url }} }", "Y120", (1, 17), "quote the whole text"),
        ("a: { b: #inc\n }", "Y121", (1, 6), '"#inc"'),
        ("a: @here", "Y100", (1, 4), "begins with @"),
        ("text: 'a' == b", "Y100", (1, 11), "quote the whole text"),
        ("a: *", "Y100", (1, 5), "begins with"),
        ("a: [1, 2", "Y100", (2, 1), "close the bracket"),
        ("a: 'open", "Y100", (1, 9), "never closed"),
        ("a: 1\n b: 2", "Y100", (2, 3), "indented too far"),
        ("- a\nb: 1", "Y100", (2, 1), "same column"),
        ("%YAML 1.1\n---\na: 1", "Y112", (1, 1), "delete it"),
        ("a: { ? : 1 }", "Y114", (1, 8), "before the colon"),
        ("&a b: 1", "Y111", (1, 1), "begins with &"),
        ("*a : 1", "Y111", (1, 1), "begins with *"),
        ("!x a: 1", "Y112", (1, 1), "begins with !"),
        ("a: .inf", "Y124", (1, 4), "quote it"),
        ("a: 1e999", "Y124", (1, 4), "quote it"),
        ("a: b\u202ec", "Y102", (1, 5), "delete it"),
        ("a: b\u2028c: d", "Y102", (1, 5), "delete it"),
        ("a: \ud800", "Y102", (1, 4), "delete it"),
    ],
)
def test_traps_have_a_place_and_a_cure(text: str, code: str, place: tuple[int, int], hint: str) -> None:
    finding = load(text).findings[0]
    assert (finding.code, finding.line, finding.column) == (code, *place), str(finding)
    assert hint in finding.hint


def test_a_remark_after_a_key_is_no_trap() -> None:
    assert load("a: # what follows\n  b: 1\nc: # nothing yet\nd: [ #x\n 1]\n").data == {
        "a": {"b": 1},
        "c": None,
        "d": [1],
    }


def test_several_findings_are_reported_at_once() -> None:
    document = load("a: &x 1\nb: *x\nb: !t 2\n")
    assert [(finding.line, finding.code) for finding in document.findings] == [
        (1, "Y111"),
        (2, "Y111"),
        (3, "Y110"),
        (3, "Y112"),
    ]
    assert document.data is None


def test_line_ends_of_other_systems_and_a_byte_order_mark_are_read() -> None:
    document = load(b"\xef\xbb\xbfa: 1\r\nb: 2\rc: 3\n")
    assert document.data == {"a": 1, "b": 2, "c": 3}
    assert document.marks[("c",)].line == 3


HOSTILE = {
    "deep lists": "[" * (LARGEST - 1),
    "deep mappings": "{a: " * 60_000,
    "deep blocks": "".join(" " * level + "-\n" for level in range(700)),
    "dashes": "- " * 130_000,
    "a bomb of aliases": "a: &a [x, x]\n" + "".join(f"b{i}: &b{i} [*a, *a, *a]\n" for i in range(2000)),
    "many keys": "".join(f"k{i}: 1\n" for i in range(MOST_NODES + 5)),
    "the same key": "a: 1\n" * 40_000,
    "one long key": "a" * 200_000 + ": 1",
    "question marks": "? " * 130_000,
    "colons": ": " * 130_000,
    "exclamation marks": "!" * 260_000,
    "flow words": "{" + "a b c " * 40_000,
    "digits": "a: " + "9" * 200_000,
    "quotes": '"' * 200_000,
    "spaces": " " * 262_000,
    "too large": "a: " + "x" * LARGEST,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_are_refused_in_under_a_second_with_a_short_message(text: str) -> None:
    started = time.process_time()
    document = load(text)
    assert time.process_time() - started < 1
    assert document.data is None
    assert document.findings
    assert len(document.findings) <= 60
    assert all(len(str(finding)) < 300 for finding in document.findings)


def test_as_deep_as_allowed_is_allowed() -> None:
    assert load("[" * DEEPEST + "1" + "]" * DEEPEST).data is not None


@settings(max_examples=300)
@given(
    st.one_of(
        st.text(max_size=200),
        st.binary(max_size=200),
        st.lists(
            st.sampled_from([*"ab:,[]{}#&*!|>'\"%@`?-\n\t \r<", "  ", ": ", "- ", "<<", "---\n"]), max_size=60
        ).map("".join),
    )
)
def test_any_file_is_data_or_findings(text: str | bytes) -> None:
    document = load(text)
    assert (document.data is not None) or document.findings
    assert all(finding.line >= 1 and finding.column >= 1 for finding in document.findings)
