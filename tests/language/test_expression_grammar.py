"""The grammar of conditions and texts: what is left out, what cannot be read, and what is read from them."""

from __future__ import annotations

import inspect
import sys

import pytest

from mayday.language.expressions import SyntaxRefused, parse_expression
from mayday.language.grammar import parse_condition


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("{{ inputs.ready }}", "leave out the {{ }}"),
        ("inputs.count = 5", "compare with =="),
        ("inputs.ready && true", "write and"),
        ("inputs.ready || true", "write or"),
        ("inputs.count * 3", "compute it in a step"),
        ("inputs.count / 3", "compute it in a step"),
        ("inputs.count % 3", "join texts with ~"),
        ("range(9)", "filters follow a |"),
        ("inputs.region.upper()", "filters follow a |"),
        ("{'a': 1}", "without { }"),
        ("('a', 'b')", "write [a, b]"),
        ("incident.responders[1:2]", "| first"),
        ("inputs.count is number", "only `is defined` and `is none`"),
        ("inputs.count is undefined", "`is not defined`"),
        ("inputs.region is defined('x')", "brackets"),
        ("inputs.region | defualt('x')", "did you mean default?"),
        ("inputs.region | shuffle", "the filters are"),
        ("inputs.region == none", "`is none`"),
        ("ratio > 0.5", "smaller unit"),
        ("'x' if inputs.ready", "write a if condition else b"),
    ],
)
def test_what_is_left_out_is_refused_with_a_hint(text: str, hint: str) -> None:
    with pytest.raises(SyntaxRefused) as caught:
        parse_expression(text)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "inputs.",
        "a b",
        "(",
        "'open",
        "@",
        "+1",
        "inputs.region | default",
        "inputs.region | default('a', true)",
        "inputs.region | default(value='a')",
        "inputs.region | join(*a)",
        "9" * 19,
        "(" * 200 + "1" + ")" * 200,
        "not " * 500 + "true",
        "-" * 500 + "1",
        "a" + ".a" * 1000,
        "1 if true else " * 300 + "2",
        "x" * 5000,
        "'\\N{NO SUCH}'",
    ],
)
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(SyntaxRefused) as caught:
        parse_expression(text)
    assert caught.value.code == "T401"
    assert caught.value.column >= 1


def test_a_parser_that_runs_out_of_stack_refuses_too() -> None:
    def deep(levels: int) -> None:
        if levels:
            deep(levels - 1)
        else:
            parse_condition("1 in [1, [2, [3, [4]]]] and 5 < 6")

    refused = []
    for spare in range(10, 90):  # how many frames are left to the parser
        try:
            deep(sys.getrecursionlimit() - len(inspect.stack()) - spare)
        except SyntaxRefused as error:
            refused.append(error.message)
        except RecursionError:
            continue
    assert set(refused) == {"nested too deeply"}


def test_names_are_dotted_and_in_order() -> None:
    expression = parse_expression(
        "steps.confirm.result.stable and inputs['count'] > 1 and incident.responders[0] == 'x'"
        " and (incident.customers_affected | default(vars.guess)) > 2 and steps.confirm.result.stable"
    )
    assert expression.names() == (
        "steps.confirm.result.stable",
        "inputs.count",
        "incident.responders",
        "incident.customers_affected",
        "vars.guess",
    )
