"""Only what a starter signed counts, on a real server: what goes straight to Temporal is written down and ignored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json, to_json
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from mayday.domain.commands import COMMAND, CommandEnvelope
from mayday.domain.incident import StartInput
from mayday.domain.signed import decision_bytes, review_subject
from mayday.records.keys import HouseKey
from mayday.records.records import Records
from mayday.signing import Signer
from mayday.simulator.desk import ScenarioDesk
from mayday.temporal.histories import replay
from mayday.temporal.plugin import build_plugin
from tests.stores import Clock
from tests.workflows.conftest import command
from tests.workflows.test_on_a_real_server import SERVER, Providers, opened, until, worker
from workflows.incident import IncidentWorkflow
from workflows.signatures import Seal

Opening = tuple[StartInput, ScenarioDesk]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    existing = str(SERVER) if SERVER.exists() else None
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=existing, plugins=[build_plugin()], dev_server_log_level="error"
    ) as environment:
        yield environment.client


@pytest.fixture
async def records() -> AsyncIterator[Records]:
    async with await Records.open("sqlite://", clock=Clock()) as opened_records:
        yield opened_records


@pytest.fixture
def signer(records: Records) -> Signer:
    return Signer(records.keys, Clock())


async def pinned(opening: Opening, signer: Signer, name: str, **more: Any) -> tuple[StartInput, ScenarioDesk]:
    start, desk = opening
    facts = {"decision_keys": await signer.pinned(), "id": f"INC-{name}", "workflow_id": f"incident/{name}", **more}
    return start.model_copy(update=facts), desk


async def refusals(handle: WorkflowHandle[Any, Any], providers: Providers) -> list[dict[str, Any]]:
    waiting: list[dict[str, Any]] = await handle.query("timeline", 0, result_type=list[dict[str, Any]])
    entries = {entry["hash"]: entry for entry in [*providers.stored, *waiting]}
    return sorted((one for one in entries.values() if one["kind"] == "refused"), key=lambda one: int(one["seq"]))


async def refused(handle: WorkflowHandle[Any, Any], kind: str, envelope: Any) -> str | None:
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await handle.execute_update(kind, envelope)
    cause = failed.value.cause
    assert isinstance(cause, ApplicationError)
    return cause.type


def forged(envelope: CommandEnvelope, **changed: Any) -> dict[str, Any]:
    """A signed decision with something else in it."""
    sent: dict[str, Any] = from_json(to_json(envelope))
    return {**sent, "command": {**sent["command"], **changed}}


@pytest.mark.temporal
async def test_what_is_sent_straight_to_temporal_does_not_count(
    client: Client, opening: Opening, signer: Signer
) -> None:
    start, desk = await pinned(opening, signer, "straight")
    providers = Providers(desk)
    vote = command("vote", "sam", decision="change", choice="approve", reason="go")
    async with worker(client, providers):
        handle = await opened(client, start)
        await until(handle, providers, "gate_opened")
        # without a signature, as signal and as update, in an envelope and bare
        await handle.signal("command_sent", CommandEnvelope(command=vote))
        assert await refused(handle, "vote", CommandEnvelope(command=vote)) == "unsigned"
        assert await refused(handle, "vote", vote) == "unsigned"
        # with one that was made for something else
        signed = await signer.for_incident(start.id, vote)
        assert await refused(handle, "vote", forged(signed, actor="kim")) == "unsigned"
        assert await refused(handle, "vote", forged(signed, received_at="2026-03-02T02:00:00Z")) == "unsigned"
        assert await refused(handle, "vote", forged(signed, channel="phone")) == "unsigned"
        assert await refused(handle, "vote", await signer.for_incident("INC-other", vote)) == "unsigned"
        entries = await refusals(handle, providers)
        assert [(one["actor"], one["data"]["code"], one["data"]["command"]) for one in entries] == [
            ("unknown", "unsigned", "vote")
        ] * 7
        assert "sam" in entries[0]["text"]
        # and the same decision signed, for which nothing was spoilt
        answer = await handle.execute_update("vote", signed, id=vote.id)
        assert answer["state"] == "applied"
        decided = await until(handle, providers, "gate_decided")
        assert decided["data"]["outcome"] == "approved"


@pytest.mark.temporal
async def test_who_was_believed_is_believed_again_at_a_replay(client: Client, opening: Opening, signer: Signer) -> None:
    start, desk = await pinned(opening, signer, "again")
    async with worker(client, Providers(desk)):
        handle = await opened(client, start)
        for number in range(3):
            note = command("note", "ana", number, text="seen")
            await handle.signal("command_sent", CommandEnvelope(command=note))
            assert await refused(handle, "note", CommandEnvelope(command=note)) == "unsigned"
            signed = await signer.for_incident(start.id, note)
            assert (await handle.execute_update("note", signed))["state"] == "applied"
        history = await handle.fetch_history()
    for strict in (False, True):
        await replay(history, workflows=[IncidentWorkflow], strict=strict)


@pytest.mark.temporal
async def test_a_new_run_believes_no_more_than_the_one_before(client: Client, opening: Opening, signer: Signer) -> None:
    start, desk = await pinned(opening, signer, "long", continue_as_new_after=20)
    providers = Providers(desk)
    async with worker(client, providers):
        handle = await opened(client, start)
        first = (await handle.describe()).run_id
        number = 0
        while (await handle.describe()).run_id == first:
            number += 1
            note = command("note", "ana", number, text="still here")
            await handle.signal("command_sent", await signer.for_incident(start.id, note))
            await asyncio.sleep(0.05)
        assert (
            await refused(handle, "note", CommandEnvelope(command=command("note", "ana", 900, text="x"))) == "unsigned"
        )
        for sent in NOTHING_OF_OURS:
            await handle.signal("command_sent", args=sent)
        good = await signer.for_incident(start.id, command("note", "ana", 901, text="x"))
        assert (await handle.execute_update("note", good))["state"] == "applied"


@pytest.mark.temporal
async def test_a_rotation_stops_no_open_incident(
    client: Client, opening: Opening, signer: Signer, records: Records
) -> None:
    start, desk = await pinned(opening, signer, "rotated")
    providers = Providers(desk)
    clock = Clock()
    clock.forward(days=90)
    await records.keys.add("decisions")
    later = Signer(records.keys, clock)
    assert len(await later.pinned()) == 2
    async with worker(client, providers):
        handle = await opened(client, start)
        note = command("note", "ana", text="signed with both keys")
        assert (await handle.execute_update("note", await later.for_incident(start.id, note)))["state"] == "applied"
        await records.keys.retire("first-decisions")
        newest = Signer(records.keys, clock)
        note = command("note", "ana", 2, text="signed with a key that came later")
        assert await refused(handle, "note", await newest.for_incident(start.id, note)) == "unsigned"


@pytest.mark.temporal
async def test_nobody_hands_over_what_was_not_ordered(client: Client, opening: Opening, signer: Signer) -> None:
    survivor, desk = await pinned(opening, signer, "survivor")
    duplicate, _ = await pinned(opening, signer, "duplicate")
    providers = Providers(desk)
    async with worker(client, providers):
        staying, going = await opened(client, survivor), await opened(client, duplicate)
        made_up = {"what": "merge", "from": "INC-none", "from_workflow": "incident/none", "by": "ana", "reason": "x"}
        await staying.signal("absorbed", made_up)
        await staying.signal("absorbed", {"what": "ended", "order": {"incident": "INC-none", "command": {}}})
        while len(await refusals(staying, providers)) < 2:
            await asyncio.sleep(0.05)
        merge = command("merge", "ana", into=survivor.id, into_workflow=survivor.workflow_id, reason="same cause")
        await going.execute_update("merge", await signer.for_incident(duplicate.id, merge))
        merged = await until(staying, providers, "merged_in")
        assert merged["data"]["source"] == duplicate.id
        assert [one["data"]["command"] for one in await refusals(staying, providers)] == ["absorbed"] * 2


NOTHING_OF_OURS: list[list[Any]] = [
    [], ["x"], [None], [1], [[]], [{}], [True, False, None], [{"command": None}], [{"command": "note"}],
    [{"command": {"kind": "nosuch" * 1000}}], [{"command": {"kind": "note", "id": 5, "actor": ["sam"]}}],
    [{"command": {"kind": "note", "actor": "sam"}, "signatures": 7}], [{"kind": "note"}], [{"events": [{}]}],
]  # fmt: skip


@pytest.mark.temporal
async def test_nothing_that_is_sent_straight_to_temporal_wedges_a_run(
    client: Client, opening: Opening, signer: Signer
) -> None:
    """What a signal handler raises fails a run's task for good. Whatever arrives leaves an entry, and no more."""
    start, desk = await pinned(opening, signer, "garbage")
    providers = Providers(desk)
    async with worker(client, providers):
        handle = await opened(client, start)
        for sent in ([{}], [{"command": {"kind": "outage", "from_at": "2026-03-02T02:00:00", "to_at": 1}}]):
            await handle.signal("outage_ended", args=sent)
        for sent in NOTHING_OF_OURS:
            for name in ("command_sent", "absorbed", "alerts_fired"):
                await handle.signal(name, args=sent)
        note = await signer.for_incident(start.id, command("note", "ana", text="still here"))
        async with asyncio.timeout(30):
            assert (await handle.execute_update("note", note))["state"] == "applied"
        entries = await refusals(handle, providers)
        assert {one["actor"] for one in entries} == {"unknown"}
        assert {one["data"]["command"] for one in entries} == {"command", "absorbed", "alerts", "outage"}
        assert {one["data"]["code"] for one in entries} == {"invalid", "unsigned"}
        assert all(len(one["data"]["reason"]) < 500 for one in entries)
        for wrong in ("x", None, 1, [], {}, {"command": None}):
            assert await refused(handle, "vote", wrong) == "invalid"
        history = await handle.fetch_history()
    for strict in (False, True):
        await replay(history, workflows=[IncidentWorkflow], strict=strict)


