"""An incident's page says what looked alike, and what helped then: escaped, linked, and only while it is open."""

from __future__ import annotations

from typing import Any

from tests.console.test_pages import SCRIPT, look, shown
from tests.starter.conftest import House

KNOWN: dict[str, Any] = {
    "kind": "known_error", "ref": "INC-2", "title": "SEV1 Checkout slow", "note": "closed, 2026-02-11",
    "url": "https://mayday.example/reviews/INC-2", "workaround": "Route past the gateway", "cause": "vendor_fault",
    "problem": "PRB-7",
}  # fmt: skip


def found(*items: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    return "action_finished", "system", {"action": "knowledge.similar", "outputs": {"items": list(items)}}


async def test_what_looked_alike_and_what_helped_stands_at_the_head(house: House) -> None:
    incident = await house.declared()
    shown(house, incident, found(KNOWN, {"kind": "incident", "title": "SEV2 Till slow", "note": "resolved"}))
    text = (await look(house, f"/incidents/{incident}")).text
    assert '<a href="https://mayday.example/reviews/INC-2">SEV1 Checkout slow</a>' in text
    assert "closed, 2026-02-11, vendor fault, PRB-7" in text
    assert "<b>What helped:</b> Route past the gateway" in text
    assert "SEV2 Till slow" in text


async def test_no_word_and_no_address_of_it_is_believed(house: House) -> None:
    incident = await house.declared()
    shown(house, incident, found({**KNOWN, "title": SCRIPT, "workaround": SCRIPT, "url": "javascript:alert(1)"}))
    text = (await look(house, f"/incidents/{incident}")).text
    assert SCRIPT not in text
    assert 'href="javascript:' not in text


async def test_nothing_that_looked_alike_is_no_line(house: House) -> None:
    incident = await house.declared()
    shown(house, incident, found())
    assert "Seen before" not in (await look(house, f"/incidents/{incident}")).text
