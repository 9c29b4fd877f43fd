"""From a declared incident to its closed review: three processes, the embedded desk, people over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from mayday.domain.timeline import Entry, first_broken
from tests.house import House

pytestmark = [pytest.mark.temporal, pytest.mark.timeout(240)]


async def test_a_resolved_incident_is_reviewed_and_reopened_and_reviewed_again(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        body = {"title": "Nobody can log in", "service": "identity", "severity": "SEV1"}
        answer = await house.call("POST", "/api/v1/incidents", who="dee", body=body)
        assert answer.status_code == 201, answer.text
        incident = answer.json()["id"]
        await house.deputy_is_ana(incident)
        status = f"/api/v1/incidents/{incident}/status"
        assert (await house.post("dee", status, {"status": "resolved", "reason": "a false start"})).status_code == 200

        await house.reviewed(incident, "review_meeting_scheduled")
        await house.happened(incident, "review_invited")
        found = await house.get(f"/api/v1/reviews/{incident}")
        assert found["owner"] == "dee"
        assert found["problem"]
        review = f"/api/v1/reviews/{incident}"
        assert (await house.post("dee", f"{review}/accepts", {})).status_code == 200
        added = await house.post("dee", f"{review}/actions", {"title": "Alert on latency", "owner": "raj"})
        assert added.json()["detail"]["action"] == "A1"

        reopened = await house.post("dee", f"/api/v1/incidents/{incident}/reopen", {"reason": "it is back"})
        assert reopened.status_code == 200, reopened.text
        await house.happened(incident, "reopened")
        assert (await house.post("dee", status, {"status": "resolved", "reason": "now it is"})).status_code == 200

        async def begun_again() -> bool:
            await house.last_words_read(incident)
            found = await house.call("GET", review, who="dee")
            return found.status_code == 200 and found.json()["state"] == "draft"

        await house.until(begun_again, "the second review", within=60)  # until then the first is shown, withdrawn
        listed = (await house.get(f"{review}/actions"))["items"]
        assert [action["title"] for action in listed] == ["Alert on latency"]

        for state in ("in_review", "reviewed"):
            moved = await house.post("dee", f"{review}/state", {"state": state})
            assert moved.status_code == 200, moved.text
        form = {
            "category": "application", "cause_code": "defect", "caused_by_change": False, "detected_by": "customer",
            "impact_started_at": "2026-01-01T00:00:00Z", "impact_ended_at": "2026-01-01T00:10:00Z",
        }  # fmt: skip
        assert (await house.post("dee", f"{review}/closing-form", form)).status_code == 200
        assert (await house.post("raj", f"{review}/actions/A1/complete", {"result": "done"})).status_code == 200
        closing = await house.post("dee", f"{review}/state", {"state": "closed"})
        assert closing.status_code == 200, closing.text

        async def is_closed() -> bool:
            return bool((await house.get(f"/api/v1/incidents/{incident}"))["status"] == "closed")

        await house.until(is_closed, "the incident to be closed")
        await house.happened(incident, "review_finished")
        entries = [Entry.model_validate(entry) for entry in await house.timeline(incident)]
        assert first_broken(entries) is None
        (ticket,) = await house.records.desk.tickets.find(incident_id=incident, kind="action")
        assert (ticket.summary, ticket.state, ticket.close_reason) == ("Alert on latency", "closed", "Done: done")
        (invitation,) = await house.records.desk.outbox.events(incident)
        assert invitation.sequence == 2  # invited, cancelled by the reopening, invited again
        report = await house.call("GET", f"{review}/report", who="dee")
        assert "Nobody can log in" in report.json()["markdown"]
