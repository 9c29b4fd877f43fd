"""What the next commander reads: state, open decisions, clocks and risks at the moment of the handover."""

from __future__ import annotations

from pathlib import Path

from mayday.language.library import Library
from mayday.simulator.files import ScenarioFile

ROOT = Path(__file__).parents[2]
NIGHT = """
apiVersion: runbook/v1
kind: Scenario
metadata: { name: a handover in the middle of the night }
runbook: payments_sev1
given:
  start: "2026-03-02T02:10:00Z"
  incident: { title: Payments down, service: payments, severity: SEV1, customers_affected: 4200 }
  roles: { incident_commander: ana, deputy: dee, comms_lead: li }
timeline:
  - { at: T+45m, hold_outward: true, by: ana, reason: lawyers }
  - { at: T+47m, role: incident_commander, person: max, by: ana }
"""


async def test_a_handover_says_what_is_open_and_what_may_go_wrong(tmp_path: Path) -> None:
    scenario = tmp_path / "night.yaml"
    scenario.write_text(NIGHT)
    report, _ = await ScenarioFile(scenario, Library.load(ROOT / "runbooks")).play()
    assert report.passed
    brief = next(entry["data"]["brief"] for entry in report.timeline if entry["data"].get("handover"))
    assert "SEV1 Payments down" in brief
    assert "customers affected: 4200" in brief
    assert "Approve the emergency change that bypasses the gateway? (no vote yet; waits for Sam Reilly" in brief
    assert "[emergency_change]" in brief
    assert "response, due 02:30 UTC, then breached already [gateway]" in brief
    assert "update to customers, due 03:10 UTC [customer_update]" in brief
    assert "gateway_co in breach; outward messages are held" in brief
