"""A mapping in the catalog makes any JSON an alert; the checker finds what is wrong with it before an alert comes."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from mayday.domain.incident import AlertEvent
from mayday.language.catalog import VENDOR_SOURCES, SourceMapping
from mayday.language.linting import lint
from mayday.providers.generic.inbound import Generic
from mayday.providers.inbound import BadSignature, Malformed
from mayday.providers.sources import NAMES, inbound_source
from tests.language.conftest import folder
from tests.language.folders import Folder
from tests.providers.inbound.samples import NOW, delivery, no_network
from tests.starter.conftest import House

__all__ = ["folder"]

PAGE = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text(encoding="utf-8")
DOCUMENTED = re.findall(r"^```yaml\n(sources:.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[0]
CHECK = {
    "kind": "http", "id": "c1", "name": "Checkout", "region": "eu", "up": False, "changed_at": "2026-03-02T02:09:00Z",
    "service": "checkout", "url": "https://probes.example/c1",
}  # fmt: skip


def documented() -> SourceMapping:
    return SourceMapping.model_validate(yaml.safe_load(DOCUMENTED)["sources"]["probes"])


def read(mapping: SourceMapping | None, body: object) -> list[AlertEvent]:
    return Generic("probes" if mapping else "generic", mapping).events(delivery(body))


def test_the_documented_mapping_reads_its_messages() -> None:
    over = {**CHECK, "id": "c2", "up": True}
    firing, resolved = read(documented(), {"checks": [CHECK, over, {"kind": "ping"}]})
    assert firing == AlertEvent(
        source="probes", dedupe_key="probes:c1-2026-03-02T02:09:00Z:firing", alert_key="c1", state="firing",
        title="Checkout fails in eu", labels={"service": "checkout", "severity": "warning"},
        annotations={"generator_url": "https://probes.example/c1"},
        started_at=datetime(2026, 3, 2, 2, 9, tzinfo=UTC), received_at=NOW,
    )  # fmt: skip
    assert (resolved.state, resolved.alert_key) == ("resolved", "c2")


async def test_it_may_sign_as_it_likes() -> None:
    source = Generic("probes", documented())
    body, stamp = b'{"checks": []}', str(int(NOW.timestamp()))
    good = "sha256=" + hmac.new(b"s3cret", stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    await source.verify(
        delivery(body, headers={"x-signature": good, "x-timestamp": stamp}), ["old", "s3cret"], no_network
    )
    for headers in ({"x-signature": good}, {"x-signature": good[7:], "x-timestamp": stamp}, {},
                    {"x-signature": good, "x-timestamp": str(int(stamp) + 1)}):  # fmt: skip
        with pytest.raises(BadSignature):
            await source.verify(delivery(body, headers=headers), ["s3cret"], no_network)


@pytest.mark.parametrize(
    ("given", "body", "states"),
    [
        ({}, {"s": "up"}, ["firing"]),
        ({"firing": "item.s == 'down'"}, {"s": "up"}, ["resolved"]),
        ({"resolved": "item.s == 'up'"}, {"s": "down"}, ["firing"]),
        ({"firing": "item.s == 'down'", "resolved": "item.s == 'up'"}, {"s": "unsure"}, []),
        ({"when": "item.s == 'down'"}, {"s": "up"}, []),
    ],
)
def test_what_fires_and_what_is_over(given: dict[str, str], body: dict[str, str], states: list[str]) -> None:
    mapping = SourceMapping.model_validate({"title": "x", "key": "{{ item.s }}", **given})
    assert [event.state for event in read(mapping, body)] == states


def test_what_tells_alerts_apart_has_to_be_there_and_a_label_need_not() -> None:
    mapping = SourceMapping(title="{{ item.name }}", key="{{ item.id }}", labels={"service": "{{ item.service }}"})
    (event,) = read(mapping, {"name": "Disk full", "id": 7})
    assert (event.alert_key, event.labels) == ("7", {})
    for body in ({"id": 7}, {"name": "x"}, {"name": "x", "id": ""}, [], 3, {"name": "x", "id": {}}):
        with pytest.raises(Malformed):
            read(mapping, body)


def test_a_value_is_never_a_template_again() -> None:
    mapping = SourceMapping(title="{{ item.name }}", key="{{ item.id }}")
    (event,) = read(mapping, {"name": "{{ headers.authorization }}", "id": "{{ item.id }}"})
    assert (event.title, event.alert_key) == ("{{ headers.authorization }}", "{{ item.id }}")


@pytest.mark.parametrize(
    ("body", "state", "key"),
    [
        ({"title": "Disk full", "key": "disk"}, "firing", "disk"),
        ({"summary": "Disk full", "id": 7, "status": "RESOLVED"}, "resolved", "7"),
        ({"alerts": [{"name": "Disk", "state": "ok", "labels": {"team": "db"}}]}, "resolved", "Disk"),
        ([{"message": "Disk", "id": "x", "timestamp": "yesterday"}], "firing", "x"),
    ],
)
def test_without_a_mapping_a_plain_message_is_read(body: Any, state: str, key: str) -> None:
    (event,) = read(None, body)
    assert (event.source, event.state, event.alert_key) == ("generic", state, key)


def test_names_of_the_catalog_and_of_the_vendors_do_not_mix() -> None:
    assert set(NAMES) == VENDOR_SOURCES
    mappings = {"probes": documented(), "grafana": documented()}
    assert isinstance(inbound_source("probes", mappings), Generic)
    assert not isinstance(inbound_source("grafana", mappings), Generic)
    assert isinstance(inbound_source("generic"), Generic)
    assert inbound_source("pigeons", mappings) is None


def test_the_checker_says_file_and_line(folder: Folder) -> None:
    text = (
        "sources:\n"
        "  grafana: { title: x, key: '{{ item.id }}' }\n"
        "  probes:\n"
        "    title: '{{ itme.name }}'\n"
        "    key: always\n"
        "    each: body.checks\n"
        "    firing: item.up =\n"
        "    labels: { service: '{{ item.service | no_such }}' }\n"
    )
    root = folder.with_keys("catalog/catalog.yaml", text).root
    found = sorted((finding.line, finding.code) for finding in lint([root], root))
    first = min(line for line, _ in found)
    assert [(line - first, code) for line, code in found] == [
        (0, "C617"), (2, "T402"), (3, "C617"), (4, "C617"), (5, "T401"), (6, "T401"),
    ]  # fmt: skip


async def test_a_source_of_the_catalog_has_an_address_and_a_token_of_its_own(
    ready: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = ready.parts.playbooks.catalog
    monkeypatch.setattr(catalog, "sources", {"probes": documented().model_copy(update={"signature": None})})
    monkeypatch.setenv("MAYDAY_WEBHOOK_PROBES_TOKEN", "probes-token")
    known = ready.parts.settings
    ready.parts.settings = type(known)(data=known.data, runbooks=known.runbooks)
    answer = await ready.http.post("/webhooks/probes", json={"checks": [CHECK]}, params={"token": "probes-token"})
    assert (answer.status_code, answer.json()["incidents"][0]["action"]) == (202, "opened")
    assert (await ready.http.post("/webhooks/probes", json={"checks": [CHECK]})).status_code == 401
    broken = await ready.http.post(
        "/webhooks/probes", json={"checks": [{"kind": "http"}]}, params={"token": "probes-token"}
    )
    assert broken.status_code == 400
    assert "item[0]" in broken.json()["errors"][0]["field"]
