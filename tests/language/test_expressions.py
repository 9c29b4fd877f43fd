"""Conditions: what they mean, what they refuse, and where they say it went wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from mayday.domain.durations import Duration
from mayday.domain.ranks import Severity, Status
from mayday.language.expressions import (
    UNSET,
    BudgetExceeded,
    ExpressionError,
    TypeMismatch,
    UnknownName,
    UnsetValue,
    evaluate_condition,
    parse_expression,
)
from mayday.language.filters import FILTERS, LONGEST_LIST

OPENED = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)


class Bridge(BaseModel):
    url: str = "https://meet.example/1"
    phone: str | None = None


SCOPE: dict[str, object] = {
    "incident": {
        "title": "Payments down",
        "status": Status.MITIGATED,
        "severity": Severity.SEV2,
        "customers_affected": None,
        "cause": UNSET,
        "opened_at": OPENED,
        "responders": ["ana", "lee", "sam"],
    },
    "inputs": {"region": "eu", "count": 5, "ready": True, "number_in_text": "7", "none_yet": []},
    "steps": {"confirm": {"status": "done", "result": {"stable": True, "restored_at": "2026-03-02T06:20:00Z"}}},
    "bridge": Bridge(),
    "now": OPENED + timedelta(hours=2),
    "limit": Duration.parse("1h30m"),
    "ratio": 0.25,
    "days": Duration.parse("5 business days"),
    "thing": object(),
    "blanks": ["a", None],
    "special": type("Special", (str,), {})("text"),
}


def value(text: str) -> object:
    return parse_expression(text).evaluate(SCOPE)


@pytest.mark.parametrize(
    "text",
    [
        'incident.status >= "mitigated"',
        '"resolved" > incident.status',
        'incident.severity >= "SEV3"',
        'incident.severity < "SEV1"',
        'incident.severity == "SEV2"',
        'incident.severity in ["SEV1", "SEV2"]',
        'incident.severity != "SEV1"',
        "inputs.ready and inputs.count > 4",
        "not (inputs.count > 9 or inputs.count < 2)",
        "1 < inputs.count <= 5",
        "inputs.count + 2 - 1 == 6",
        "-inputs.count == -5",
        "inputs.region ~ inputs.count == 'eu5'",
        "'ana' in incident.responders and 'dana' not in incident.responders",
        "'down' in incident.title",
        "'region' in inputs",
        "incident.responders[0] == 'ana' and incident.responders[-1] == 'sam'",
        "inputs['region'] == 'eu'",
        "steps.confirm.result.stable",
        "steps.confirm.result.restored_at > incident.opened_at",
        "now - incident.opened_at > limit",
        "(now - incident.opened_at) | minutes >= 120",
        "incident.opened_at + limit < now",
        "now - limit > incident.opened_at",
        "limit - limit < limit and limit + limit > limit",
        "ratio ~ '' == '0.25'",
        "7 | int == 7",
        "special ~ '' == 'text'",
        "  inputs.ready",
        "inputs.none_yet | last | default('x') == 'x'",
        "ratio < 1 and ratio > 0",
        "[1, 2] + [3] == [1, 2, 3]",
        "bridge.url == 'https://meet.example/1'",
        "(1 if inputs.ready else 2) == 1",
        "incident.customers_affected is none and incident.cause is none",
        "incident.customers_affected is not defined and incident.cause is not defined",
        "incident.title is defined and incident.nothing is not defined and nowhere is not defined",
        "(incident.customers_affected | default(0)) == 0",
        "incident.customers_affected.total | default(3) == 3",
        "inputs.none_yet | first | default('x') == 'x'",
        "inputs.number_in_text | int + 1 == 8",
        "incident.responders | length == 3",
    ],
)
def test_it_holds(text: str) -> None:
    assert evaluate_condition(text, SCOPE) is True


@pytest.mark.parametrize(
    "text",
    [
        '"1" == 1',
        "1 == true",
        "'5' == inputs.count",
        "[1] == ['1']",
        "incident.responders == 'ana'",
        "incident.severity == 2",
        "incident.opened_at == now",
        "limit == 90",
        "limit == now - incident.opened_at",
        "incident.severity == incident.status",
        "inputs.count in ['5']",
        "inputs.ready and false",
        "false and incident.customers_affected > 1",
        "3 < inputs.count < 4",
    ],
)
def test_it_does_not_hold(text: str) -> None:
    assert evaluate_condition(text, SCOPE) is False


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('"a" < 1', "a text and a number have no order"),
        ('"a" < "b"', "two texts have no order"),
        ("true < 2", "a yes or no and a number have no order"),
        ("incident.severity > 2", "a severity has no order with 2"),
        ("incident.severity >= 'SEV9'", "'SEV9' is no severity"),
        ("'SEV9' == incident.severity", "'SEV9' is no severity"),
        ("incident.severity > incident.status", "a severity has no order with a status"),
        ("incident.opened_at > 'yesterday'", "'yesterday' is no moment"),
        ("incident.opened_at > '2026-03-02T02:00:00'", "a moment without time zone"),
        ("'a' + 'b'", "cannot be added"),
        ("'1' + 1", "a text and a number cannot be added"),
        ("true + 1", "a yes or no and a number cannot be added"),
        ("'a' - 1", "cannot be taken from a text"),
        ("inputs.count and true", "a condition is a yes or no, this is a number"),
        ("not inputs.region", "a condition is a yes or no, this is a text"),
        ("1 if inputs.region else 2", "a condition is a yes or no"),
        ("incident.title.upper", "a text has no fields"),
        ("incident.responders['a']", "a list is indexed with a number"),
        ("incident.responders[true]", "a list is indexed with a number"),
        ("inputs[0]", "cannot be indexed with a number"),
        ("1 in 'a'", "a number cannot be in a text"),
        ("inputs ~ 'x'", "a group of fields cannot stand in a text"),
        ("'x' | int", "'x' is no whole number"),
        ("inputs.count | upper", "upper needs a text"),
        ("inputs.region | join", "join needs a list"),
        ("inputs.region | minutes", "is not a duration"),
        ("[2, 'a'] | sort", "have no order"),
        ("'a' | replace('', 'b')", "replace needs a text to look for"),
        ("'abcdef' | truncate(2)", "truncate needs a length of 3 or more"),
        ("blanks | join", "nothing cannot stand in a text"),
        ("incident.severity + 1", "a severity and a number cannot be added"),
        ("5 | length", "length needs a text or a list"),
        ("5 | date", "date needs a moment"),
        ("5 | minutes", "minutes needs a length of time"),
        ("days | minutes", "minutes needs a length of time"),
        ("days > limit", "5 business days have no fixed length"),
        ("thing == 'x' or thing > 1", "an unknown value and a number have no order"),
        ("incident.opened_at > inputs.region", "'eu' is no moment"),
        ("incident.opened_at - 5", "a number cannot be taken from a moment"),
        ("5 - incident.opened_at", "a moment cannot be taken from a number"),
    ],
)
def test_values_that_do_not_go_together(text: str, message: str) -> None:
    with pytest.raises(TypeMismatch) as caught:
        value(text)
    assert message in caught.value.message
    assert caught.value.code == "T404"
    assert caught.value.text == text


@pytest.mark.parametrize("text", ["inputs.count", "inputs.region", "incident.responders", "bridge"])
def test_a_condition_is_true_or_false_and_nothing_else(text: str) -> None:
    with pytest.raises(TypeMismatch, match="a condition is a yes or no"):
        evaluate_condition(text, SCOPE)


def test_a_fact_nobody_has_set_names_itself_so_that_somebody_can_be_asked() -> None:
    with pytest.raises(UnsetValue) as caught:
        evaluate_condition("inputs.ready and incident.customers_affected > 1000", SCOPE)
    assert caught.value.name == "incident.customers_affected"
    assert (caught.value.line, caught.value.column) == (1, 18)
    for text in ("incident.cause == 'x'", "not incident.cause", "incident.cause", "incident.cause.detail == 1"):
        with pytest.raises(UnsetValue) as caught:
            evaluate_condition(text, SCOPE)
        assert caught.value.name == "incident.cause"


@pytest.mark.parametrize(
    ("text", "name", "meant"),
    [
        ("incidnt.title == 'x'", "incidnt", "incident"),
        ("incident.titel == 'x'", "incident.titel", "incident.title"),
        ("bridge.ulr == 'x'", "bridge.ulr", "bridge.url"),
        ("zzz > 1", "zzz", None),
        ("incident.responders[9] == 'x'", "incident.responders[9]", None),
    ],
)
def test_an_unknown_name_says_what_was_meant(text: str, name: str, meant: str | None) -> None:
    with pytest.raises(UnknownName) as caught:
        value(text)
    assert (caught.value.name, caught.value.did_you_mean) == (name, meant)
    assert meant is None or meant in str(caught.value)


def test_the_place_of_an_error_is_line_and_column_of_the_text() -> None:
    with pytest.raises(UnknownName) as caught:
        value("inputs.ready and\n  incident.titel == 'x'")
    assert (caught.value.line, caught.value.column, caught.value.offset) == (2, 3, 19)


def test_nothing_but_declared_fields_can_be_reached() -> None:
    for text in ("bridge.model_dump", "bridge.__class__", "inputs.items", "incident.responders.append", "now.year"):
        with pytest.raises((UnknownName, TypeMismatch)):
            value(text)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("'abc' | upper", "ABC"),
        ("'ABC' | lower", "abc"),
        ("'a b' | title", "A B"),
        ("'a B' | capitalize", "A b"),
        ("' a ' | trim", "a"),
        ("'aXbX' | replace('X', '-')", "a-b-"),
        ("'abcdefgh' | truncate(6)", "abc..."),
        ("'abcdefgh' | truncate(6, '~')", "abcde~"),
        ("'abc' | truncate(6)", "abc"),
        ("5 | string", "5"),
        ("ratio | int", 0),
        ("' -12 ' | int", -12),
        ("'abc' | length", 3),
        ("incident.responders | join", "ana, lee, sam"),
        ("incident.responders | join(' and ')", "ana and lee and sam"),
        ("incident.responders | last", "sam"),
        ("['b', 'a'] | sort", ["a", "b"]),
        ("[3, 1, 2] | sort | first", 1),
        ("['b', 'a', 'b'] | unique", ["b", "a"]),
        ("now | date", "2026-03-02"),
        ("steps.confirm.result.restored_at | time", "06:20 UTC"),
        ("limit | minutes", 90),
        ("'3h' | hours", 3),
        ("(now - incident.opened_at) | duration", "2 hours"),
        ("5400 | duration", "1 hour 30 minutes"),
        ("(incident.opened_at - now) | duration", "minus 2 hours"),
        ("0 | duration", "0 seconds"),
        ("inputs.region | default('x')", "eu"),
    ],
)
def test_filters(text: str, result: object) -> None:
    assert value(text) == result


def test_every_filter_is_tried_above() -> None:
    parameters = next(mark for mark in test_filters.pytestmark if mark.name == "parametrize").args[1]  # type: ignore[attr-defined]
    assert set(FILTERS) == {part.split("(")[0].strip() for text, _ in parameters for part in text.split("|")[1:]}


@pytest.mark.parametrize(
    "text",
    [
        "x | replace('a', x)",
        "[x, x] | join(x)",
        "x ~ x",
        "many | unique | length",
        "many | sort | length",
        "1 in many",
        "many ~ ''",
    ],
)
def test_output_and_lists_have_a_limit(text: str) -> None:
    scope = {"x": "a" * 40_000, "many": list(range(LONGEST_LIST + 1))}
    with pytest.raises(BudgetExceeded) as caught:
        parse_expression(text).evaluate(scope)
    assert caught.value.code == "T405"


def test_a_number_too_long_to_print_is_refused() -> None:
    with pytest.raises(TypeMismatch, match="18 digits"):
        parse_expression("x ~ ''").evaluate({"x": 10**5000})


def test_a_word_of_the_grammar_alone_is_a_name_that_nobody_has() -> None:
    with pytest.raises(UnknownName, match="if is not known"):
        value(" if")


def test_an_expression_is_parsed_once() -> None:
    assert parse_expression("inputs.ready") is parse_expression("inputs.ready")


_WORDS = """and or not in is if else for == != < <= > >= + - * / ~ | . , : ( ) [ ] { } {{ }} {% %} {# #} 'a' 1 0 true
none incident inputs steps title status defined default upper join first loop x"""
_TOKENS = st.sampled_from(_WORDS.split())


@settings(max_examples=300)
@given(st.one_of(st.lists(_TOKENS, max_size=25).map(" ".join), st.text(max_size=60)))
@example("a is defined if b else c")
def test_any_text_gives_a_value_or_a_typed_error(text: str) -> None:
    try:
        evaluate_condition(text, SCOPE)
        refused = None
    except ExpressionError as error:
        refused = error
    assert refused is None or (refused.message and refused.line >= 1 and refused.column >= 1)
