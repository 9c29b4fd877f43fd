"""Durations: what a runbook may write, what it may not, and what the refusal says."""

from __future__ import annotations

import copy
import pickle
import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from mayday.domain.durations import Duration, DurationError, parse_offset

TEN_YEARS = 3660 * 86_400


class Escalation(BaseModel):
    ack_within: Duration


durations = st.one_of(
    st.integers(1, TEN_YEARS).map(lambda n: Duration(seconds=n)),
    st.integers(1, 3660).map(lambda n: Duration(business_days=n)),
)


@pytest.mark.parametrize(
    ("text", "seconds", "canonical"),
    [
        ("90s", 90, "1m30s"),
        ("15m", 900, "15m"),
        ("60m", 3600, "1h"),
        ("1h30m", 5400, "1h30m"),
        ("1h90m", 9000, "2h30m"),
        ("7d", 604_800, "1w"),
        ("4w", 2_419_200, "4w"),
        ("8d", 691_200, "8d"),
        ("1w1d", 691_200, "8d"),
        ("05m", 300, "5m"),
        ("0h5m", 300, "5m"),
        ("3 days", 259_200, "3d"),
        ("1 day", 86_400, "1d"),
    ],
)
def test_what_the_language_allows_is_read_and_written_back(text: str, seconds: int, canonical: str) -> None:
    duration = Duration.parse(text)
    assert duration.seconds == seconds
    assert duration.as_timedelta() == timedelta(seconds=seconds)
    assert str(duration) == canonical
    assert not duration.is_business


@pytest.mark.parametrize(("text", "days"), [("5 business days", 5), ("1 business day", 1)])
def test_business_days_have_no_length_without_a_calendar(text: str, days: int) -> None:
    duration = Duration.parse(text)
    assert duration.business_days == days
    assert str(duration) == duration.in_words() == text
    with pytest.raises(ValueError, match="calendar"):
        duration.as_timedelta()
    with pytest.raises(ValueError, match="calendar"):
        _ = duration.seconds


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("15 min", "did you mean 15m?"),
        ("15 minutes", "did you mean 15m?"),
        ("15min", "did you mean 15m?"),
        ("15M", "did you mean 15m?"),
        (" 15m", "did you mean 15m?"),
        ("1 hour and 30 minutes", "did you mean 1h30m?"),
        ("1h, 30m", "did you mean 1h30m?"),
        ("1.5h", "did you mean 1h30m?"),
        ("30m1h", "did you mean 1h30m?"),
        ("5m5m", "did you mean 10m?"),
        ("PT15M", "did you mean 15m?"),
        ("2 weeks", "did you mean 2w?"),
        ("5 working days", "did you mean 5 business days?"),
        ("5bd", "did you mean 5 business days?"),
        ("90", "90s or 90m"),
        ("2 months", "a number with its unit"),
        ("soon", "a number with its unit"),
        ("-5m", "a number with its unit"),
        ("", "a number with its unit"),
        ("0 min", "a number with its unit"),
        ("٥m", "a number with its unit"),
        ("15m\n", "did you mean 15m?"),
    ],
)
def test_what_it_does_not_allow_is_refused_with_what_to_write(text: str, hint: str) -> None:
    with pytest.raises(DurationError) as refusal:
        Duration.parse(text)
    assert hint in refusal.value.hint
    assert refusal.value.hint in str(refusal.value)


@pytest.mark.parametrize("text", ["0s", "0h0m", "0 days", "0 business days"])
def test_zero_is_no_duration(text: str) -> None:
    with pytest.raises(DurationError, match="longer than zero"):
        Duration.parse(text)


@pytest.mark.parametrize("text", ["600w", "99999999999s", "99999999999 days", "4000 business days"])
def test_ten_years_is_enough(text: str) -> None:
    with pytest.raises(DurationError, match="ten years"):
        Duration.parse(text)


