"""Words to customers in real browsers: written, read by somebody else, corrected, held, let go."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.console.rooms import PATIENCE, Rooms, declared, over, reachable, tab_to, told, waits

SENT_BY_HAND = """async ([path, fields]) => {
  const form = new URLSearchParams({...fields, csrf_token: document.querySelector("[name=csrf_token]").value});
  const answer = await fetch(path, {method: "POST", body: form, headers: {Accept: "application/json"}});
  return {status: answer.status, ...(await answer.json())};
}"""


def written(page: Page, words: str) -> None:
    page.get_by_label("Text", exact=True).fill(words)
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview-title")).to_be_in_viewport()
    reachable(page)


def test_words_to_customers_are_read_corrected_held_and_let_go(rooms: Rooms) -> None:
    ana = rooms.enter("ana")
    room = declared(ana, "Cards are declined").removeprefix(rooms.mayday.url)
    expect(ana.locator("[data-wire]")).to_be_hidden()  # it speaks when the connection is gone, and only then

    # too early: the preview says so, and nothing has left
    ana.get_by_role("link", name="Write an update").click()
    ana.get_by_text("customers", exact=True).click()
    written(ana, "It is fixed.")
    expect(ana.locator(".leaving")).to_contain_text("the incident is investigating")
    written(ana, "Cards fail in <b>Europe</b>.")
    expect(ana.locator(".outgoing")).to_contain_text("Cards fail in <b>Europe</b>.")
    ana.get_by_role("button", name="Give it to a second reader").click()
    told(ana, "Read and release to customers")
    expect(ana.locator(".side")).to_contain_text("Nothing has been said to anybody yet")

    # who wrote it sees it and cannot release it, whatever they send
    review = waits(ana, "Read and release to customers")
    expect(review.get_by_role("button", name="Release", exact=True)).to_have_count(0)
    review.get_by_role("link", name="As it will leave, on every channel").click()
    expect(ana.locator(".leaving")).to_contain_text("Ana Ruiz wrote it. Somebody else reads and releases it: Li Chen.")
    expect(ana.get_by_role("button")).to_have_count(1)  # the zone of the times
    ana.goto(room)
    yes = {"task": "review:update:1", "release": "yes", "draft": ""}
    no = ana.evaluate(SENT_BY_HAND, [f"{room}/do/completions", yes])
    assert no["status"] == 409, no

    # the second reader, on a phone, sees what will leave, mends a word, and releases it
    li = rooms.enter("li", room, width=390, height=844)
    waits(li, "Read and release to customers").get_by_role("link", name=re.compile("As it will leave")).tap()
    li.get_by_label("Text as it shall leave").fill("Cards fail in Europe.")
    li.get_by_role("button", name="Preview again").tap()
    expect(li.locator(".outgoing")).to_contain_text("Cards fail in Europe.")
    reachable(li)
    li.get_by_role("button", name="Release", exact=True).tap()
    told(ana, "update to customers: Cards fail in Europe.")

    # it was wrong: corrected, and held while the correction waits for its reader
    ana.goto(room)
    ana.get_by_role("link", name="It is wrong: correct it").first.click()
    written(ana, "Cards fail everywhere.")
    expect(ana.locator(".outgoing")).to_contain_text("Correction: Cards fail everywhere.")
    ana.get_by_role("button", name="Give it to a second reader").click()
    waits(ana, "Read and release the correction to customers").wait_for()
    ana.locator("summary", has_text="Hold outward").click()
    ana.locator("#hold-reason").fill("legal reads along")
    ana.get_by_role("button", name="Hold every outward message").click()
    told(li, "Ana Ruiz holds every outward message: legal reads along")
    li.goto(room)
    expect(li.locator(".head")).to_contain_text("held by Ana Ruiz since")
    waits(li, "Read and release the correction").get_by_role("link", name=re.compile("As it will leave")).tap()
    expect(li.locator(".leaving")).to_contain_text("This one will wait until they are let go")
    li.get_by_role("button", name="Release", exact=True).tap()
    told(ana, "held for customers")
    ana.goto(room)
    expect(ana.locator(".head")).to_contain_text("Waits to leave: correction to customers.")
    reachable(ana)

    # let go with nothing but the keyboard, in the dark
    dark = rooms.enter("ana", room, dark=True)
    tab_to(dark, dark.locator("#hold summary"))
    dark.keyboard.press("Enter")
    tab_to(dark, dark.locator("#hold-reason"), most=2)
    dark.keyboard.type("legal has read it")
    tab_to(dark, dark.get_by_role("button", name="Let them go"), most=2)
    dark.keyboard.press("Enter")
    told(ana, "correction to customers: Cards fail everywhere.")
    expect(ana.locator(".head")).not_to_contain_text("Outward messages are held", timeout=PATIENCE)
    reachable(dark)
    over(ana)
