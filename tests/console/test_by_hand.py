"""A night that is run by hand: steps that are not in the file, votes given away, a broken glass, every override."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from mayday.domain.effects import IncidentCard
from mayday.domain.timeline_words import thing
from mayday.providers.teams.cards import question_card
from tests.console.rooms import PATIENCE, Rooms, declared, over, reachable, told, waits

pytestmark = [pytest.mark.browser, pytest.mark.temporal, pytest.mark.timeout(600)]


def overridden(page: Page, step: str, action: str, *, to: str = "", result: str = "") -> None:
    """One override by its form, asked once more."""
    page.locator("#override > summary").click()
    form = page.locator("#override form")
    form.get_by_label("Step, cadence or phase").fill(step)
    form.get_by_label("What", exact=True).select_option(action)
    if to:
        form.get_by_label(re.compile("^To")).select_option(to)
    form.get_by_label(re.compile("^Result")).fill(result)
    form.get_by_label("Reason").fill(f"{action} by hand")
    form.get_by_role("button", name="Override").click()
    expect(page.get_by_text("You overrule the runbook")).to_be_visible()
    page.get_by_role("button", name="Yes, do it").click()
    what = action.replace("_", " ")
    told(page, f"overrode {re.escape(thing(step, quoted=True))}: {what}.*, {action} by hand")


def test_what_is_not_in_the_file_is_added_by_form(rooms: Rooms) -> None:
    ana = rooms.enter("ana")
    room = declared(ana, "Added by hand", "console_overrides").removeprefix(rooms.mayday.url)
    ana.get_by_role("link", name="Add a step").click()
    reachable(ana)
    ana.get_by_role("link", name="Give a task").click()
    ana.get_by_label("Who", exact=True).select_option("person.ana")
    ana.get_by_label("What to do").fill("Look into {{ incident.titel }}")
    ana.get_by_label("What comes back").select_option("boolean")
    ana.get_by_role("button", name="Give the task").click()
    expect(ana.locator("#e-text")).to_contain_text("incident.titel is not known")
    expect(ana.get_by_label("Minutes")).to_have_value("15")
    reachable(ana)
    ana.get_by_label("What to do").fill("Look into {{ incident.title }}")
    ana.get_by_role("button", name="Give the task").click()
    mine = waits(ana, "Look into Added by hand")
    expect(mine).to_contain_text("for you", timeout=PATIENCE)
    mine.get_by_label("yes").check()
    mine.get_by_role("button", name="Send the answer").click()
    told(ana, "completed “ask 1”: answer: yes")

    # whoever does not lead is told who does
    sam = rooms.enter("sam", f"{room}/steps?kind=any", width=390, height=844, dark=True)
    expect(sam.locator("main")).to_contain_text("steps are added by Ana Ruiz")
    reachable(sam)
    rooms.errors = [error for error in rooms.errors if "422" not in error and "403" not in error]
    ana.goto(room)
    over(ana)


def test_the_link_of_a_card_in_teams_leads_to_where_the_no_asks_why(rooms: Rooms) -> None:
    ana = rooms.enter("ana")
    room = declared(ana, "Who is there", "console_overrides").removeprefix(rooms.mayday.url)
    card = IncidentCard(
        id=room.removeprefix("/incidents/"), title="t", severity="SEV2", status="investigating", service="s"
    )
    shown = question_card("t", card, rooms.mayday.url, page="role:deputy", purpose="role", choices=[], names=[])
    [link] = [each["url"] for each in shown["actions"] if each["title"] == "I cannot take it"]
    dee = rooms.enter("dee", width=390, height=844)
    dee.goto(link)
    reason = dee.locator("#w-role-deputy-why")
    expect(reason).to_be_visible()
    expect(reason).to_be_in_viewport()
    expect(dee.locator("#w-role-deputy h3")).to_be_in_viewport()
    reason.fill("I am on a plane")
    dee.get_by_role("button", name="Decline").tap()
    told(ana, "Dee Novak cannot take deputy: I am on a plane")
    over(ana)


def test_a_vote_is_given_away_and_the_glass_is_broken_and_ratified(rooms: Rooms) -> None:
    ana = rooms.enter("ana")
    room = declared(ana, "Nobody answers", "console_overrides").removeprefix(rooms.mayday.url)
    sam = rooms.enter("sam", room)
    gate = waits(sam, "Send checkout past")
    gate.get_by_text("Let somebody vote for me").click()
    gate.get_by_label("Who", exact=True).select_option("lee")
    gate.get_by_role("button", name="Delegate this vote").click()
    told(ana, "Sam Reilly delegates to Lee Carter")

    dana = rooms.enter("dana", room, width=390, height=844)
    broken = waits(dana, "Send checkout past")
    broken.get_by_text("Break the glass: go ahead").click()
    expect(broken).to_contain_text("It takes Dana Okafor and, besides, incident commander")
    broken.get_by_label("Why it cannot wait").fill("ten thousand people wait")
    reachable(dana)
    broken.get_by_role("button", name="Break the glass").tap()
    expect(dana.get_by_text("You break the glass")).to_be_visible()
    dana.get_by_role("button", name="Yes, do it").tap()
    second = waits(ana, "Send checkout past")
    expect(second).to_contain_text("Dana Okafor breaks the glass: ten thousand people wait", timeout=PATIENCE)
    second.get_by_label("Why it cannot wait").fill("and nobody of the board answers")
    second.get_by_role("button", name="Break the glass").click()
    ana.get_by_role("button", name="Yes, do it").click()
    told(ana, "Past the gateway")

    # those who should have decided say afterwards whether it was right
    kim = rooms.enter("kim", room)
    ratified = waits(kim, "Ratify afterwards")
    ratified.get_by_label("Reason").fill("we would have said so")
    ratified.get_by_role("button", name="Ratify it").click()
    told(ana, "Kim Larsen voted approve on “ratify emergency change”")
    expect(waits(ana, "Ratify afterwards")).to_contain_text("Ana Ruiz may not vote: broke the glass")
    reachable(ana)
    ana.goto(room)
    over(ana)


def test_everything_can_be_overruled(rooms: Rooms) -> None:
    ana = rooms.enter("ana")
    declared(ana, "Overruled", "console_overrides")
    expect(waits(ana, "Look at the gateway")).to_be_visible(timeout=PATIENCE)
    offered = {
        option.get_attribute("value"): option.get_attribute("label")
        for option in ana.locator("#override-steps option").all()
    }
    assert offered["cadence:technical_update"] == "technical update, runs"
    assert (offered["phase:by_hand"], offered["watch"]) == ("the phase of now", "not begun")
    overridden(ana, "cadence:technical_update", "pause")
    expect(ana.locator("#override-steps option[value='cadence:technical_update']")).to_have_attribute(
        "label", "technical update, paused"
    )
    overridden(ana, "cadence:technical_update", "resume")
    overridden(ana, "first_look", "reassign", to="lee")
    overridden(ana, "room", "complete", result="url: https://meet.example/night")
    told(ana, r"overrode “room”: complete")
    overridden(ana, "quiet", "skip")
    overridden(ana, "quiet", "retry")
    overridden(ana, "first_look", "cancel")
    overridden(ana, "phase:by_hand", "end_phase")
    told(ana, "phase last entered")
    over(ana)


def test_moments_are_written_in_the_zone_of_who_writes_them(rooms: Rooms) -> None:
    ana = rooms.enter("ana")
    room = declared(ana, "Elsewhere in time", "console_overrides").removeprefix(rooms.mayday.url)
    form = waits(ana, "Where do we meet")
    form.get_by_label("url").fill("https://meet.example/night")
    since = form.get_by_label(re.compile("^since"))
    expect(form.get_by_text("(Europe/Berlin)")).to_be_visible()
    since.fill("2026-03-02T03:10")  # winter: UTC+1
    expect(form.locator("[data-utc]")).to_contain_text("Mon 02 Mar 02:10 UTC")
    ana.locator("[data-zone]").click()
    expect(since).to_have_value("2026-03-02T02:10")
    expect(form.locator("[data-utc]")).to_contain_text("03:10 Europe/Berlin")
    ana.locator("[data-zone]").click()
    expect(since).to_have_value("2026-03-02T03:10")
    form.get_by_role("button", name="Send the answer").click()
    told(ana, "completed “room”: .*since: 2026-03-02T02:10:00|completed “room”: .*03:10:00")
    entries = rooms.mayday.api("GET", f"/api/v1{room}/timeline?kind=task_completed").json()["items"]
    assert entries[-1]["data"]["result"]["since"] == "2026-03-02T02:10:00Z"
    over(ana)