def test_built_by_hand_it_is_one_kind_only() -> None:
    for wrong in ({}, {"seconds": 5, "business_days": 1}, {"seconds": -5}, {"seconds": 5, "business_days": -1}):
        with pytest.raises(ValueError, match="longer than zero"):
            Duration(**wrong)


@pytest.mark.parametrize("number", [90, 1.5, -5, 0])
def test_a_bare_number_is_refused_in_a_runbook(number: float) -> None:
    with pytest.raises(ValidationError, match="no unit"):
        Escalation.model_validate({"ack_within": number})


@pytest.mark.parametrize("value", [True, None, ["15m"], {"m": 15}])
def test_other_types_are_refused_in_a_runbook(value: object) -> None:
    with pytest.raises(ValidationError, match="a duration is a text"):
        Escalation.model_validate({"ack_within": value})


def test_the_checker_finds_the_hint_by_type() -> None:
    with pytest.raises(ValidationError) as refusal:
        Escalation.model_validate({"ack_within": "15 min"})
    error = refusal.value.errors()[0]["ctx"]["error"]
    assert isinstance(error, DurationError)
    assert error.hint == "did you mean 15m?"


def test_models_write_the_canonical_text() -> None:
    escalation = Escalation.model_validate({"ack_within": "90s"})
    assert escalation.model_dump() == {"ack_within": "1m30s"}
    assert escalation.model_dump_json() == '{"ack_within":"1m30s"}'
    assert Escalation(ack_within=Duration(seconds=90)) == escalation
    assert Escalation.model_validate_json('{"ack_within":"90s"}') == escalation


def test_editors_get_pattern_and_explanation() -> None:
    schema = Escalation.model_json_schema()["properties"]["ack_within"]
    assert schema["type"] == "string"
    assert "business days" in schema["description"]
    for text in ["90s", "1h30m", "3 days", "1 day", "5 business days"]:
        assert re.search(schema["pattern"], text)
    for text in ["", "15 min", "1.5h", "90", "30m1h"]:
        assert not re.search(schema["pattern"], text)


def test_words_for_people() -> None:
    assert repr(Duration.parse("15m")) == "Duration('15m')"
    assert Duration.parse("1h30m").in_words() == "1 hour 30 minutes"
    assert Duration.parse("7d").in_words() == "1 week"


def test_durations_of_one_kind_compare() -> None:
    assert Duration.parse("15m") < Duration.parse("1h") <= Duration.parse("60m")
    assert Duration.parse("5 business days") > Duration.parse("1 business day")
    assert Duration.parse("5 business days") >= Duration.parse("5 business days")
    assert Duration.parse("3 days") == Duration.parse("72h")
    assert Duration.parse("1 day") != Duration.parse("1 business day")
    with pytest.raises(TypeError, match="calendar"):
        _ = Duration.parse("1 day") < Duration.parse("1 business day")


@given(durations)
def test_the_text_parses_back(duration: Duration) -> None:
    again = Duration.parse(str(duration))
    assert again == duration
    assert hash(again) == hash(duration)
    assert pickle.loads(pickle.dumps(duration)) == copy.deepcopy(duration) == duration


@given(st.text(max_size=30) | st.from_regex(r"[0-9 .wdhmspt,]{0,12}", fullmatch=True))
def test_any_text_is_a_duration_or_a_refusal_with_a_hint(text: str) -> None:
    try:
        duration = Duration.parse(text)
    except DurationError as error:
        refusal: DurationError | None = error
    else:
        refusal = None
        assert Duration.parse(str(duration)) == duration
    assert refusal is None or refusal.hint


@pytest.mark.parametrize(("text", "seconds"), [("T+0m", 0), ("T+3h1m", 10_860), ("T+90s", 90)])
def test_scenario_moments(text: str, seconds: int) -> None:
    assert parse_offset(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["3h", "T-5m", "T+", "T+5", "T+ 5m", "T+1 day", "T+600w"])
def test_scenario_moments_refused(text: str) -> None:
    with pytest.raises(DurationError):
        parse_offset(text)
