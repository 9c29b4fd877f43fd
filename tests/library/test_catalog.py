"""The catalog of the repository: whole, and with all that the language reference gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from mayday.language.catalog import Catalog

FOLDER = Path(__file__).parents[2] / "runbooks" / "catalog"
KINDS_IN_PARTS = ("people", "groups", "schedules", "services", "vendors", "audiences", "severities")


def merged() -> dict[str, Any]:
    """The union of the files; a key given twice is a mistake."""
    whole: dict[str, Any] = {"apiVersion": "catalog/v1", "kind": "Catalog"}
    for path in sorted(FOLDER.glob("*.yaml")):
        data = yaml.safe_load(path.read_text())
        assert (data.pop("apiVersion"), data.pop("kind")) == ("catalog/v1", "Catalog"), path.name
        for key, value in data.items():
            assert key not in whole, f"{key} in {path.name} is in another file too"
            whole[key] = value
    return whole


def catalog() -> Catalog:
    return Catalog.model_validate(merged())


def _refs(found: Catalog) -> list[str]:
    refs = [ref for level in found.access.values() for ref in level]
    refs += [ref for kind in found.authorities.values() for people in kind.values() for ref in people]
    refs += [service.owner for service in found.services.values() if service.owner]
    refs += [to for audience in found.audiences.values() for to in audience.to if "@" not in to]
    return refs


def test_it_is_a_catalog() -> None:
    assert len(catalog().people) >= 12


def test_every_reference_leads_somewhere() -> None:
    found = catalog()
    kinds = {"person": found.people, "group": found.groups, "schedule": found.schedules}
    for ref in _refs(found):
        kind, _, name = ref.partition(".")
        assert name in kinds[kind], ref
    for person in found.people.values():
        assert person.delegate is None or person.delegate in found.people
    for people in found.groups.values():
        assert set(people) <= set(found.people)
    for service in found.services.values():
        assert set(service.depends_on) <= set(found.services)
        assert service.vendor is None or service.vendor in found.vendors
        assert service.owner or service.vendor


def test_every_runbook_that_is_named_is_in_the_library() -> None:
    found = catalog()
    library = {path.stem for path in (FOLDER.parent / "library").glob("*.yaml")}
    named = {name for service in found.services.values() for name in service.runbooks.values()}
    routes = list(found.routes)
    while routes:
        route = routes.pop()
        routes += route.routes
        if route.incident and route.incident.runbook:
            named.add(route.incident.runbook)
        if route.incident and route.incident.service:
            assert route.incident.service in found.services
    assert named <= library


def test_the_last_route_takes_everything_and_pages_somebody() -> None:
    last = catalog().routes[-1]
    assert last.match == {}
    assert last.routes == []
    assert last.incident is not None
    assert last.incident.page


def test_services_that_hang_on_each_other_are_one_cause() -> None:
    found = catalog()
    assert {found.cause_of(name) for name in ("checkout", "payments", "gateway")} == {"gateway"}


def test_every_severity_promises_an_acknowledgement_and_major_ones_updates() -> None:
    found = catalog()
    assert list(found.severities) == ["SEV1", "SEV2", "SEV3", "SEV4", "SEV5"]
    for name in ("SEV1", "SEV2"):
        policy = found.severities[name]  # type: ignore[index]
        assert policy.major
        assert set(policy.updates) == {"technical", "executives", "customers"}
