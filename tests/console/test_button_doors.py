"""The console's buttons have the API's doors: every button, by every kind of visitor."""

from __future__ import annotations

import pytest

from starter.console.deeds import DEEDS
from tests.console.test_pages import press, shown
from tests.starter.conftest import House

#: a form that each button could send
FORMS: dict[str, dict[str, str]] = {
    "acks": {"page": "p"}, "accepts": {"role": "scribe"}, "votes": {"decision": "d", "choice": "approve"},
    "completions": {"task": "t"}, "candidate": {"accept": "true"}, "notes": {"text": "x"},
    "status": {"status": "identified", "reason": "r"}, "severity": {"severity": "SEV2", "reason": "r"},
    "roles": {"role": "scribe", "person": "kim"}, "impact": {"customers_affected": "1"},
    "hold-outward": {"on": "true", "reason": "r"}, "overrides": {"step": "s", "action": "skip", "reason": "r"},
    "vendor-replies": {"step": "s", "kind": "reply", "text": "x"}, "updates": {"audience": "technical", "text": "x"},
    "merge": {"into": "OTHER", "reason": "r"}, "reopen": {"reason": "r"}, "corrections": {"n": "1", "text": "x"},
    "declines": {"role": "scribe", "reason": "r"}, "delegations": {"to": "max"},
    "drill": {"action": "pause", "reason": "r"},
}  # fmt: skip
PEOPLE = {"viewer": "lee", "responder": "raj", "approver": "sam", "administrator": "ana", "owner": None}


def test_the_table_has_every_button() -> None:
    assert set(FORMS) == set(DEEDS)


@pytest.mark.parametrize("name", FORMS)
async def test_who_gets_through(house: House, name: str) -> None:
    for level, person in PEOPLE.items():
        house.tokens[level], _ = await house.parts.records.tokens.create(person, level=level)
    incident, other = await house.declared("payments"), await house.declared("mainframe")
    shown(house, incident)
    form = {field: value.replace("OTHER", other) for field, value in FORMS[name].items()} | {"sure": "yes"}
    path = f"/incidents/{incident}/do/{name}"
    nobody = await house.http.post(path, data=form, headers={"Accept": "application/json"})
    assert nobody.status_code == 401
    for level in PEOPLE:
        before = len(house.run(incident).commands)
        answer = await press(house, path, form, level, Accept="application/json")
        refused = level == "viewer" or (level == "owner" and DEEDS[name].by_person)
        assert answer.status_code == (403 if refused else 200), f"{level}: {answer.text}"
        assert len(house.run(incident).commands) == before + (0 if refused else 1)
    asleep = {**form, "text": "other words"} if "text" in form else form
    house.gateway.asleep = True
    assert (await press(house, path, asleep, "responder", Accept="application/json")).status_code in (200, 202)
