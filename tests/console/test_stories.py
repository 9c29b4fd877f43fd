"""Whole nights in real browsers, over a real server, worker and starter."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.console.rooms import PATIENCE, Rooms, declared, over, reachable, tab_to, told, waits

pytestmark = [pytest.mark.browser, pytest.mark.temporal, pytest.mark.timeout(600)]


#: what somebody sends who does not care for buttons, with the proof that a form of the page carries
SENT_BY_HAND = """async ([path, fields]) => {
  const csrf_token = document.querySelector("[name=csrf_token]").value;
  const body = new URLSearchParams({ ...fields, csrf_token, key: "by hand" });
  return (await fetch(path, { method: "POST", body, headers: { Accept: "application/json" } })).json();
}"""


def test_a_night_from_the_declaration_to_the_review(rooms: Rooms) -> None:
    ana = rooms.enter("ana")
    reachable(ana)
    ana.get_by_role("link", name="Declare an incident").click()
    reachable(ana)
    room = declared(ana, "Checkout returns 5xx").removeprefix(rooms.mayday.url)

    # whoever declares commands until somebody takes over; people are called, the first on call wakes late
    expect(ana.locator(".facts")).to_contain_text("Ana Ruiz", timeout=PATIENCE)
    told(ana, "climbs to")
    raj = rooms.enter("raj", room, width=390, height=844)
    mine = waits(raj, "Checkout returns 5xx").filter(has_text="for you")
    expect(mine.get_by_role("button", name="Acknowledge", exact=True)).to_be_visible()
    reachable(raj)
    mine.get_by_role("button", name="Acknowledge", exact=True).tap()
    told(ana, "Raj Patel acknowledged “page payments”")

    # two of the board decide, each in a browser of their own; who asked for it has no button and is refused
    sam, kim = rooms.enter("sam", room, width=390, height=844), rooms.enter("kim", room)
    asked = waits(sam, "Send checkout past")
    asked.get_by_label("Reason").fill("the way back is tested")
    asked.get_by_role("button", name="Approve").tap()
    expect(waits(kim, "Send checkout past").locator(".tally")).to_have_text("1 of 2 approvals", timeout=PATIENCE)
    expect(waits(kim, "Send checkout past")).to_contain_text("Sam Reilly approved: the way back is tested")
    barred = waits(ana, "Send checkout past")
    expect(barred).to_contain_text("You may not vote here: asked for it")
    expect(barred.get_by_role("button", name="Approve")).to_have_count(0)
    told_no = ana.evaluate(SENT_BY_HAND, [f"{room}/do/votes", {"decision": "emergency_change", "choice": "approve"}])
    assert "Ana Ruiz may not vote" in told_no["detail"]
    assert (told_no["status"], told_no["code"]) == (409, "excluded")
    # nor does a responder steer: the page says who does
    expect(raj.get_by_text("Set the status")).to_have_count(0)
    expect(raj.locator(".steers")).to_contain_text("are for Ana Ruiz")
    reachable(ana)
    kim.get_by_label("Reason").first.fill("seen the plan")
    waits(kim, "Send checkout past").get_by_role("button", name="Approve").click()
    told(ana, "“emergency change”: approved")

    # words go out as previewed, and come back on every page
    ana.goto(room)
    ana.get_by_role("link", name="Write an update").click()
    ana.get_by_text("technical", exact=True).click()
    ana.get_by_label("Text").fill("The bypass is being switched on.\nNext word in half an hour.")
    ana.get_by_role("button", name="Preview").click()
    expect(ana.locator(".outgoing")).to_have_text(re.compile("SEV2 Checkout returns 5xx\\s*The bypass is being"))
    reachable(ana)
    ana.get_by_role("button", name="Send it to technical").click()
    told(kim, "update to technical: The bypass is being switched on")

    # command is handed over, and held only once it is accepted; the next commander likes it dark
    ana.goto(room)
    ana.get_by_text("Hand over a role").click()
    ana.locator("#role-name").select_option("incident_commander")
    ana.locator("#role-person").select_option("dee")
    ana.get_by_role("button", name="Offer it").click()
    dee = rooms.enter("dee", room, dark=True)
    expect(dee.locator(".facts")).to_contain_text("Ana Ruiz")
    offer = waits(dee, "Incident commander is offered")
    offer.get_by_role("button", name="Accept").click()
    expect(ana.locator(".facts")).to_contain_text("Dee Novak", timeout=PATIENCE)
    expect(dee.get_by_text("Hand over a role")).to_be_visible(timeout=PATIENCE)  # buttons change hands with the role
    ana.mouse.move(0, 0)
    expect(ana.locator(".steers")).to_contain_text("are for Dee Novak", timeout=PATIENCE)
    reachable(dee)

    # the task's form, then resolved: asked once more, and over
    form = waits(dee, "Do cards go through?")
    form.get_by_label("yes").check()
    form.get_by_role("button", name="Send the answer").click()
    told(dee, "mitigated: cards go through again")
    dee.get_by_text("Status", exact=True).last.click()
    dee.get_by_label("New status").select_option("resolved")
    dee.locator("#status-reason").fill("quiet for a while")
    dee.get_by_role("button", name="Set the status").click()
    expect(dee.get_by_text("every page and vendor clock stops")).to_be_visible()
    dee.get_by_role("button", name="Yes, do it").click()
    expect(dee.get_by_role("link", name="The review", exact=True)).to_be_visible(timeout=60_000)
    dee.get_by_role("link", name="The review", exact=True).click()
    for _ in range(20):
        if dee.get_by_role("heading", name="Review: Checkout returns 5xx").count():
            break
        dee.wait_for_timeout(500)
        dee.reload()
    expect(dee.locator(".report")).to_contain_text("Checkout returns 5xx")
    reachable(dee)


def test_a_vote_with_nothing_but_the_keyboard(rooms: Rooms) -> None:
    ana = rooms.enter("ana")
    room = declared(ana, "Keyboards only").removeprefix(rooms.mayday.url)
    noor = rooms.enter("noor", room)
    gate = waits(noor, "Send checkout past")
    expect(gate).to_be_visible(timeout=PATIENCE)
    tab_to(noor, gate.get_by_label("Reason"))
    noor.keyboard.type("the risk is known")
    tab_to(noor, gate.get_by_role("button", name="Reject"), most=3)
    noor.keyboard.press("Enter")
    expect(noor.locator("[data-told]")).to_contain_text("Voted reject", timeout=PATIENCE)
    told(ana, "Noor Haddad voted reject on “emergency change”: the risk is known")
    expect(ana.locator(".facts")).to_contain_text("Ana Ruiz", timeout=PATIENCE)
    over(ana)


def test_every_page_is_reachable_light_and_dark_wide_and_narrow(rooms: Rooms) -> None:
    for width, dark in ((1280, False), (390, True)):
        page = rooms.enter("ana", "/", width=width, dark=dark)
        for path in ("/", "/declare", "/on-call", "/runbooks", "/integrations", "/incidents/INC-NOWHER"):
            page.goto(path)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            reachable(page)
        page.goto("/runbooks/payments_sev1")
        expect(page.locator(".picture svg")).to_be_visible()
    rooms.errors = [error for error in rooms.errors if "404" not in error]


def test_what_is_being_written_stays_while_the_incident_moves(rooms: Rooms) -> None:
    ana = rooms.enter("ana")
    room = declared(ana, "Hands off").removeprefix(rooms.mayday.url)
    sam, kim = rooms.enter("sam", room), rooms.enter("kim", room)
    words = waits(sam, "Send checkout past").get_by_label("Reason")
    words.fill("half a sen")
    waits(kim, "Send checkout past").get_by_role("button", name="Approve").click()
    told(sam, "Kim Larsen voted approve")  # what waited before was another change
    expect(sam.locator("[data-region=now] > .waiting")).to_be_visible(timeout=PATIENCE)
    expect(words).to_have_value("half a sen")
    sam.locator("[data-region=now] > .waiting").click()
    expect(waits(sam, "Send checkout past").locator(".tally")).to_have_text("1 of 2 approvals")
    over(ana)


def test_a_restart_is_seen_and_survived(rooms: Rooms) -> None:
    ana = rooms.enter("ana")
    room = declared(ana, "Everything restarts").removeprefix(rooms.mayday.url)
    expect(ana.locator(".facts")).to_contain_text("Ana Ruiz", timeout=PATIENCE)
    rooms.mayday.stop()
    expect(ana.locator("[data-wire]")).to_contain_text("Reconnecting", timeout=PATIENCE)
    rooms.mayday.start()
    expect(ana.locator("[data-wire]")).to_be_empty(timeout=60_000)
    numbers = ana.locator("[data-rows] .row").evaluate_all("rows => rows.map(row => Number(row.dataset.seq))")
    rooms.errors.clear()  # a refused connection is written to the console by the browser itself
    ana.get_by_text("Add a note").click()
    ana.locator("#note-text").fill("we are back")
    ana.get_by_role("button", name="Add the note").click()
    told(ana, "we are back")
    after = ana.locator("[data-rows] .row").evaluate_all("rows => rows.map(row => Number(row.dataset.seq))")
    assert after == sorted(set(after), reverse=True), "in order, each once"
    assert set(numbers) <= set(after)
    assert after == list(range(after[0], 0, -1)), "none is missing"
    over(ana)
    assert room
