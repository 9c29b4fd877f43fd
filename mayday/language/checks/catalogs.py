"""The catalog: everything it names exists, alerts always find a route, every severity has its rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, get_args

from mayday.domain.incident import BUILT_IN_ROLES
from mayday.domain.oncall import ExternalSchedule
from mayday.domain.ranks import SeverityName
from mayday.language.catalog import VENDOR_SOURCES, WORDED_SOURCES, Catalog, Route, RouteIncident
from mayday.language.catalog_files import CatalogFiles
from mayday.language.checks.arguments import value_problem
from mayday.language.checks.kinds import ANY, EXTRA, Kind
from mayday.language.checks.references import PEOPLE, catalog_reference
from mayday.language.checks.types import type_findings
from mayday.language.documents import Path
from mayday.language.expressions import SyntaxRefused, is_template, parse_template
from mayday.language.findings import Finding, define, nearest
from mayday.language.matchers import PatternRefused, compile_pattern

if TYPE_CHECKING:
    from mayday.language.library import Library

__all__ = ["catalog_findings"]

NOTHING = define(
    "C610",
    "entry that names nothing",
    "People, groups, schedules, services, vendors, audiences, calendars and runbooks that the catalog names exist.",
    wrong="groups: { cab: [ana, dana, lee], night_cab: [anna] }\n",
    right="groups: { cab: [ana, dana, lee], night_cab: [ana] }\n",
    frame="catalog",
)
LAST_ROUTE = define(
    "C611",
    "alerts without a route",
    "The last route has no `match`, so that no alert is lost, and says whom it pages.",
    wrong="routes: [{ match: { service: payments }, incident: { service: payments, impact: high, urgency: high } }]\n",
    right="routes: [{ incident: { impact: low, urgency: medium, page: schedule.primary } }]\n",
    frame="catalog",
)
PATTERN = define(
    "C612",
    "pattern that cannot be used",
    "A matcher is a text, a list of texts, or `~` and a simple regular expression: no look-around, no "
    "repeats of repeats.",
    wrong='routes: [{ match: { service: "~(a+)+" }, incident: { impact: low } }, { incident: { page: '
    "schedule.primary } }]\n",
    right='routes: [{ match: { service: "~a+" }, incident: { impact: low } }, { incident: { page: '
    "schedule.primary } }]\n",
    frame="catalog",
)
CIRCLE = define(
    "C613",
    "services that depend on each other in a circle",
    "`depends_on` leads to the cause; a circle has none, so alerts of its services are not counted as one.",
    wrong="services: { payments: { depends_on: [gateway] }, gateway: { depends_on: [payments] } }\n",
    right="services: { payments: { depends_on: [gateway] }, gateway: { tier: 1 } }\n",
    frame="catalog",
    level="warning",
)
RULES = define(
    "C614",
    "severity without rules",
    "Each of SEV1 to SEV5 says its priority, `ack_within`, and what it promises.",
    wrong="severities: { SEV1: { priority: P1, ack_within: 5m, updates: { technical: 15m } } }\n",
    right="severities:\n  SEV1: { priority: P1, ack_within: 5m, updates: { technical: 15m } }\n"
    "  SEV2: { priority: P2, ack_within: 5m }\n  SEV3: { priority: P3, ack_within: 5m }\n"
    "  SEV4: { priority: P4, ack_within: 5m }\n  SEV5: { priority: P5, ack_within: 5m }\n",
    frame="catalog",
)
INPUT = define(
    "C615",
    "input that the runbook does not take",
    "`inputs` of a route fit the inputs that its runbook declares.",
    wrong="routes: [{ incident: { runbook: example, inputs: { regoin: eu }, page: schedule.primary } }]\n",
    right="routes: [{ incident: { runbook: example, inputs: { region: eu }, page: schedule.primary } }]\n",
    frame="catalog",
)
OWN_DELEGATE = define(
    "C616",
    "own delegate",
    "A delegate is somebody else.",
    wrong="groups: { cab: [ana, dana, lee], night_cab: [ana] }\npeople:\n  ana: { name: Ana, delegate: ana }\n"
    "  dana: { name: Dana, delegate: ana }\n  raj: { name: Raj }\n  lee: { name: Lee }\n",
    right="groups: { cab: [ana, dana, lee], night_cab: [ana] }\npeople:\n  ana: { name: Ana, delegate: dana }\n"
    "  dana: { name: Dana, delegate: ana }\n  raj: { name: Raj }\n  lee: { name: Lee }\n",
    frame="catalog",
)

SOURCE = define(
    "C617",
    "source that cannot be read",
    "A source has a name of its own, `each` is one `{{ }}` that gives a list, and what `occurrence`, `key` and `title` "
    "use comes from the message.",
    wrong='sources: { probes: { title: "A probe fails", key: probe } }\n',
    right='sources: { probes: { title: "{{ item.name }} fails", key: "{{ item.id }}" } }\n',
    frame="catalog",
)

#: what the texts of a source may use
OF_A_MESSAGE = {"body": ANY, "item": ANY, "headers": Kind("mapping")}

REACHABLE = ("person", "group", "schedule")


def catalog_findings(files: CatalogFiles, library: Library) -> Iterator[Finding]:
    """Everything about a merged catalog."""
    catalog = files.catalog
    if catalog is None:
        return
    yield from _people(files, catalog)
    yield from _services(files, catalog, library)
    yield from _talking(files, catalog)
    yield from _rights(files, catalog)
    yield from _sources(files, catalog)
    yield from _watches(files, catalog)
    if catalog.routes and (catalog.routes[-1].match or not _pages(catalog.routes[-1])):
        message = "the last route takes what no other took, and pages somebody"
        where: Path = ("routes", len(catalog.routes) - 1)
        yield files.find(LAST_ROUTE, where, message, "write - incident: { ..., page: schedule.X } without match")
    if not catalog.routes:
        yield files.find(LAST_ROUTE, (), "there are no routes", "write - incident: { ..., page: schedule.X }")
    yield from _routes(catalog.routes, ("routes",), RouteIncident(), files, catalog, library)


def _pages(route: Route) -> bool:
    return route.incident is not None and (route.incident.page is not None or route.incident.declare == "auto")


def _named(files: CatalogFiles, name: str | None, known: Iterable[str], what: str, path: Path) -> Iterator[Finding]:
    if name is not None and name not in set(known):
        yield files.find(NOTHING, path, f"there is no {what} {name}", nearest(name, known))


def _runbook(files: CatalogFiles, name: str | None, library: Library, path: Path) -> Iterator[Finding]:
    if name not in library.broken:  # what is wrong in it is told in its own place
        yield from _named(files, name, library.names, "runbook", path)


def _reference(
    files: CatalogFiles, catalog: Catalog, ref: str | None, path: Path, kinds: tuple[str, ...] = REACHABLE
) -> Iterator[Finding]:
    wrong = catalog_reference(ref, catalog, BUILT_IN_ROLES, kinds) if ref is not None else None
    if wrong:
        yield files.find(NOTHING, path, wrong[1], wrong[2])


def _people(files: CatalogFiles, catalog: Catalog) -> Iterator[Finding]:
    people = catalog.people
    for name, person in people.items():
        path: Path = ("people", name, "delegate")
        yield from _named(files, person.delegate, people, "person", path)
        if person.delegate == name:
            yield files.find(OWN_DELEGATE, path, f"{name} is their own delegate", "name somebody else")
    for name, members in catalog.groups.items():
        for index, member in enumerate(members):
            yield from _named(files, member, people, "person", ("groups", name, index))
    for name, schedule in catalog.schedules.items():
        if isinstance(schedule, ExternalSchedule):
            yield from _reference(files, catalog, schedule.fallback, ("schedules", name, "fallback"))
            continue
        for number, layer in enumerate(schedule.layers):
            for index, member in enumerate(layer.people):
                yield from _named(
                    files, member, people, "person", ("schedules", name, "layers", number, "people", index)
                )
        for number, override in enumerate(schedule.overrides):
            yield from _named(
                files, override.person, people, "person", ("schedules", name, "overrides", number, "person")
            )


def _services(files: CatalogFiles, catalog: Catalog, library: Library) -> Iterator[Finding]:
    for name, service in catalog.services.items():
        path: Path = ("services", name)
        yield from _reference(files, catalog, service.owner, (*path, "owner"))
        yield from _named(files, service.vendor, catalog.vendors, "vendor", (*path, "vendor"))
        for index, other in enumerate(service.depends_on):
            yield from _named(files, other, catalog.services, "service", (*path, "depends_on", index))
        for severity, runbook in service.runbooks.items():
            yield from _runbook(files, runbook, library, (*path, "runbooks", severity))
        if _in_circle(catalog, name):
            yield files.find(
                CIRCLE, (*path, "depends_on"), f"{name} depends on itself in the end", "leave one of them out"
            )
    for name, vendor in catalog.vendors.items():
        if vendor.contract.hours != "24x7":
            where: Path = ("vendors", name, "contract", "hours")
            yield from _named(files, vendor.contract.hours, catalog.calendars, "calendar", where)


def _in_circle(catalog: Catalog, name: str) -> bool:
    waiting, seen = list(catalog.services[name].depends_on), set()
    while waiting:
        other = waiting.pop()
        if other == name:
            return True
        if other not in seen and other in catalog.services:
            seen.add(other)
            waiting += catalog.services[other].depends_on
    return False


def _talking(files: CatalogFiles, catalog: Catalog) -> Iterator[Finding]:
    for name, audience in catalog.audiences.items():
        for index, ref in enumerate(audience.to):
            if "@" not in ref:
                yield from _reference(files, catalog, ref, ("audiences", name, "to", index), PEOPLE)
    for severity, policy in catalog.severities.items():
        for audience_name in policy.updates:
            where: Path = ("severities", severity, "updates", audience_name)
            yield from _named(files, audience_name, catalog.audiences, "audience", where)
    missing = [name for name in get_args(SeverityName) if name not in catalog.severities]
    if missing:
        yield files.find(
            RULES,
            ("severities", next(iter(catalog.severities), "")),
            f"{missing[0]} has no rules",
            f"write {missing[0]}:",
        )


def _rights(files: CatalogFiles, catalog: Catalog) -> Iterator[Finding]:
    for level, refs in catalog.access.items():
        for index, ref in enumerate(refs):
            yield from _reference(files, catalog, ref, ("access", level, index))
    for name, severities in catalog.authorities.items():
        for severity, refs in severities.items():
            for index, ref in enumerate(refs):
                yield from _reference(files, catalog, ref, ("authorities", name, severity, index))


def _sources(files: CatalogFiles, catalog: Catalog) -> Iterator[Finding]:
    for name, source in catalog.sources.items():
        path: Path = ("sources", name)
        document = files.document_of(path)
        if name in VENDOR_SOURCES:
            yield files.find(SOURCE, path, f"{name} is a source that mayday brings along", "take a new name", key=True)
        for key, text in (("when", source.when), ("firing", source.firing), ("resolved", source.resolved)):
            if text is not None:
                yield from type_findings(document, (*path, key), text, OF_A_MESSAGE, condition=True)
        texts: list[tuple[Path, str | None]] = [
            ((key,), getattr(source, key)) for key in ("each", "title", "key", "occurrence", "started_at")
        ]
        texts += [((group, label), text) for group in ("labels", "annotations")
                  for label, text in getattr(source, group).items()]  # fmt: skip
        for where, text in texts:
            if text is not None and is_template(text):
                yield from type_findings(document, (*path, *where), text, OF_A_MESSAGE)
        for key in ("key", "occurrence"):
            text = getattr(source, key)
            if text is not None and not is_template(text):
                yield files.find(SOURCE, (*path, key), "all messages would be the same one", 'write "{{ item.id }}"')
        if source.each is not None and not _single(source.each):
            yield files.find(SOURCE, (*path, "each"), "this is no list", 'write "{{ body.alerts }}"')


def _watches(files: CatalogFiles, catalog: Catalog) -> Iterator[Finding]:
    for name, freeze in catalog.freezes.items():
        for index, service in enumerate(freeze.services):
            yield from _named(files, service, catalog.services, "service", ("freezes", name, "services", index))
    for name, watchdog in catalog.watchdogs.items():
        sources = {*VENDOR_SOURCES, *WORDED_SOURCES, *catalog.sources}
        yield from _named(files, watchdog.source, sources, "source", ("watchdogs", name, "source"))
        for label, wanted in watchdog.match.items():
            yield from _patterns(wanted, ("watchdogs", name, "match", label), files)


def _single(text: str) -> bool:
    try:
        return parse_template(text).single is not None
    except SyntaxRefused:
        return True  # reported as what it is


def _routes(
    routes: list[Route], path: Path, above: RouteIncident, files: CatalogFiles, catalog: Catalog, library: Library
) -> Iterator[Finding]:
    for number, route in enumerate(routes):
        here: Path = (*path, number)
        for label, wanted in route.match.items():
            yield from _patterns(wanted, (*here, "match", label), files)
        rule = route.incident
        if rule is not None:
            yield from _rule(rule, above, (*here, "incident"), files, catalog, library)
        yield from _routes(route.routes, (*here, "routes"), rule or above, files, catalog, library)


def _patterns(wanted: str | list[str], path: Path, files: CatalogFiles) -> Iterator[Finding]:
    for text in [wanted] if isinstance(wanted, str) else wanted:
        if text.startswith("~"):
            try:
                compile_pattern(text[1:])
            except PatternRefused as refused:
                yield files.find(PATTERN, path, str(refused), "write a text or a list of texts")


def _rule(
    rule: RouteIncident, above: RouteIncident, path: Path, files: CatalogFiles, catalog: Catalog, library: Library
) -> Iterator[Finding]:
    names = {"alert": EXTRA["alert"]}
    yield from _reference(files, catalog, rule.page, (*path, "page"))
    yield from _runbook(files, rule.runbook, library, (*path, "runbook"))
    if rule.service is not None and not is_template(rule.service):
        yield from _named(files, rule.service, catalog.services, "service", (*path, "service"))
    texts: list[tuple[Path, object]] = [(("service",), rule.service), (("title",), rule.title)]
    texts += [(("inputs", name), value) for name, value in rule.inputs.items()]
    for key, text in texts:
        if isinstance(text, str) and is_template(text):
            where: Path = (*path, *key)
            yield from type_findings(files.document_of(where), where, text, names)
    runbook = rule.runbook or above.runbook
    if runbook in library.names and runbook is not None:
        inputs = library.runbook(runbook).inputs
        for name, value in rule.inputs.items():
            where = (*path, "inputs", name)
            if name not in inputs:
                yield files.find(INPUT, where, f"{runbook} takes no input {name}", nearest(name, inputs), key=True)
            elif not (isinstance(value, str) and is_template(value)):
                message, hint = value_problem(value, inputs[name].type, inputs[name].enum)
                if message:
                    yield files.find(INPUT, where, message, hint)
