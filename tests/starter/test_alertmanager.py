"""Alertmanager's webhook bodies, real and broken, become our alerts or a 400 that says where and why."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mayday.domain.incident import AlertEvent
from mayday.providers.alertmanager.inbound import Alertmanager
from mayday.providers.inbound import Delivery, Malformed
from mayday.providers.sources import inbound_source

SAMPLES = Path(os.environ.get("MAYDAY_PROVIDER_DATA") or Path(__file__).parents[2] / "../shared/providers")
NOW = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)


def sample(name: str) -> bytes:
    path = SAMPLES / "webhooks" / "alertmanager" / name
    if not path.is_file():
        pytest.skip(f"no provider samples at {SAMPLES} (set MAYDAY_PROVIDER_DATA)")
    return path.read_bytes()


def events(body: bytes | dict[str, Any] | list[Any]) -> list[AlertEvent]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Alertmanager().events(Delivery(raw=raw, received_at=NOW))


def alert(**changes: Any) -> dict[str, Any]:
    return {
        "status": "firing",
        "labels": {"alertname": "Down", "service": "payments"},
        "startsAt": "2026-03-02T02:09:00Z",
    } | changes


def test_version_4_has_one_event_an_alert_with_its_own_fingerprint() -> None:
    two = events(sample("firing_group_same_labels.json"))
    assert [event.alert_key for event in two] == ["a1bc48475b20e73d", "c2ea85182f28cbd9"]
    assert two[0].title == "High CPU core temperature"
    assert two[0].state == "firing"
    assert two[0].started_at == datetime(2020, 2, 6, 0, 17, 58, 432911, tzinfo=UTC)
    assert two[0].labels["host"] == "andromeda"


def test_an_alert_without_a_fingerprint_is_told_by_its_labels() -> None:
    first, again = events(sample("firing_single_v4.json")), events(sample("firing_single_v4.json"))
    assert first == again
    assert first[0].started_at == datetime(2017, 8, 3, 19, 15 + 2, 37, 804000, tzinfo=UTC)
    other = events({"alerts": [alert(labels={"alertname": "Other"})]})
    assert other[0].alert_key != first[0].alert_key


def test_version_3_with_a_number_for_its_group_is_understood() -> None:
    (event,) = events(sample("legacy_v3.json"))
    assert (event.title, event.labels["service"], event.state) == ("Connect fail", "System", "firing")
    assert event.started_at == datetime(2016, 8, 1, 10, 27, 8, 8000, tzinfo=UTC)


def test_resolved_names_the_same_alert_and_is_another_fact() -> None:
    resolved = events(sample("constructed_resolved_group.json"))
    assert {event.state for event in resolved} == {"resolved"}
    firing = events(sample("constructed_resolved_group.json").replace(b'"resolved"', b'"firing"'))
    assert [event.alert_key for event in firing] == [event.alert_key for event in resolved]
    assert {event.dedupe_key for event in firing}.isdisjoint(event.dedupe_key for event in resolved)


def test_the_same_notification_again_has_the_same_keys() -> None:
    body = sample("firing_group_same_labels.json")
    assert [event.dedupe_key for event in events(body)] == [event.dedupe_key for event in events(body)]


def test_an_alert_that_fires_again_later_is_new() -> None:
    first, second = events({"alerts": [alert()]}), events({"alerts": [alert(startsAt="2026-03-02T09:00:00Z")]})
    assert first[0].alert_key == second[0].alert_key
    assert first[0].dedupe_key != second[0].dedupe_key


def test_what_prometheus_posts_itself_is_told_by_its_end() -> None:
    fired, over = events(
        [
            {"labels": {"alertname": "A"}, "endsAt": "2026-03-02T02:14:00Z"},
            {"labels": {"alertname": "B"}, "endsAt": "2026-03-02T02:09:00Z"},
        ]
    )
    assert (fired.state, over.state) == ("firing", "resolved")


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        (b"{", "", "not JSON: Expecting property name enclosed in double quotes at line 1, column 2"),
        (b"\xff\xfe\xff", "", "not JSON"),
        (b"NaN", "", "not JSON: NaN is no JSON value"),
        (b"[" * 200_000, "", "not JSON: nested too deeply"),
        (b"3", "body", "expected an object, got a number"),
        (b"{}", "alerts", "is missing; this is not an Alertmanager notification"),
        ({"alerts": []}, "alerts", "is empty"),
        ({"alerts": "all"}, "alerts", "expected a list, got a text"),
        ({"alerts": [alert(), 5]}, "alerts[1]", "expected an object, got a number"),
        ({"alerts": [alert(labels=["x"])]}, "alerts[0].labels", "expected an object, got a list"),
        ({"alerts": [{"status": "firing"}]}, "alerts[0].labels", "is missing"),
        ({"alerts": [alert(labels={"a": {}})]}, "alerts[0].labels.a", "expected a text, got an object"),
        ({"alerts": [alert(status="on fire")]}, "alerts[0].status", "expected firing or resolved, got 'on fire'"),
        ({"alerts": [alert(status=1)]}, "alerts[0].status", "expected firing or resolved, got a number"),
        ({"alerts": [alert()], "status": True}, "status", "expected firing or resolved, got true or false"),
        ({"alerts": [alert(startsAt="today")]}, "alerts[0].startsAt", "expected an RFC 3339 time, got 'today'"),
        ({"alerts": [alert(startsAt="2026-02-30T00:00:00Z")]}, "alerts[0].startsAt", "is no time that exists"),
        ({"alerts": [alert(startsAt=5)]}, "alerts[0].startsAt", "expected an RFC 3339 time, got '5'"),
        ({"alerts": [alert(fingerprint=7)]}, "alerts[0].fingerprint", "expected a text, got a number"),
        ({"alerts": [alert(annotations=[1])]}, "alerts[0].annotations", "expected an object, got a list"),
    ],
)
def test_a_broken_body_is_refused_with_the_place_and_the_reason(body: Any, field: str, reason: str) -> None:
    with pytest.raises(Malformed) as refused:
        events(body)
    assert refused.value.field == field
    assert reason in refused.value.reason


def test_too_many_alerts_in_one_notification_are_refused() -> None:
    with pytest.raises(Malformed, match="max_alerts"):
        events({"alerts": [alert()] * 5001})


def test_texts_are_cut_and_cleaned_never_refused() -> None:
    (event,) = events(
        {
            "alerts": [
                alert(labels={"alertname": "a\x00b\ud800", "long": "x" * 5000, "n": 5}, annotations={"summary": "  "})
            ]
        }
    )
    assert event.title == event.labels["alertname"] == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"
    assert len(event.labels["long"]) == 1024
    assert event.labels["n"] == "5"
    (big,) = events({"alerts": [alert(labels={f"l{n}": "y" * 1000 for n in range(5000)})]})
    assert len(big.model_dump_json()) < 20_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["alerts", "labels", "status", "startsAt", "annotations", "x"]), inner, max_size=4
    ),
)  # fmt: skip


@given(JSON)
def test_whatever_comes_is_taken_or_refused(body: Any) -> None:
    try:
        found = events({"alerts": [{"labels": {}} | body] if isinstance(body, dict) else body})
    except Malformed:
        return
    assert all(event.model_dump_json().encode() for event in found)


def test_sources_are_found_by_name_and_unknown_ones_are_not() -> None:
    assert isinstance(inbound_source("alertmanager"), Alertmanager)
    assert inbound_source("carrier_pigeon") is None
