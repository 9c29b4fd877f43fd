"""Routes: what an alert means here. Label matchers lead to a service, a severity, a runbook and a correlation key.

First match wins, children refine their parent, the last route takes whatever is left (LANGUAGE.md "Catalog"). Alerts
with the same correlation key belong to the same incident; `service` in it is the end of the service's `depends_on`
chain, so that services that depend on each other count as one cause.

An alert always gets an answer: a template that fails leaves its input out and is listed in `problems`, a service that
the catalog does not know stays as its text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from mayday.domain.incident import AlertEvent
from mayday.language.catalog import Catalog, Degree, Route, RouteIncident, Watchdog
from mayday.language.expressions import ExpressionError, is_template, parse_template, render_value
from mayday.language.matchers import PatternRefused, compile_pattern, matches
from mayday.language.service_names import service_named

__all__ = [
    "DEFAULT_MATRIX", "RoutedAlert", "correlation_key", "route_alert", "route_problems", "severity_of",
    "watchdogs_among",
]  # fmt: skip

#: priority lookup of the process defaults (PROCESS.md "Severity"), where the catalog has no `matrix`
DEFAULT_MATRIX: dict[str, dict[str, str]] = {
    "high": {"high": "SEV1", "medium": "SEV2", "low": "SEV3"},
    "medium": {"high": "SEV2", "medium": "SEV3", "low": "SEV4"},
    "low": {"high": "SEV3", "medium": "SEV4", "low": "SEV5"},
}
#: labels that name a service, in order of trust
SERVICE_LABELS = ("service", "service_name", "app", "application", "job")
UNKNOWN_SERVICE = "unknown"
LONGEST_TITLE = 200
#: an alert without any route
UNROUTED = RouteIncident(impact="low", urgency="medium")
MOST_WAYS = 1_000
MOST_CATALOGS = 4


class RoutedAlert(BaseModel):
    """What a route says about one alert. `path` counts routes from 1 (`2.1`: first child of the second).

    Alerts that agree in all that their route looks at share one, so nobody changes it.
    """

    model_config = ConfigDict(frozen=True)

    service: str
    services: list[str]
    title: str
    impact: Degree | None = None
    urgency: Degree | None = None
    severity: str
    declare: Literal["auto", "propose"]
    runbook: str | None = None
    correlation_key: str
    inputs: dict[str, Any] = {}
    confirm_within: str | None = None
    accept_within: str | None = None
    page: str | None = None
    resolve_on_clear: bool = False
    path: str
    problems: list[str] = []


def route_alert(catalog: Catalog, alert: AlertEvent) -> RoutedAlert:
    """Find the route of an alert. Without any matching route it is proposed as SEV4 and pages nobody by itself."""
    ways = _ways_of(catalog)
    way = _way(ways, alert)
    if not way.fixed:
        return _worked_out(catalog, way, alert)
    said = (way.path, *(alert.labels.get(label) for label in way.labels))
    answer = ways.answers.get(said)
    if answer is None:
        if len(ways.answers) >= MOST_WAYS:
            ways.answers.clear()
        answer = ways.answers[said] = _worked_out(catalog, way, alert)
    title = (way.rule.title or alert.title)[:LONGEST_TITLE]
    return answer if answer.title == title else answer.model_copy(update={"title": title})


def _worked_out(catalog: Catalog, way: _Way, alert: AlertEvent) -> RoutedAlert:
    rule = way.rule
    problems: list[str] = []
    scope: dict[str, object] = {"alert": _alert_scope(alert)}
    service = _service(catalog, rule, alert, scope, problems)
    title = _text(rule.title, scope, "title", problems) if rule.title else alert.title
    return RoutedAlert(
        service=service,
        services=[service],
        title=(title or alert.title)[:LONGEST_TITLE],
        impact=rule.impact,
        urgency=rule.urgency,
        severity=rule.severity or severity_of(catalog, rule.impact, rule.urgency),
        declare=rule.declare,
        runbook=rule.runbook,
        correlation_key=correlation_key(catalog, service, alert.labels, rule.correlate_by),
        inputs=_inputs(rule.inputs, scope, problems),
        confirm_within=str(rule.confirm_within) if rule.confirm_within else None,
        accept_within=str(rule.accept_within) if rule.accept_within else None,
        page=rule.page,
        resolve_on_clear=rule.resolve_on_clear,
        path=way.path,
        problems=problems,
    )


def watchdogs_among(catalog: Catalog, alerts: Iterable[AlertEvent]) -> tuple[list[str], list[AlertEvent]]:
    """The names of the catalog's watchdogs that fired among the alerts, and the alerts that are none of them.

    The end of a watchdog is neither: its absence is noticed by itself.
    """
    fired, rest = [], []
    for alert in alerts:
        names = [name for name, dog in catalog.watchdogs.items() if _is_watchdog(dog, alert)]
        if not names:
            rest.append(alert)
        elif alert.state == "firing":
            fired += names
    return fired, rest


def _is_watchdog(dog: Watchdog, alert: AlertEvent) -> bool:
    return dog.source == alert.source and all(
        matches(wanted, alert.labels.get(label)) for label, wanted in dog.match.items()
    )


def severity_of(catalog: Catalog, impact: Degree | None, urgency: Degree | None) -> str:
    """Impact x urgency. What is not said counts as medium: when unsure, not the lowest."""
    high, wide = impact or "medium", urgency or "medium"
    named = catalog.matrix.get(high, {}).get(wide)
    return named or DEFAULT_MATRIX[high][wide]


def correlation_key(
    catalog: Catalog, service: str, labels: dict[str, str] | None = None, by: Iterable[str] = ("service",)
) -> str:
    """What one open incident is kept for: `service=gateway`, further labels after a bar (`service=db|region=eu`)."""
    parts: list[str] = []
    for name in by:
        if name == "service":
            parts.append(f"service={catalog.cause_of(service)}")
        else:
            label = _label(name)
            value = (labels or {}).get(label, "").replace("\\", "\\\\").replace("|", "\\|")
            parts.append(f"{label}={value}")
    return "|".join(parts) or f"service={catalog.cause_of(service)}"


def _label(name: str) -> str:
    return name.removeprefix("labels.").removeprefix("alert.labels.")


def route_problems(catalog: Catalog) -> list[str]:
    """What would go wrong with the routes while an alert waits: patterns, templates, a missing last route."""
    problems = list(_problems(catalog.routes, "routes"))
    if catalog.routes and catalog.routes[-1].match:
        problems.append("routes: the last route has no `match`, so that no alert is lost; add one that pages somebody")
    return problems


def _problems(routes: list[Route], place: str) -> Iterable[str]:
    for index, route in enumerate(routes):
        here = f"{place}[{index}]"
        for label, wanted in route.match.items():
            for text in wanted if isinstance(wanted, list) else [wanted]:
                try:
                    if text.startswith("~"):
                        compile_pattern(text[1:])
                except PatternRefused as refused:
                    yield f"{here}.match.{label}: {refused}"
        for text in _texts(route.incident.inputs) if route.incident else ():
            try:
                parse_template(text)
            except ExpressionError as refused:
                yield f"{here}.incident.inputs: {refused}"
        yield from _problems(route.routes, f"{here}.routes")


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


class _Way(NamedTuple):
    """Where an alert's way through the routes ended: what is said there, and the number of the route."""

    rule: RouteIncident
    path: str
    #: nothing in it is a template: what it says depends on `labels` and the alert's title alone
    fixed: bool
    labels: tuple[str, ...]


