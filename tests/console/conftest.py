"""Pages are tested over the same house as the API; stories in browsers share a mayday and end what they begin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.console.rooms import Mayday, Rooms, running
from tests.programs import program
from tests.starter.conftest import house, playbooks

__all__ = ["house", "playbooks"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = program("chromium", package="chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def mayday(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mayday]:
    program("chromium", package="chromium")  # without a browser nobody looks at it
    with running(tmp_path_factory.mktemp("console")) as up:
        yield up


@pytest.fixture
def rooms(browser: Browser, mayday: Mayday) -> Iterator[Rooms]:
    opened = Rooms(browser, mayday)
    yield opened
    opened.close()
    assert opened.errors == []
