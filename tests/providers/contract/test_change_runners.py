"""What everybody has to do who carries out changes: approved there, under way, and never twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mayday.domain.effects import ActionRequest
from mayday.domain.errors import ProviderError, Refused, Unreachable
from mayday.domain.timeline import GENESIS, append
from mayday.language.catalog import Catalog
from mayday.providers.change_orders import VendorChangeRunner
from tests.doubles.bmc import Bmc
from tests.doubles.jira import Jira
from tests.doubles.server import Double
from tests.doubles.servicenow import ServiceNow
from tests.providers.contract.outcomes import HOSTILE, LONG, OUTCOMES, Outcome, raises_cleanly
from tests.providers.contract.stand import Stand, incident, named, stand

VENDORS: list[type[Double]] = [ServiceNow, Jira, Bmc]
REF = "emergency_change#1"
DIGEST = "d" * 64


async def no_wait(seconds: float) -> None:
    """Nothing is written meanwhile in these tests."""


@pytest.fixture(params=[*VENDORS, None], ids=named)
async def changes(
    request: pytest.FixtureRequest, tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stand]:
    async with stand(request.param, "change_runner", "changes", tmp_path, catalog, monkeypatch) as opened:
        if isinstance(opened.port, VendorChangeRunner):
            opened.port._sleep = no_wait
        yield opened


@pytest.fixture(params=VENDORS, ids=named)
async def outside(
    request: pytest.FixtureRequest, tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stand]:
    async with stand(request.param, "change_runner", "changes", tmp_path, catalog, monkeypatch) as opened:
        opened.port._sleep = no_wait
        yield opened


def asked(action: str = "change.execute", key: str = "INC-1/bypass#1", **inputs: Any) -> ActionRequest:
    given = inputs or {"change": "CHG-GATEWAY-BYPASS", "plan": "route past the gateway", "backout": "put it back"}
    return ActionRequest(
        effect_key=key, incident=incident(), action=action, inputs=given, approval=REF, approval_digest=DIGEST
    )


def is_under_way(at: Stand, number: str) -> bool:
    vendor = at.double
    if isinstance(vendor, ServiceNow):
        [row] = [each for each in vendor.records("change_request") if each["number"] == number]
        return (row["state"], row["approval"]) == ("-1", "approved")
    if isinstance(vendor, Jira):
        return str(vendor.issues[number]["status"]) == "Implementing"
    assert isinstance(vendor, Bmc)
    [row] = [each for each in vendor.of_kind("change") if each["Infrastructure Change Id"] == number]
    return str(row["Status"]) == "Implementation In Progress"


def changes_at(at: Stand) -> list[Any]:
    return list(at.double.of_kind("change"))  # type: ignore[attr-defined]


def notes_at(at: Stand, number: str) -> list[str]:
    return list(at.double.notes(number))  # type: ignore[attr-defined]


async def test_an_approved_change_is_ordered_once(changes: Stand) -> None:
    first = await changes.port.run(asked())
    assert first.outputs["outcome"] == "ordered"
    assert first == await changes.port.run(asked())
    if changes.vendor is not None:
        assert len(changes_at(changes)) == 1
        assert is_under_way(changes, first.outputs["ref"])
        changes.forget()  # a worker that died: everything is found again by its key
        assert await changes.port.run(asked()) == first
        assert len(changes_at(changes)) == 1
        assert len(notes_at(changes, first.outputs["ref"])) == 1


async def test_the_change_says_who_approved_what(outside: Stand) -> None:
    data = {
        "decision": "emergency_change", "outcome": "approved", "reason": "needed", "ref": REF, "digest": DIGEST,
        "votes": {"chris": "approve", "dana": "approve"}, "after_s": 250,
    }  # fmt: skip
    at = datetime(2026, 3, 2, 2, 24, 10, tzinfo=UTC)
    decided = append(GENESIS, 1, at, "gate_decided", "chris", "emergency_change", data)
    await outside.records.timeline.append(incident().id, [decided])
    number = (await outside.port.run(asked())).outputs["ref"]
    [told] = notes_at(outside, number)
    for fact in (REF, DIGEST, "chris approve, dana approve", "2026-03-02 02:24:10 UTC", decided.hash, incident().id):
        assert fact in told


async def test_without_the_decisions_entry_the_reference_stands_for_it(outside: Stand) -> None:
    number = (await outside.port.run(asked())).outputs["ref"]
    [told] = notes_at(outside, number)
    assert REF in told
    assert "Votes" not in told


async def test_a_change_that_the_desk_knows_is_taken_by_its_number(outside: Stand) -> None:
    number = (await outside.port.run(asked())).outputs["ref"]
    again = await outside.port.run(asked(key="INC-1/second#1", change=number))
    assert again.outputs["ref"] == number
    assert len(changes_at(outside)) == 1


async def test_a_change_that_is_over_is_refused(outside: Stand) -> None:
    number = (await outside.port.run(asked())).outputs["ref"]
    if isinstance(outside.vendor, ServiceNow):
        outside.vendor.records("change_request")[0]["state"] = "3"
    elif isinstance(outside.vendor, Jira):
        outside.vendor.issues[number]["done"] = True
    else:
        changes_at(outside)[0]["Status"] = "Closed"
    with raises_cleanly((Refused,), outside.double):
        await outside.port.run(asked(key="INC-1/second#1", change=number))


async def test_a_failover_is_an_emergency_change_of_its_own(outside: Stand) -> None:
    done = await outside.port.run(asked("dr.invoke", service="payments", region="eu"))
    assert is_under_way(outside, done.outputs["ref"])
    assert "Disaster recovery of payments in eu" in str(changes_at(outside)[0])


@pytest.mark.parametrize("outcome", OUTCOMES, ids=str)
async def test_a_failure_is_told_as_what_it_is_and_nothing_is_under_way(outside: Stand, outcome: Outcome) -> None:
    outcome.arrange(outside.double, path="/api/arsys" if isinstance(outside.vendor, Bmc) else "")
    with raises_cleanly((*outcome.errors, Unreachable), outside.double):
        await outside.port.run(asked())
    assert changes_at(outside) == []


@pytest.mark.parametrize("how", ["timeout_after", "timeout_before", "malformed", "status"])
async def test_after_any_failure_in_the_middle_the_next_try_makes_one_of_it(outside: Stand, how: Any) -> None:
    """Each of the requests in turn is the one that fails."""
    failed = 0
    for number in range(7):
        outside.double.fail(how, after=number)
        try:
            await outside.port.run(asked(key=f"INC-1/step_{number}#1"))
        except ProviderError:
            failed += 1
        outside.double.recover()
        done = await outside.port.run(asked(key=f"INC-1/step_{number}#1"))
        assert len(changes_at(outside)) == number + 1
        assert is_under_way(outside, done.outputs["ref"])
        assert len(notes_at(outside, done.outputs["ref"])) == 1
    assert failed > 2


async def test_hostile_and_long_texts_pass(outside: Stand) -> None:
    done = await outside.port.run(asked(change="CHG-X", plan=HOSTILE, backout=LONG))
    assert is_under_way(outside, done.outputs["ref"])


async def test_servicenow_goes_the_way_of_emergency_changes_where_a_jump_is_not_allowed(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stand(ServiceNow, "change_runner", "changes", tmp_path, catalog, monkeypatch) as at:
        at.port._sleep = no_wait
        assert isinstance(at.vendor, ServiceNow)
        at.vendor.strict_changes = True
        done = await at.port.run(asked())
        assert is_under_way(at, done.outputs["ref"])
        at.vendor.read_only.add("approval")  # this house lets only its own approvers approve
        with raises_cleanly((Refused,), at.double) as raised:
            await at.port.run(asked(key="INC-1/other#1"))
        assert "its own approvals" in str(raised.value)


async def test_jira_approves_what_our_account_is_asked_for(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stand(Jira, "change_runner", "changes", tmp_path, catalog, monkeypatch) as at:
        at.port._sleep = no_wait
        assert isinstance(at.vendor, Jira)
        at.vendor.approvals["PAY-1"] = [
            {"id": "1", "canAnswerApproval": True}, {"id": "2", "canAnswerApproval": False},
        ]  # fmt: skip
        await at.port.run(asked())
        assert [each.get("finalDecision") for each in at.vendor.approvals["PAY-1"]] == ["approved", None]
