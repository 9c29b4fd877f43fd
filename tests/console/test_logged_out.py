"""A browser that is logged out while somebody writes in it: nothing is shown after that, and nothing typed is lost."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.console.rooms import PATIENCE, Rooms, declared, over, reachable, told

pytestmark = [pytest.mark.browser, pytest.mark.temporal, pytest.mark.timeout(600)]


def logged_out_beside(page: Page) -> Page:
    """Another tab of the same browser logs out; it stands at the way in."""
    other = page.context.new_page()
    other.goto("/logout")
    other.get_by_role("button", name="Log out").click()
    expect(other.get_by_label("One-time code or token")).to_be_visible()
    return other


def logged_in_beside(rooms: Rooms, tab: Page, person: str) -> None:
    tab.get_by_label("One-time code or token").fill(rooms.mayday.token(person))
    tab.get_by_role("button", name="Log in").click()
    expect(tab.locator("header .name")).to_be_visible(timeout=PATIENCE)
    tab.close()


def come_back(page: Page) -> None:
    page.bring_to_front()
    page.evaluate("window.dispatchEvent(new Event('focus'))")  # a browser without a screen gives no tab the focus


def test_a_log_out_in_another_tab_ends_what_is_told_and_loses_nothing_typed(rooms: Rooms) -> None:
    ana = rooms.enter("ana")
    room = declared(ana, "Logged out in the middle")
    ana.get_by_text("Add a note").click()
    note = ana.get_by_label("Note", exact=True)
    note.fill("the pool is exhausted, <b>not</b> the disk")
    wire = ana.locator("[data-wire]")

    other = logged_out_beside(ana)
    expect(wire).to_contain_text("You are logged out", timeout=PATIENCE)
    reachable(ana)
    rooms.mayday.api("POST", f"/api/v1{room.removeprefix(rooms.mayday.url)}/notes", {"text": "said after the log-out"})
    ana.get_by_role("button", name="Add the note").click()
    expect(ana.get_by_text("Not sent: you are logged out")).to_be_visible()
    expect(note).to_have_value("the pool is exhausted, <b>not</b> the disk")
    expect(ana.locator("[data-rows]")).not_to_contain_text("said after the log-out")

    logged_in_beside(rooms, other, "ana")
    come_back(ana)
    told(ana, "said after the log-out")
    expect(wire).to_have_text("", timeout=PATIENCE)
    ana.get_by_role("button", name="Add the note").click()
    told(ana, "the pool is exhausted, <b>not</b> the disk")

    rooms.errors = [error for error in rooms.errors if "401" not in error]
    over(ana)


def test_a_session_that_ended_while_the_line_was_down_is_said_to_have(rooms: Rooms) -> None:
    """The lid was closed for the night: the page came back and reconnected for ever, without a word of why."""
    ana = rooms.enter("ana")
    declared(ana, "The lid was closed")
    down = True
    ana.route("**/*", lambda route: route.abort() if down else route.continue_())
    rooms.mayday.stop()
    expect(ana.locator("[data-wire]")).to_contain_text("econnect", timeout=PATIENCE)
    rooms.mayday.start()
    for session in rooms.mayday.api("GET", "/api/v1/access/sessions").json()["items"]:
        if session["person"] == "ana":
            rooms.mayday.api("POST", f"/api/v1/access/sessions/{session['id']}/end", {})
    down = False
    expect(ana.locator("[data-wire]")).to_contain_text("You are logged out", timeout=PATIENCE)
    here = ana.url.removeprefix(rooms.mayday.url)
    assert ana.locator("[data-wire] a").get_attribute("href") == f"/login?next={quote(here, safe='')}"
    ended = {"status": "cancelled", "reason": "the story is over"}
    rooms.mayday.api("POST", f"/api/v1{here}/status", ended)
    ana.context.close()  # it asks on and on, and is told on and on that nobody is logged in
    rooms.errors = []
    rooms.mayday.kept.pop("ana", None)


def test_what_one_person_typed_is_never_sent_as_another(rooms: Rooms) -> None:
    ana = rooms.enter("ana")
    declared(ana, "Two people at one machine")
    ana.get_by_text("Add a note").click()
    ana.get_by_label("Note", exact=True).fill("written by Ana")
    other = logged_out_beside(ana)
    logged_in_beside(rooms, other, "kim")
    come_back(ana)
    expect(ana.locator("[data-wire]")).to_contain_text("logged in as Kim Larsen now", timeout=PATIENCE)
    ana.get_by_role("button", name="Add the note").click()
    expect(ana.get_by_text("Not done:")).to_be_visible()
    expect(ana.get_by_label("Note", exact=True)).to_have_value("written by Ana")
    rooms.errors = [error for error in rooms.errors if "401" not in error and "403" not in error]
    again = rooms.enter("ana", ana.url.removeprefix(rooms.mayday.url))
    expect(again.locator("[data-rows]")).not_to_contain_text("written by Ana")
    over(again)