@pytest.mark.temporal
async def test_what_stands_under_a_signed_order_may_be_anything(
    client: Client, opening: Opening, signer: Signer
) -> None:
    """Whoever reads histories has the order of a merge, and can put what they like beside it."""
    start, desk = await pinned(opening, signer, "ordered")
    providers = Providers(desk)
    async with worker(client, providers):
        handle = await opened(client, start)
        merge = command("merge", "ana", into=start.id, into_workflow=start.workflow_id, reason="same cause")
        order = {**from_json(to_json(await signer.for_incident("INC-duplicate", merge))), "incident": "INC-duplicate"}
        for content in ({"what": "merge"}, {"what": "alerts"}, {"what": "alerts", "events": [{}]}, {"what": []}):
            await handle.signal("absorbed", {**content, "order": order})
        note = await signer.for_incident(start.id, command("note", "ana", text="still here"))
        async with asyncio.timeout(30):
            assert (await handle.execute_update("note", note))["state"] == "applied"


class OneKey:
    """A store that holds one key."""

    async def in_use(self, purpose: str) -> list[HouseKey]:
        return [HouseKey("k", purpose, b"k" * 32, datetime(2026, 1, 1, tzinfo=UTC))]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(result=st.dictionaries(st.text(), VALUES, max_size=4), at=st.datetimes(timezones=st.just(UTC)))
