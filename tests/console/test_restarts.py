"""Worker and server die one at a time while a browser watches: the page says so, and is complete afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console.rooms import PATIENCE, Mayday, Rooms, declared, over, running, told

pytestmark = [pytest.mark.browser, pytest.mark.temporal, pytest.mark.timeout(600)]

BACK_WITHIN = 120_000
"""Milliseconds: a worker replays what is open before it polls, on two busy cores."""


@pytest.fixture(scope="module")
def mayday(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mayday]:
    """With a worker in a process of its own."""
    with running(tmp_path_factory.mktemp("restarts"), worker_apart=True) as up:
        yield up


def noted(page: Page, words: str) -> None:
    page.get_by_text("Add a note").click()
    page.locator("#note-text").fill(words)
    page.get_by_role("button", name="Add the note").click()


def complete(page: Page) -> None:
    """In order, each once, none missing."""
    numbers = page.locator("[data-rows] .row").evaluate_all("rows => rows.map(row => Number(row.dataset.seq))")
    assert numbers == list(range(numbers[0], 0, -1))


def test_a_worker_dies_and_comes_back(rooms: Rooms) -> None:
    ana = rooms.enter("ana")
    declared(ana, "The worker dies", "console_overrides")
    expect(ana.locator(".facts")).to_contain_text("Ana Ruiz", timeout=PATIENCE)
    rooms.mayday.kill_worker()
    ana.mouse.move(0, 0)
    expect(ana.get_by_text("No worker answers.")).to_be_visible(timeout=PATIENCE)
    noted(ana, "said while nobody worked")
    expect(ana.locator("[data-told]")).to_contain_text("kept, and counts as soon as a worker is back", timeout=PATIENCE)
    rooms.mayday.start_worker()
    told(ana, "said while nobody worked", BACK_WITHIN)
    expect(ana.get_by_text("No worker answers.")).to_be_hidden(timeout=PATIENCE)
    complete(ana)
    over(ana)


def test_the_server_dies_and_comes_back(rooms: Rooms) -> None:
    ana = rooms.enter("ana")
    declared(ana, "The server dies", "console_overrides")
    expect(ana.locator(".facts")).to_contain_text("Ana Ruiz", timeout=PATIENCE)
    server = rooms.mayday.stop_server()
    ana.mouse.move(0, 0)
    expect(ana.get_by_text("No worker answers.")).to_be_visible(timeout=PATIENCE)
    server.kill()
    expect(ana.get_by_text("No worker answers.")).to_be_hidden(timeout=BACK_WITHIN)
    rooms.errors.clear()  # what could not be asked meanwhile is written there by the browser itself
    noted(ana, "the server is back")
    told(ana, "the server is back", BACK_WITHIN)
    complete(ana)
    over(ana)
