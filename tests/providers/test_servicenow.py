"""What is ServiceNow's own: fields that are ignored, filters that are not what was asked, journals, blackouts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mayday.domain.errors import Unauthorised
from mayday.domain.ports import TicketClosing
from mayday.language.catalog import Catalog
from tests.doubles.servicenow import ServiceNow
from tests.providers.contract.stand import Stand, incident, stand
from tests.providers.contract.test_tickets import note, order

NOW = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)


@pytest.fixture
async def desk(tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stand]:
    async with stand(ServiceNow, "ticket_desk", "tickets", tmp_path, catalog, monkeypatch) as opened:
        yield opened


@pytest.fixture
async def log(tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stand]:
    async with stand(ServiceNow, "change_log", "change_logs", tmp_path, catalog, monkeypatch) as opened:
        yield opened


def snow(at: Stand) -> ServiceNow:
    assert isinstance(at.vendor, ServiceNow)
    return at.vendor


async def test_a_major_incident_has_the_priority_the_service_and_our_key(desk: Stand) -> None:
    await desk.port.open(order(fields={"severity": "SEV1", "service": "payments", "assignment_group": "Payments"}))
    [row] = snow(desk).records("incident")
    [service], [group] = snow(desk).records("cmdb_ci_service"), snow(desk).records("sys_user_group")
    assert (row["impact"], row["urgency"], row["correlation_id"]) == ("1", "1", "INC-1/ticket#1")
    assert (row["business_service"], row["assignment_group"]) == (service["sys_id"], group["sys_id"])
    assert "severity: SEV1" in row["description"]


async def test_fields_that_are_not_taken_are_named(desk: Stand) -> None:
    snow(desk).read_only.add("urgency")
    fields = {"assignment_group": "Nobody", "u_region": "eu"}
    ticket = await desk.port.open(order(fields=fields))
    assert ticket.ignored == ["assignment_group", "urgency", "u_region"]
    change = await desk.port.open(order("INC-1/change#1", kind="change", fields={"u_region": "eu"}))
    assert change.ignored == ["u_region"]


async def test_a_filter_that_the_platform_ignores_finds_nobody_elses_ticket(
    desk: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown field is left out of the filter, so that any row answers: the value in the row decides."""
    theirs = snow(desk).put("incident", short_description="printer", correlation_id="other/ticket#1")
    from tests.doubles import servicenow

    known = {**servicenow.FIELDS, "incident": servicenow.FIELDS["incident"] - {"correlation_id"}}
    monkeypatch.setattr(servicenow, "FIELDS", known)
    ticket = await desk.port.open(order())
    assert ticket.number != theirs["number"]
    assert "correlation_id" in (ticket.ignored or [])


async def test_an_emergency_change_carries_plan_and_backout_and_the_incident_points_to_it(desk: Stand) -> None:
    main = await desk.port.open(order())
    card = incident(ticket=main.number)
    fields = {"plan": "route past the gateway", "backout": "restore the route"}
    change = await desk.port.open(order("INC-1/change#1", kind="change", incident=card, fields=fields))
    problem = await desk.port.open(order("INC-1/problem#1", kind="problem", incident=card, fields={}))
    [row] = snow(desk).records("change_request")
    assert (row["type"], row["implementation_plan"], row["backout_plan"]) == ("emergency", *fields.values())
    [ticket] = snow(desk).records("incident")
    assert (ticket["rfc"], ticket["problem_id"]) == (change.id, problem.id)


async def test_where_the_change_api_is_not_there_the_table_takes_the_change(desk: Stand) -> None:
    snow(desk).has_change_api = False
    await desk.port.open(order("INC-1/change#1", kind="change"))
    [row] = snow(desk).records("change_request")
    assert row["type"] == "emergency"


async def test_notes_are_work_notes_and_no_text_of_theirs_is_shown_as_html(desk: Stand) -> None:
    ticket = await desk.port.open(order())
    await desk.port.note(note(ticket.number, "title [code]<img src=x onerror=alert(1)>[/CODE]"))
    [text] = snow(desk).notes(ticket.number)
    assert "[code]" not in text.lower()
    assert [each.json.keys() for each in snow(desk).calls("PATCH")] == [{"work_notes"}]


async def test_closing_says_why_in_the_fields_that_the_table_demands(desk: Stand) -> None:
    ticket = await desk.port.open(order())
    await desk.port.close(TicketClosing(effect_key="c", incident_id="INC-1", ticket=ticket.number, reason="restored"))
    [row] = snow(desk).records("incident")
    assert (row["state"], row["close_code"], row["close_notes"]) == ("6", "Solution provided", "restored")


async def test_changes_of_the_service_since_then_are_shown_and_others_are_not(log: Stand) -> None:
    vendor = snow(log)
    [payments] = vendor.records("cmdb_ci_service")
    other = vendor.put("cmdb_ci_service", name="warehouse")
    since = NOW - timedelta(hours=72)

    def change(number: str, service: str, hours: int) -> None:
        at = f"{NOW - timedelta(hours=hours):%Y-%m-%d %H:%M:%S}"
        vendor.put(
            "change_request", number=number, short_description=number, cmdb_ci=service, state="-1", work_start=at,
            sys_created_on=at,
        )  # fmt: skip

    change("CHG1", payments["sys_id"], 5)
    change("CHG2", payments["sys_id"], 80)
    change("CHG3", other["sys_id"], 5)
    freeze = vendor.put("cmn_schedule", name="Year end", sys_class_name="cmn_schedule_blackout")
    holiday = vendor.put("cmn_schedule", name="Holidays", sys_class_name="cmn_schedule")
    for schedule in (freeze, holiday):
        vendor.put(
            "cmn_schedule_span", schedule=schedule["sys_id"], start_date_time="20260301T000000Z",
            end_date_time="20260303T000000Z",
        )  # fmt: skip
    history = await log.port.recent("payments", since)
    assert [(each.number, each.state) for each in history.changes] == [("CHG1", "implement")]
    assert [each.name for each in history.freezes] == ["Year end"]


async def test_an_instance_that_hides_its_blackouts_still_shows_its_changes(log: Stand) -> None:
    snow(log).forbidden.add("cmn_schedule_span")
    assert (await log.port.recent("payments", NOW)).freezes == []
    snow(log).forbidden.add("change_request")
    with pytest.raises(Unauthorised):
        await log.port.recent("payments", NOW)
