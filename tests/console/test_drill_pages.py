"""Drills in the console: the form that starts one, what every page of it says, its buttons, and the score card."""

from __future__ import annotations

from typing import Any

import pytest

from mayday.domain.commands import Drill
from mayday.domain.incident import NextInject
from tests.console.test_pages import HTML, look, press, shown
from tests.starter.conftest import House
from tests.starter.doubles import START

FORM = {"title": "Cards fail", "service": "payments", "severity": "SEV1"}
NIGHT = b"""timeline:
  - {at: T+2m, alert: {title: cards, labels: {service: payments}}}
  - {at: T+4m, vote: emergency_change, by: sam, choice: approve}
  - {at: T+9m, note: the press calls}
"""
OPENED: dict[str, Any] = {"title": "Cards fail", "service": "payments", "drill": True}


async def started(house: House, **form: str) -> str:
    answer = await press(house, "/drills/new", {**FORM, "go": "yes", **form})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"].rpartition("/")[2])


def running(house: House, drill: str, *entries: tuple[str, str, dict[str, Any]], **facts: Any) -> None:
    shown(house, drill, ("opened", "ana", OPENED), *entries, **facts)
    run = house.run(drill)
    assert run.board is not None
    run.board = run.board.model_copy(update={"drill": True})


async def test_a_scenario_of_the_library_is_shown_before_it_starts(house: House) -> None:
    page = (await look(house, "/drills/new?runbook=payments_sev1")).text
    assert "stories/4 one cause many faces (4, for payments sev1)" in page
    assert "<option selected>payments_sev1</option>" in page
    given = {**FORM, "scenario": "stories/4_one_cause_many_faces"}
    preview = await press(house, "/drills/new", {**given, "look": "yes"})
    assert preview.status_code == 200
    assert "4 to happen, of stories/4_one_cause_many_faces" in preview.text
    drill = await started(house, scenario=given["scenario"])
    start = house.run(drill).start
    assert (start.drill, len(start.injects)) == (True, 4)


async def test_a_scenario_of_ones_own_is_kept_between_looking_and_starting(house: House) -> None:
    headers = {"Authorization": f"Bearer {await house.token('ana')}", **HTML}
    file = {"file": ("night.yaml", NIGHT, "application/yaml")}
    preview = await house.http.post("/drills/new", data={**FORM, "look": "yes"}, files=file, headers=headers)
    assert "2 to happen, of night.yaml" in preview.text
    assert "emergency_change" not in preview.text, "people vote themselves"
    kept = preview.text.split('name="kept" value="')[1].split('"')[0].replace("&#34;", '"')
    drill = await started(house, kept=kept)
    assert [inject.what for inject in house.run(drill).start.injects] == ["alert cards", "news: the press calls"]


@pytest.mark.parametrize(
    ("file", "form", "words"),
    [
        (b"just: words", {}, "it has no timeline"), (b"a: [", {}, "is no scenario: line"),
        (b"timeline: [{at: soon, note: x}]", {}, "scenario night.yaml: 1: at:"),
        (b"", {"scenario": "../../etc/passwd"}, "there is none of the name"), (b"", {"kept": "[1]"}, "choose it again"),
        (b"", {"service": ""}, "service"), (b"", {"runbook": "nowhere"}, "no runbook nowhere"),
    ],
)  # fmt: skip
async def test_what_cannot_be_played_is_refused_and_the_form_kept(
    house: House, file: bytes, form: dict[str, str], words: str
) -> None:
    headers = {"Authorization": f"Bearer {await house.token('ana')}", **HTML}
    files = {"file": ("night.yaml", file, "application/yaml")} if file else None
    answer = await house.http.post("/drills/new", data={**FORM, "go": "yes", **form}, files=files, headers=headers)
    assert (answer.status_code, words in answer.text) == (422, True), answer.text
    assert 'value="Cards fail"' in answer.text


