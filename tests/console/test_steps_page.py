"""Steps that people add by form: what is wrong is said at the field, what was written stays, what is right goes."""

from __future__ import annotations

from typing import Any

import pytest

from mayday.language.runbook import Step
from starter.console.step_forms import KINDS
from tests.console.test_pages import SCRIPT, look, shown
from tests.starter.conftest import House

GOOD: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "page": (
        {"whom": "schedule.payments_primary", "message": "Look at {{ incident.title }}", "via": ["push", "sms"],
         "join_within": "10"},
        {"page": "schedule.payments_primary", "message": "Look at {{ incident.title }}", "via": ["push", "sms"],
         "join_within": "10m"},
    ),
    "task": (
        {"to": "person.raj", "text": "Check the resolvers", "minutes": "15", "answer": "boolean"},
        {"ask": {"to": "person.raj", "question": "Check the resolvers", "due": "15m",
                 "on_overdue": {"notify": "role.incident_commander"}, "fields": {"answer": {"type": "boolean"}}}},
    ),
    "decide": (
        {"question": "Freeze deployments?", "voters": ["person.sam", "role.deputy"], "approvals": "2", "veto": "yes",
         "minutes": "15", "escalate": "person.dana"},
        {"decide": "Freeze deployments?",
         "voters": {"from": ["person.sam", "role.deputy"], "approvals": 2, "veto": True}, "timeout": "15m",
         "on_timeout": {"escalate": "person.dana", "then": "lapsed"}, "outcomes": {"approved": [], "rejected": []}},
    ),
    "engage": (
        {"vendor": "vendor.gateway_co", "priority": "P1", "summary": "Cards are refused"},
        {"engage": "vendor.gateway_co", "with": {"priority": "P1", "summary": "Cards are refused"}},
    ),
    "send": (
        {"audience": "audience.technical", "text": "We roll back", "reader": "role.comms_lead", "within": "5"},
        {"send": {"to": "audience.technical", "text": "We roll back",
                  "review": {"by": "role.comms_lead", "within": "5m", "on_timeout": "skip"}}},
    ),
    "any": (
        {"yaml": "- id: quiet\n  wait: { for: 10m }"},
        {"id": "quiet", "wait": {"for": "10m"}},
    ),
}  # fmt: skip


async def send(house: House, incident: str, kind: str, form: dict[str, Any], person: str = "ana") -> Any:
    headers = {"Authorization": f"Bearer {await house.token(person)}", "Accept": "text/html"}
    return await house.http.post(f"/incidents/{incident}/steps?kind={kind}", data=form, headers=headers)


@pytest.mark.parametrize("kind", KINDS)
async def test_each_form_makes_a_step_of_the_language(house: House, kind: str) -> None:
    incident = await house.declared()
    text = (await look(house, f"/incidents/{incident}/steps?kind={kind}")).text
    form, step = GOOD[kind]
    for name in form:
        assert f'name="{name}"' in text
    answer = await send(house, incident, kind, form)
    assert answer.status_code == 303, answer.text
    command = house.run(incident).commands[-1].command.model_dump()
    assert (command["kind"], command["step"], command["actor"], command["channel"]) == (
        "add_step", step, "ana", "console",
    )  # fmt: skip
    Step.model_validate({"id": "x", **step})