async def test_a_signature_survives_the_way_whatever_was_said(result: dict[str, Any], at: datetime) -> None:
    try:
        to_json(result)
    except ValueError:  # a lone surrogate: no HTTP body carries one
        return
    complete = {"kind": "complete", "id": "c", "actor": "ana", "received_at": at, "task": "t", "result": result}
    signer = Signer(OneKey(), Clock())  # type: ignore[arg-type]
    travelled = from_json(to_json(await signer.for_incident("INC-1", COMMAND.validate_python(complete))))
    keys = await signer.pinned()
    assert Seal("INC-1", keys).holds(travelled)
    assert not Seal("INC-2", keys).holds(travelled)
    assert not Seal(review_subject("INC-1"), keys).holds(travelled)
    assert Seal("INC-2", []).holds({})


@pytest.mark.parametrize(
    "envelope",
    [{}, {"command": {}}, {"command": {}, "signatures": []}, {"command": [], "signatures": {}},
     {"command": {}, "signatures": {"KEY": "no base64!"}}, {"command": {}, "signatures": {"KEY": None}},
     {"command": {"x": float("nan")}, "signatures": {"KEY": "AA=="}}],
)  # fmt: skip
async def test_what_is_no_signature_is_none(envelope: dict[str, Any], signer: Signer) -> None:
    (key,) = await signer.pinned()
    if "KEY" in envelope.get("signatures", {}):
        envelope = {**envelope, "signatures": {key: envelope["signatures"]["KEY"]}}
    assert not Seal("INC-1", [key]).holds(envelope)


async def test_a_pinned_key_that_is_none_believes_nothing(signer: Signer) -> None:
    sent = from_json(to_json(await signer.for_incident("INC-1", command("note", "ana", text="x"))))
    assert not Seal("INC-1", ["no key"]).holds(sent)


def test_the_signed_bytes_are_these() -> None:
    """Starters and workers of different versions meet: this must not change."""
    assert decision_bytes("INC-1", {"b": 1, "a": "é"}) == b'mayday decision 1\nINC-1\n{"a":"\\u00e9","b":1}'
