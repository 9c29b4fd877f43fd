"""Routes: which alert becomes what, and which alerts share an incident."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mayday.domain.incident import AlertEvent
from mayday.language.catalog import Catalog
from mayday.language.matchers import LONGEST_PATTERN, PatternRefused, compile_pattern, matches
from mayday.language.routing import correlation_key, route_alert, route_problems, severity_of

NOW = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)
SERVICES = {
    "gateway": {"vendor": "gateway_co", "tier": 1},
    "payments": {"tier": 1, "depends_on": ["gateway", "database"]},
    "checkout": {"tier": 1, "depends_on": ["payments"]},
}
ROUTES: list[dict[str, Any]] = [
    {
        "match": {"service": "payments", "severity": "critical"},
        "incident": {
            "service": "payments", "impact": "high", "urgency": "high", "declare": "auto", "confirm_within": "5m",
            "inputs": {"region": "{{ alert.labels.region | default('eu') }}"},
        },
    },
    {"match": {"severity": "warning"}, "incident": {"impact": "medium", "urgency": "low", "accept_within": "5m"}},
    {
        "incident": {
            "impact": "low", "urgency": "medium", "accept_within": "15m", "page": "schedule.major_incident_manager"
        },
    },
]  # fmt: skip


def catalog(routes: list[dict[str, Any]] | None = None, **more: Any) -> Catalog:
    return Catalog.model_validate({"services": SERVICES, "routes": ROUTES if routes is None else routes, **more})


def alert(source: str = "alertmanager", annotations: dict[str, str] | None = None, **labels: str) -> AlertEvent:
    return AlertEvent(
        source=source, dedupe_key="d", alert_key="a", state="firing", title="Payments down", labels=labels,
        annotations=annotations or {}, received_at=NOW,
    )  # fmt: skip


def test_the_first_route_that_matches_decides() -> None:
    routed = route_alert(catalog(), alert(service="payments", severity="critical", region="us"))
    assert (routed.path, routed.service, routed.severity, routed.declare) == ("1", "payments", "SEV1", "auto")
    assert routed.inputs == {"region": "us"}
    assert routed.confirm_within == "5m"
    assert routed.correlation_key == "service=gateway"


def test_a_missing_label_takes_the_default_of_the_template() -> None:
    assert route_alert(catalog(), alert(service="payments", severity="critical")).inputs == {"region": "eu"}


def test_an_unmatched_alert_falls_to_the_last_route_which_pages_somebody() -> None:
    routed = route_alert(catalog(), alert(alertname="Strange"))
    assert (routed.path, routed.severity, routed.declare) == ("3", "SEV4", "propose")
    assert routed.page == "schedule.major_incident_manager"
    assert (routed.service, routed.correlation_key) == ("unknown", "service=unknown")


def test_five_alerts_over_three_services_of_one_cause_are_one_incident() -> None:
    keys = {
        route_alert(catalog(), alert(service=service, severity=severity)).correlation_key
        for service in ("checkout", "payments", "gateway")
        for severity in ("critical", "warning")
    }
    assert keys == {"service=gateway"}


def test_a_loop_of_dependencies_ends_where_it_closes() -> None:
    looped = catalog(services={"a": {"depends_on": ["b"]}, "b": {"depends_on": ["a"]}})
    assert correlation_key(looped, "a") == "service=b"


def test_a_service_that_the_catalog_does_not_know_stays_as_its_text() -> None:
    routed = route_alert(catalog(), alert(service="mainframe", severity="warning"))
    assert (routed.service, routed.correlation_key) == ("mainframe", "service=mainframe")


def test_a_service_is_found_in_whatever_case_it_is_written() -> None:
    assert route_alert(catalog(), alert(service="Checkout")).service == "checkout"


def test_where_no_label_says_service_the_job_does() -> None:
    assert route_alert(catalog(), alert(job="payments")).service == "payments"


def test_children_refine_their_parent_and_the_parent_stands_where_none_matches() -> None:
    routes = [
        {
            "match": {"team": "pay"},
            "incident": {"impact": "medium", "urgency": "medium", "runbook": "payments_sev1"},
            "routes": [
                {"match": {"region": "us"}, "incident": {"impact": "high", "correlate_by": ["service", "region"]}},
                {"match": {"region": "eu"}, "incident": {"severity": "SEV5"}},
            ],
        },
        {"incident": {"impact": "low"}},
    ]
    us = route_alert(catalog(routes), alert(team="pay", region="us", service="checkout"))
    assert (us.path, us.severity, us.runbook) == ("1.1", "SEV2", "payments_sev1")
    assert us.correlation_key == "service=gateway|region=us"
    assert route_alert(catalog(routes), alert(team="pay", region="eu")).severity == "SEV5"
    parent = route_alert(catalog(routes), alert(team="pay", region="jp"))
    assert (parent.path, parent.severity) == ("1", "SEV3")


def test_a_refined_impact_decides_over_a_parents_severity() -> None:
    routes = [{"incident": {"severity": "SEV5"}, "routes": [{"incident": {"impact": "high", "urgency": "high"}}]}]
    assert route_alert(catalog(routes), alert()).severity == "SEV1"


def test_a_route_that_only_groups_is_left_when_no_child_matches() -> None:
    routes = [
        {"match": {"team": "pay"}, "routes": [{"match": {"x": "1"}, "incident": {"impact": "high"}}]},
        {"incident": {}},
    ]
    assert route_alert(catalog(routes), alert(team="pay")).path == "2"


def test_a_route_may_be_for_one_source() -> None:
    routes = [{"source": "datadog", "incident": {"severity": "SEV1"}}, {"incident": {"severity": "SEV5"}}]
    assert route_alert(catalog(routes), alert()).severity == "SEV5"
    assert route_alert(catalog(routes), alert(source="datadog")).severity == "SEV1"


def test_without_any_route_an_alert_is_still_proposed() -> None:
    routed = route_alert(catalog([]), alert(service="payments"))
    assert (routed.path, routed.severity, routed.declare) == ("none", "SEV4", "propose")


def test_a_broken_template_leaves_its_input_out_and_says_so() -> None:
    routes = [
        {"incident": {"inputs": {"good": "x", "bad": "{{ alert.labels.nope }}"}, "title": "{{ alert.labels.no }}"}}
    ]
    routed = route_alert(catalog(routes), alert())
    assert routed.inputs == {"good": "x"}
    assert routed.title == "Payments down"
    assert [problem.split(":")[0] for problem in routed.problems] == ["title", "inputs.bad"]


def test_an_alerts_text_is_never_read_as_a_template() -> None:
    routes = [{"incident": {"title": "{{ alert.title }}!", "inputs": {"text": "{{ alert.labels.evil }}"}}}]
    routed = route_alert(catalog(routes), alert(evil="{{ alert.key }}"))
    assert (routed.title, routed.inputs) == ("Payments down!", {"text": "{{ alert.key }}"})


def test_the_matrix_of_the_catalog_comes_before_the_usual_one() -> None:
    own = catalog(matrix={"high": {"high": "SEV2"}})
    assert severity_of(own, "high", "high") == "SEV2"
    assert severity_of(own, "medium", "high") == "SEV2"
    assert severity_of(own, "low", "low") == "SEV5"
    assert severity_of(own, None, None) == "SEV3"


def test_labels_cannot_forge_another_correlation_key() -> None:
    forged = correlation_key(catalog(), "db", {"a": "1|b=2"}, ["a", "b"])
    assert forged != correlation_key(catalog(), "db", {"a": "1", "b": "2|b="}, ["a", "b"])


@pytest.mark.parametrize(
    ("wanted", "label", "holds"),
    [
        ("critical", "critical", True),
        ("critical", "Critical", False),
        ("", None, True),
        (["a", "b"], "b", True),
        (["a", "~b.*"], "bcd", True),
        (["a"], None, False),
        ("~pay.*", "payments", True),
        ("~pay", "payments", False),
        ("~(?i:PAY).*", "payments", True),
        ("~(eu|us)-[a-z]+-[0-9]", "eu-west-1", True),
        ("~.+", None, False),
    ],
)
def test_matchers(wanted: str | list[str], label: str | None, holds: bool) -> None:
    assert matches(wanted, label) is holds


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        "(a|a)*",
        "(a*){2,}",
        "(?=a)b",
        r"(a)\1",
        "a*b*c*d*",
        "[",
        "x{100000}",
        "a" * (LONGEST_PATTERN + 1),
        "(?>a)",
    ],
)
def test_patterns_that_could_take_too_long_are_refused(pattern: str) -> None:
    with pytest.raises(PatternRefused):
        compile_pattern(pattern)


def test_the_worst_accepted_pattern_is_quick() -> None:
    started = time.perf_counter()
    assert not matches("~.*a.*a.*b", "a" * 10_000)
    assert time.perf_counter() - started < 2


def test_routes_are_checked_before_an_alert_has_to_wait_for_them() -> None:
    broken = catalog([{"match": {"x": "~(a+)+"}, "incident": {"inputs": {"y": "{{ 1 * 2 }}"}}}])
    problems = route_problems(broken)
    assert problems[0].startswith("routes[0].match.x: a repeat is not repeated")
    assert problems[1].startswith("routes[0].incident.inputs:")
    assert "the last route" in problems[2]
    assert route_problems(catalog()) == []


LABELS = st.dictionaries(
    st.sampled_from(["service", "severity", "region", "instance"]),
    st.sampled_from(["payments", "critical", "warning", "eu", "us", "", "10.0.0.1"]),
)


TITLES = st.sampled_from(["Payments down", "", "Card payments fail", "x" * 300])


@given(st.lists(st.tuples(st.sampled_from(["alertmanager", "datadog"]), LABELS, TITLES), min_size=2, max_size=8))
def test_an_alert_goes_its_own_way_whatever_came_before_it(night: list[tuple[str, dict[str, str], str]]) -> None:
    """What a storm's alerts have in common is worked out once; what they do not is not."""
    routes = [
        {"source": "datadog", "match": {"region": "~e."}, "incident": {"severity": "SEV1"}},
        {"match": {"region": "us"}, "incident": {"severity": "SEV2", "correlate_by": ["service", "labels.instance"]}},
        {"match": {"region": "eu"}, "incident": {"severity": "SEV2", "title": "{{ alert.labels.instance }}"}},
        *ROUTES,
    ]
    one = catalog(routes)
    for source, labels, title in night:
        came = alert(source, **labels).model_copy(update={"title": title})
        assert route_alert(one, came) == route_alert(catalog(routes), came)


def test_a_storms_alerts_share_what_their_route_says_until_the_services_are_read_again() -> None:
    one = catalog()
    first, second = (route_alert(one, alert(service="checkout", pod=pod)) for pod in ("a", "b"))
    assert first is second
    apart = catalog([{"incident": {"severity": "SEV2", "correlate_by": ["service", "labels.pod"]}}])
    keys = [route_alert(apart, alert(service="checkout", pod=pod)).correlation_key for pod in ("a", "b")]
    assert keys == ["service=gateway|pod=a", "service=gateway|pod=b"]
    rebuilt = one.model_copy(update={"services": {}})
    assert route_alert(rebuilt, alert(service="checkout")).correlation_key == "service=checkout"
    assert route_alert(one, alert(service="checkout")).correlation_key == "service=gateway"


def test_a_catalog_that_was_read_again_has_routes_of_its_own() -> None:
    for severity in ("SEV1", "SEV2", "SEV3", "SEV4", "SEV5", "SEV1"):
        assert route_alert(catalog([{"incident": {"severity": severity}}]), alert()).severity == severity
