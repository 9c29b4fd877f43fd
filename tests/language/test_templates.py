"""Texts with values in them: messages, and the `with` of an action."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from mayday.domain.durations import Duration
from mayday.domain.ranks import Severity
from mayday.language.expressions import (
    UNSET,
    BudgetExceeded,
    ExpressionError,
    SyntaxRefused,
    TypeMismatch,
    UnknownName,
    UnsetValue,
    is_template,
    parse_template,
    render_value,
)

SCOPE: dict[str, object] = {
    "incident": {
        "title": "Cards <fail>",
        "severity": Severity.SEV1,
        "customers_affected": None,
        "people": ["ana", "lee"],
    },
    "inputs": {"count": 3, "ready": True, "name": "{{ incident.title }}", "empty": []},
    "bridge": {"url": "https://meet.example/1"},
    "at": datetime(2026, 3, 2, 3, 10, tzinfo=UTC),
    "took": timedelta(minutes=90),
    "due": Duration.parse("15m"),
}


def render(text: str) -> str:
    return parse_template(text).render(SCOPE)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("SEV1 payments, join {{ bridge.url }}", "SEV1 payments, join https://meet.example/1"),
        ("no value", "no value"),
        ("", ""),
        ("{{ incident.severity }} {{ inputs.count }} {{ inputs.ready }}", "SEV1 3 true"),
        ("{{ at }}, {{ took }}, {{ due }}", "2026-03-02 03:10 UTC, 1 hour 30 minutes, 15 minutes"),
        ("{{ incident.people }}", "ana, lee"),
        ("{% if inputs.ready %}yes{% else %}no{% endif %}", "yes"),
        ("{% if inputs.count == 1 %}one{% elif inputs.count == 3 %}three{% endif %}", "three"),
        ("{% if not inputs.ready %}x{% elif inputs.count == 1 %}y{% else %}z{% endif %}", "z"),
        (
            "{% for p in incident.people %}{{ loop.index }}. {{ p }}{% if not loop.last %}; {% endif %}{% endfor %}",
            "1. ana; 2. lee",
        ),
        ("{% for p in inputs.empty %}{{ p }}{% else %}nobody{% endfor %}", "nobody"),
        (
            "{% for p in incident.people %}{% for q in incident.people %}{{ p }}{{ q }} {% endfor %}{% endfor %}",
            "anaana analee leeana leelee ",
        ),
        ("a{# a remark #}b", "ab"),
        ("{% raw %}{{ kept }}{% endraw %}", "{{ kept }}"),
        ("a {{- ' b' }}", "a b"),
    ],
)
def test_rendering(text: str, result: str) -> None:
    assert render(text) == result


def test_tags_on_their_own_line_leave_no_line_behind() -> None:
    text = "Now:\n  {% if inputs.ready %}\nready\n  {% endif %}\ndone\n"
    assert render(text) == "Now:\nready\ndone\n"


def test_a_value_is_never_read_as_a_template_again() -> None:
    assert render("{{ inputs.name }}") == "{{ incident.title }}"
    assert render_value({"a": "{{ inputs.name }}"}, SCOPE) == {"a": "{{ incident.title }}"}


def test_text_is_escaped_where_it_is_sent_and_not_here() -> None:
    assert render("{{ incident.title }}") == "Cards <fail>"


def test_a_missing_value_refuses_the_text() -> None:
    with pytest.raises(UnsetValue) as unset:
        render("Hello,\n{{ incident.customers_affected }} customers")
    assert unset.value.name == "incident.customers_affected"
    assert (unset.value.line, unset.value.column) == (2, 4)
    with pytest.raises(UnknownName):
        render("{{ incident.titel }}")
    with pytest.raises(TypeMismatch):
        render("{{ incident }}")
    assert render("{{ incident.customers_affected | default('an unknown number of') }}") == "an unknown number of"


def test_a_loop_name_ends_with_its_loop() -> None:
    with pytest.raises(UnknownName):
        render("{% for p in incident.people %}{% endfor %}{{ p }}")
    assert parse_template("{% for p in incident.people %}{{ p }}{{ at }}{% endfor %}").names() == (
        "incident.people",
        "at",
    )


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{{ inputs.count }}", 3),
        ("{{ inputs.ready }}", True),
        ("{{ incident.people }}", ["ana", "lee"]),
        ("{{ incident.severity }}", "SEV1"),
        ("{{ at }}", "2026-03-02T03:10:00.000Z"),
        ("{{ took }}", "1h30m"),
        ("{{ due }}", "15m"),
        ("{{ inputs.count }} x", "3 x"),
        (" {{ inputs.count }}", " 3"),
        ("{{ inputs }}", {"count": 3, "ready": True, "name": "{{ incident.title }}", "empty": []}),
        ("plain", "plain"),
        (7, 7),
        (None, None),
        ({"a": ["{{ inputs.count }}", {"b": "{{ inputs.ready }}"}]}, {"a": [3, {"b": True}]}),
    ],
)
def test_a_with_keeps_the_type_of_a_single_value(text: object, result: object) -> None:
    found = render_value(text, SCOPE)
    assert found == result
    assert type(found) is type(result)


def test_fractions_do_not_enter_a_with() -> None:
    assert render_value("{{ x }}", {"x": 4.0}) == 4
    with pytest.raises(TypeMismatch, match="no whole number"):
        render_value("{{ x }}", {"x": 0.5})


class Fields(BaseModel):
    when: datetime
    words: list[str] = []


def test_a_model_is_handed_over_as_json() -> None:
    found = render_value("{{ x }}", {"x": Fields(when=datetime(2026, 3, 2, tzinfo=UTC))})
    assert found == {"when": "2026-03-02T00:00:00Z", "words": []}


def test_what_is_no_data_is_not_handed_over() -> None:
    with pytest.raises(TypeMismatch, match="an unknown value cannot be handed over"):
        render_value("{{ x }}", {"x": object()})
    assert repr(UNSET) == "UNSET"


def test_unset_fields_of_a_group_are_null() -> None:
    assert render_value("{{ x }}", {"x": {"a": UNSET, "b": None}}) == {"a": None, "b": None}


@pytest.mark.parametrize(
    "text",
    [
        "{% set x = 1 %}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% from 'x' import y %}",
        "{% extends 'x' %}",
        "{% macro m() %}{% endmacro %}",
        "{% call x() %}{% endcall %}",
        "{% block b %}{% endblock %}",
        "{% filter upper %}x{% endfilter %}",
        "{% with a = 1 %}{% endwith %}",
        "{% set x %}a{% endset %}",
        "{% for a, b in x %}{% endfor %}",
        "{% for a in x if a %}{% endfor %}",
        "{% for a in x recursive %}{% endfor %}",
        "{% do x %}",
        "{{ lipsum() }}",
        "{{ x",
        "{{ }}",
        "{% if x %}",
        "{% endif %}",
        "{% if x %}" * 20 + "{% endif %}" * 20,
        "{{ " + "(" * 100 + " }}",
        "x" * 70_000,
    ],
)
def test_what_is_left_out_is_refused(text: str) -> None:
    with pytest.raises(SyntaxRefused) as caught:
        parse_template(text)
    assert "jinja" not in caught.value.message.lower()


def test_the_place_in_a_long_text() -> None:
    with pytest.raises(SyntaxRefused) as caught:
        parse_template("One\r\ntwo {% if inputs.ready -%}\n\n  three\n{% endif %}\n  {{ a(1) }}")
    assert (caught.value.line, caught.value.column) == (6, 7)


def test_output_and_loops_are_limited() -> None:
    scope = {"many": list(range(1000)), "long": "x" * 1000, "more": list(range(1001))}
    for text in (
        "{% for a in many %}{{ long }}{% endfor %}",
        "{% for a in many %}{% for b in many %}{% if a == b %}{% endif %}{% endfor %}{% endfor %}",
        "{% for a in more %}{% endfor %}",
    ):
        with pytest.raises(BudgetExceeded):
            parse_template(text).render(scope)
    with pytest.raises(TypeMismatch, match="a loop goes through a list"):
        parse_template("{% for a in long %}{% endfor %}").render(scope)


def test_a_text_without_braces_is_not_parsed() -> None:
    assert not is_template("plain { text }")
    assert all(map(is_template, ("{{ a }}", "{% if a %}", "{# a #}")))


_PIECES = st.sampled_from(
    ["{{", "}}", "{%", "%}", "{#", "#}", "-", " ", "\n", "if", "endif", "for", "in", "endfor", "else", "elif", "raw",
     "endraw", "x", "inputs.count", "incident", "'a'", "|", "upper", "(", ")", "set", "=", "block", "\r\n", "é"]
)  # fmt: skip


@settings(max_examples=300)
@given(st.one_of(st.lists(_PIECES, max_size=30).map("".join), st.lists(_PIECES, max_size=30).map(" ".join)))
def test_any_text_renders_or_gives_a_typed_error(text: str) -> None:
    try:
        render_value(text, SCOPE)
        render(text)
        refused = None
    except ExpressionError as error:
        refused = error
    assert refused is None or (refused.message and refused.line >= 1 and refused.column >= 1)