async def test_a_viewer_starts_none(house: House) -> None:
    house.tokens["viewer"], _ = await house.parts.records.tokens.create("lee", level="viewer")
    assert (await look(house, "/drills/new", "viewer")).status_code == 403
    assert (await press(house, "/drills/new", {**FORM, "go": "yes"}, "viewer")).status_code == 403
    assert "Start a drill" not in (await look(house, "/drills", "viewer")).text


async def test_every_page_of_a_drill_says_so(house: House) -> None:
    drill = await started(house)
    running(house, drill)
    for path in (f"/incidents/{drill}", f"/incidents/{drill}/words", f"/incidents/{drill}/steps",
                 f"/incidents/{drill}/score-card", f"/reviews/{drill}"):  # fmt: skip
        assert "drill-banner" in (await look(house, path)).text, path
    real = await house.declared("payments")
    assert "drill-banner" not in (await look(house, f"/incidents/{real}")).text
    assert (await look(house, f"/incidents/{real}/score-card")).status_code == 409


async def test_room_and_board_say_that_it_stands_back_and_for_what(house: House) -> None:
    drill = await started(house)
    coming = [NextInject(what="alert cards", at=START)]
    running(house, drill, injects=coming)
    room = (await look(house, f"/incidents/{drill}")).text
    assert "the next of its scenario, now: alert cards" in room
    assert "Pause the drill" in room
    assert "Let the drill go on" not in room
    paused = ("drill_paused", "owner", {"reason": "SEV1 search down is real", "incident": "INC-REAL", "told": []})
    running(house, drill, paused, drill_paused_at=START, injects=[NextInject(what="alert cards")])
    room = (await look(house, f"/incidents/{drill}", "raj")).text
    assert "Drill, paused" in room
    assert "SEV1 search down is real" in room
    assert 'href="/incidents/INC-REAL"' in room
    assert "Let the drill go on" in room
    assert "Let something happen" not in room
    assert "drill, paused" in (await look(house, "/")).text
    owner = (await look(house, f"/incidents/{drill}", None)).text
    assert "Let the drill go on" not in owner, "it takes a person"


async def test_what_cannot_be_taken_back_is_asked_once_more(house: House) -> None:
    drill = await started(house)
    running(house, drill)
    path = f"/incidents/{drill}/do/drill"
    for form, words in (
        ({"action": "end", "reason": "enough"}, "cannot be taken up again"),
        ({"action": "inject", "sort": "note", "words": "the press calls"}, "cannot be taken back: the press calls"),
    ):
        assert words in (await press(house, path, form)).text
    assert house.run(drill).commands == []
    for form in (
        {"action": "pause", "reason": "lunch"}, {"action": "inject", "sort": "next", "words": "", "sure": "yes"},
        {"action": "inject", "sort": "alert", "words": "cards", "sure": "yes"},
        {"action": "inject", "sort": "vendor_reply", "step": "case", "kind": "eta", "words": "an hour", "sure": "yes"},
    ):  # fmt: skip
        assert (await press(house, path, form)).status_code == 303
    sent = [each.command for each in house.run(drill).commands if isinstance(each.command, Drill)]
    assert [(each.action, each.inject.what if each.inject else None) for each in sent] == [
        ("pause", None), ("inject", None), ("inject", "alert cards"), ("inject", "case: the vendor says eta an hour"),
    ]  # fmt: skip


async def test_the_list_leads_to_the_score_card(house: House) -> None:
    drill = await started(house)
    running(
        house, drill, ("paged", "system", {"page": "wake", "purpose": "page", "people": ["lee"]}),
        ("acknowledged", "lee", {"page": "wake", "after_s": 90}), ("gate_opened", "system", {"decision": "change"}),
    )  # fmt: skip
    assert "when it is over" in (await look(house, "/drills")).text
    card = (await look(house, f"/incidents/{drill}/score-card")).text
    assert "00:01:30 / 00:01:30" in card
    assert "decision: change" in card
    assert "Lee" not in card.partition("<main")[2], "roles, never persons"
    record = await house.parts.directory.find(drill)
    await house.parts.records.incidents.save(record.model_copy(update={"status": "cancelled", "ended_at": START}))
    assert f'href="/incidents/{drill}/score-card"' in (await look(house, "/drills")).text