@pytest.mark.parametrize(
    ("kind", "form", "field", "words"),
    [
        ("page", {"whom": "schedule.nobody", "message": "come"}, "whom", "nobody"),
        ("page", {"whom": "person.raj", "message": "{{ incident.titel }}"}, "message", "titel"),
        ("page", {"whom": "person.raj", "message": "come", "join_within": "0"}, "join_within", "longer than zero"),
        ("task", {"to": "person.nobody", "text": "x", "minutes": "5"}, "to", "nobody"),
        ("task", {"to": "person.raj", "text": "x", "minutes": "soon"}, "minutes", "soon"),
        ("task", {"to": "person.raj", "text": "{{ steps.nope.result.ok }}", "minutes": "5", "answer": "boolean"},
         "text", "nope"),
        ("decide", {"question": "Go?", "voters": [], "approvals": "1", "minutes": "15"}, "voters", "from"),
        ("decide", {"question": "Go?", "voters": ["person.sam"], "approvals": "3", "minutes": "15"}, "approvals", "3"),
        ("decide", {"question": "Go?", "voters": ["person.raj"], "approvals": "1", "minutes": "15",
                    "action": "dr.invoke", "plan": "x"}, "voters", "authority"),
        ("engage", {"vendor": "vendor.nobody", "priority": "P1", "summary": "x"}, "vendor", "nobody"),
        ("send", {"audience": "audience.nobody", "text": "x"}, "audience", "nobody"),
        ("any", {"yaml": "lgo: hello"}, "yaml", "lgo"),
        ("any", {"yaml": "wait: {"}, "yaml", "line 2"),
        ("any", {"yaml": ""}, "yaml", "empty"),
    ],
)  # fmt: skip
async def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(
    house: House, kind: str, form: dict[str, Any], field: str, words: str
) -> None:
    incident = await house.declared()
    answer = await send(house, incident, kind, {**form, "id": "kept_name"})
    assert answer.status_code == 422
    said = answer.text.split(f'id="e-{field}"', 1)
    assert len(said) == 2, f"nothing at {field}: {answer.text[answer.text.index('<form') :]}"
    assert words in said[1].split("</p>", 1)[0]
    assert f'aria-describedby="e-{field}"' in answer.text
    for name, value in form.items():
        if isinstance(value, str) and name not in ("whom", "to", "vendor", "audience"):
            assert value.replace("{", "{") in answer.text or f'value="{value}"' in answer.text
    assert house.run(incident).commands == []


async def test_what_the_incident_refuses_is_said_at_the_field_too(house: House) -> None:
    incident = await house.declared()
    house.gateway.refusals["add_step"] = ("invalid", "step page_1: page: person.raj is no policy or person")
    answer = await send(house, incident, "page", GOOD["page"][0])
    assert answer.status_code == 422
    assert "is no policy" in answer.text.split('id="e-whom"', 1)[1].split("</p>", 1)[0]
    house.gateway.refusals["add_step"] = ("not_yours", "steps are added by commander or deputy")
    answer = await send(house, incident, "page", GOOD["page"][0])
    assert answer.status_code == 409
    assert "steps are added by commander or deputy" in answer.text


async def test_pressing_twice_adds_once_and_a_changed_form_is_another_step(house: House) -> None:
    incident = await house.declared()
    for form in (GOOD["page"][0], GOOD["page"][0], {**GOOD["page"][0], "message": "other"}):
        assert (await send(house, incident, "page", {**form, "key": "k1"})).status_code == 303
    first, second, third = (each.command.id for each in house.run(incident).commands)
    assert first == second != third


async def test_what_is_written_comes_back_as_text(house: House) -> None:
    incident = await house.declared(title=f"t{SCRIPT}")
    for kind, name in (("page", "message"), ("any", "yaml"), ("decide", "question"), ("task", "id")):
        answer = await send(house, incident, kind, {name: f'"{SCRIPT}'})
        assert answer.status_code == 422
        assert SCRIPT not in answer.text


async def test_viewers_add_nothing_and_there_is_no_other_kind(house: House) -> None:
    incident = await house.declared()
    house.tokens["lee"], _ = await house.parts.records.tokens.create("lee", level="viewer")
    assert (await look(house, f"/incidents/{incident}/steps", "lee")).status_code == 403
    assert (await send(house, incident, "page", GOOD["page"][0], "lee")).status_code == 403
    assert (await look(house, f"/incidents/{incident}/steps?kind=nope")).status_code == 404
    shown(house, incident)
    assert f'href="/incidents/{incident}/steps"' in (await look(house, f"/incidents/{incident}")).text