class _Ways:
    """The ways that alerts went lately through the routes of a catalog: in a storm they are few."""

    def __init__(self, catalog: Catalog) -> None:
        self.made_of = (catalog.routes, catalog.services, catalog.matrix)
        self.labels = tuple(sorted(set(_labels_in(catalog.routes))))
        #: by source and the labels that routes ask for
        self.known: dict[tuple[str, ...], _Way] = {}
        #: of fixed ways, by path and the labels that they look at
        self.answers: dict[tuple[str | None, ...], RoutedAlert] = {}


#: of the catalogs that were used last, by the identity of what they route by, which the ways themselves keep alive
_WAYS: dict[tuple[int, int, int], _Ways] = {}


def _ways_of(catalog: Catalog) -> _Ways:
    key = (id(catalog.routes), id(catalog.services), id(catalog.matrix))
    found = _WAYS.get(key)
    if found is None:
        if len(_WAYS) == MOST_CATALOGS:
            del _WAYS[next(iter(_WAYS))]
        found = _WAYS[key] = _Ways(catalog)
    return found


def _labels_in(routes: list[Route]) -> Iterable[str]:
    for route in routes:
        yield from route.match
        yield from _labels_in(route.routes)


def _way(ways: _Ways, alert: AlertEvent) -> _Way:
    """Where its way ends. That depends on the source and on the labels that routes ask for, so alerts that agree in
    these share the answer."""
    said = (alert.source, *(alert.labels.get(label, "") for label in ways.labels))
    found = ways.known.get(said)
    if found is None:
        rule, path = _first_match(ways.made_of[0], alert, RouteIncident(), "") or (UNROUTED, "none")
        fixed = not any(is_template(text) for text in (rule.service or "", rule.title or "", *_texts(rule.inputs)))
        labels = dict.fromkeys((*SERVICE_LABELS, *map(_label, rule.correlate_by)))
        if len(ways.known) == MOST_WAYS:
            ways.known.clear()
        found = ways.known[said] = _Way(rule, path, fixed, tuple(labels))
    return found


