"""Bodies that no sender would write: thousands of them, and never a 5xx, never a traceback.

Each starts from a real body and is bent in one to four places: bytes flipped, cut, doubled; values exchanged for every
kind of nonsense; keys dropped, renamed, deepened. What comes out is taken (202), or refused with a reason (400).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from structlog.testing import capture_logs

from mayday.providers.inbound import Malformed
from mayday.providers.sources import NAMES, inbound_source
from tests.providers.inbound.conftest import TOKEN
from tests.providers.inbound.samples import SAMPLES, delivery, needed
from tests.starter.conftest import House

pytestmark = needed

#: Twilio's bodies are forms
SOURCES = [name for name in NAMES if name != "twilio"]
NONSENSE: list[Any] = [
    None, True, False, 0, -1, 1e308, -0.0, 10**30, 2**63, "", " ", "x" * 5000, "\x00", "\ud800", "𝔘𝔫𝔦", "null", "NaN",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-13-45T99:99:99Z", "-1", "1" * 400, "{{ 7 }}", "$ID", "{PID}",
    "INC-01KB2C3D4E5F6G7H8J9KAMBNCP/page#1/ana/push", "resolved", "firing", "OPEN", "closed", [], {}, [[]], [None],
    {"": ""}, {"a": {"b": {"c": []}}}, [{"labels": 7}], "<script>", "'; DROP TABLE inbox; --", "\u202e", "a\nb",
]  # fmt: skip


def bodies() -> list[tuple[str, bytes]]:
    """Every sample under the source that takes it."""
    found = [
        (path.parent.name, path.read_bytes())
        for path in sorted((SAMPLES / "webhooks").rglob("*.json"))
        if path.parent.name in SOURCES
    ]
    jsm = (SAMPLES / "webhooks" / "opsgenie" / "constructed_jsm_create.json").read_bytes()
    issue = {
        "webhookEvent": "jira:issue_updated", "timestamp": 1772417400000, "user": {"accountId": "5b1"},
        "issue": {"key": "OPS-7", "fields": {"summary": "x", "labels": ["mayday"], "status": {"name": "Done"}}},
        "changelog": {"id": "1", "items": [{"field": "status", "fromString": "Open", "toString": "Done"}]},
        "comment": {"id": "1", "body": {"type": "doc", "content": [{"type": "text", "text": "hello"}]}},
    }  # fmt: skip
    bmc = {"values": {"Incident Number": "INC000000000101", "Status": "Assigned", "Description": "down"}}
    zoom = {"event": "meeting.participant_joined", "event_ts": 1772417400000,
            "payload": {"object": {"id": "97763643886", "participant": {"user_name": "Ana"}}}}  # fmt: skip
    plain = {"id": "p", "title": "Probe", "state": "firing", "labels": {"team": "db"}, "started_at": 1772417400}
    return [
        *found, ("bmc", json.dumps(bmc).encode()), ("zoom", json.dumps(zoom).encode()), ("jira", jsm),
        ("jira", json.dumps(issue).encode()), ("generic", json.dumps(plain).encode()),
        ("generic", json.dumps({"alerts": [plain, plain]}).encode()),
    ]  # fmt: skip


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in _places(item, (*path, key)))]


def _bend_value(data: Any, chance: Random) -> Any:
    """One place of the data is exchanged, dropped, renamed or doubled."""
    path = chance.choice(_places(data))
    if not path:
        return chance.choice([*deepcopy(NONSENSE), data, [data], {"data": data}, {"event": data}])
    holder = data
    for key in path[:-1]:
        holder = holder[key]
    key = path[-1]
    how = chance.randrange(6)
    if how == 0:
        del holder[key]
    elif how == 1 and isinstance(holder, dict):
        holder[chance.choice(["", "id", str(key).upper(), str(key)[:-1], "\x00", "alerts"])] = holder.pop(key)
    elif how == 2 and isinstance(holder, list):
        holder.extend([holder[key]] * chance.choice([1, 50]))
    elif how == 3:
        holder[key] = [holder[key]]
    else:
        holder[key] = deepcopy(chance.choice(NONSENSE))
    return data


def _bend_bytes(raw: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(raw) + 1)
    match chance.randrange(6):
        case 5 if b":" in raw:  # a value that is as deep as a parser goes
            colon = raw.find(b":", at % raw.rfind(b":") if raw.rfind(b":") else 0) + 1
            depth = chance.randrange(850, 1000)
            return raw[:colon] + b"[" * depth + b"]" * depth + b',"was":' + raw[colon:]
        case 0:
            return raw[:at]
        case 1:
            return raw[:at] + bytes([chance.randrange(256)]) + raw[at + 1 :]
        case 2:
            return raw[:at] + raw[at // 2 :]
        case 3:
            return raw[:at] + chance.choice([b"\xff", b"{", b"]", b"1e999", b"\\ud800", b"[" * 2000]) + raw[at:]
        case _:
            return raw.replace(b'"', b"'", 1)


def mutated(raw: bytes, chance: Random) -> bytes:
    """A body bent in one to four places."""
    if chance.random() < 0.25:
        for _ in range(chance.randint(1, 4)):
            raw = _bend_bytes(raw, chance)
        return raw
    data = json.loads(raw)
    for _ in range(chance.randint(1, 4)):
        data = _bend_value(data, chance)
    return json.dumps(data).encode()


async def play(house: House, times: int, seed: int, watch: Callable[[str], None]) -> Counter[int]:
    """Posts that many mutated bodies; returns how often each status came."""
    chance, known, statuses = Random(seed), bodies(), Counter[int]()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with capture_logs() as logs:
        for turn in range(times):
            source, raw = known[turn % len(known)]
            body = mutated(raw, chance)
            answer = await house.http.post(f"/webhooks/{source}", content=body, headers=headers)
            statuses[answer.status_code] += 1
            told = f"seed {seed}, turn {turn}, {source}: {answer.status_code} {answer.text[:300]}\n{body[:3000]!r}"
            if answer.status_code not in (200, 202, 400, 413):
                raise AssertionError(told)
            if answer.status_code == 400:
                assert answer.json()["detail"], told
            if turn % 500 == 499:  # forget, so that thousands of incidents do not slow the rest
                house.gateway.runs.clear()
                house.gateway.all_runs.clear()
                house.clock.forward(hours=1)
                watch(f"{turn + 1} of {times}")
    broken = [entry for entry in logs if "exc_info" in entry or entry["event"] == "request_failed"]
    assert broken == []
    return statuses


def _quiet(_: str) -> None: ...


async def test_a_thousand_mutated_bodies(ready: House) -> None:
    statuses = await play(ready, 1_000, 20261122, _quiet)
    assert statuses[202] > 300, "most of them still say something"
    assert statuses[400] > 100


async def test_a_body_as_deep_as_the_parser_goes_is_refused_or_read(ready: House) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    for source in (*SOURCES, "generic"):
        statuses = set()
        for depth in range(200, 1000, 10 if source == "generic" else 100):
            body = b'{"title":"x","id":"1","state":"open","item":' + b"[" * depth + b"]" * depth + b"}"
            statuses.add((await ready.http.post(f"/webhooks/{source}", content=body, headers=headers)).status_code)
        assert statuses <= {202, 400}, source


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_twenty_thousand_mutated_bodies(ready: House) -> None:
    statuses = await play(ready, 20_000, 4, _quiet)
    assert sum(statuses.values()) == 20_000
    assert statuses[202] > 6_000


def test_whatever_is_read_is_an_event_or_a_refusal() -> None:
    """Without HTTP and store: only the readers, which see what a stranger wrote first."""
    chance = Random(7)
    known = bodies()
    for turn in range(4_000):
        name, raw = known[turn % len(known)]
        source = inbound_source(name)
        assert source is not None
        given = delivery(mutated(raw, chance), at=delivery(b"").received_at + timedelta(seconds=turn))
        try:
            found = source.events(given)
            source.callbacks(given)
        except (Malformed, RecursionError):
            continue
        for event in found:
            assert event.state in ("firing", "resolved")
            assert event.alert_key
            assert 0 < len(event.title) <= 200
            assert len(event.model_dump_json()) < 64 * 1024