def _first_match(
    routes: list[Route], alert: AlertEvent, above: RouteIncident, path: str
) -> tuple[RouteIncident, str] | None:
    """The innermost route that matches, its settings laid over those of its parents. A route without an `incident`
    of its own or above it only groups: when none of its children match, the search goes on behind it."""
    for number, route in enumerate(routes, start=1):
        if route.source and route.source != alert.source:
            continue
        if not all(matches(wanted, alert.labels.get(label)) for label, wanted in route.match.items()):
            continue
        here = f"{path}.{number}" if path else str(number)
        rule = _laid_over(above, route.incident) if route.incident else above
        found = _first_match(route.routes, alert, rule, here)
        if found is not None:
            return found
        if rule.model_fields_set or not route.routes:
            return rule, here
    return None


def _laid_over(above: RouteIncident, own: RouteIncident) -> RouteIncident:
    values = {name: getattr(own, name) for name in own.model_fields_set}
    if "severity" not in values and values.keys() & {"impact", "urgency"}:
        values["severity"] = None  # a refined impact or urgency decides again, over a parent's severity
    return above.model_copy(update=values)


def _alert_scope(alert: AlertEvent) -> dict[str, object]:
    return {
        "source": alert.source,
        "key": alert.alert_key,
        "state": alert.state,
        "title": alert.title,
        "labels": alert.labels,
        "annotations": alert.annotations,
        "started_at": alert.started_at,
        "received_at": alert.received_at,
    }


def _service(
    catalog: Catalog, rule: RouteIncident, alert: AlertEvent, scope: dict[str, object], problems: list[str]
) -> str:
    named = _text(rule.service, scope, "service", problems) if rule.service else None
    for text in (named, *(alert.labels.get(label) for label in SERVICE_LABELS)):
        if text and text.strip():
            return service_named(catalog, text)[:LONGEST_TITLE]
    return UNKNOWN_SERVICE


def _text(text: str, scope: dict[str, object], where: str, problems: list[str]) -> str | None:
    if not is_template(text):
        return text
    try:
        return parse_template(text).render(scope).strip()
    except ExpressionError as error:
        problems.append(f"{where}: {error}")
        return None


def _inputs(inputs: dict[str, Any], scope: dict[str, object], problems: list[str]) -> dict[str, Any]:
    rendered: dict[str, Any] = {}
    for name, value in inputs.items():
        try:
            rendered[name] = render_value(value, scope)
        except ExpressionError as error:
            problems.append(f"inputs.{name}: {error}")
    return rendered
