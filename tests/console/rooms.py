"""A mayday with browsers: people of the catalog log in with their tokens, and look at what a real run shows."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, StorageState, expect

ROOT = Path(__file__).parents[2]
STARTS_WITHIN_SECONDS = 120.0
PATIENCE = 30_000
"""Milliseconds for what a real server, a worker and several browsers do on two busy cores."""
WEBHOOK_TOKEN = "change-me"
AXE = Axe()


@dataclass
class Mayday:
    """`mayday up` in a process of its own; `stop` and `start` keep its data."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None
    port: int = 0
    #: whether the worker is a process of its own, to be started and killed by itself
    worker_apart: bool = False
    worker: subprocess.Popen[bytes] | None = None
    #: more of the environment: where providers are
    settings: dict[str, str] = field(default_factory=dict)
    #: what the browser of each person keeps of a log-in
    kept: dict[str, StorageState] = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "data" / "mayday.json").read_text())
        return found

    @property
    def url(self) -> str:
        return str(self.facts["url"])

    def start(self) -> None:
        log = self.folder / "up.log"
        apart = ["--no-worker"] if self.worker_apart else []
        self.process = self._began(log, "up", "--port", str(self.port), *apart)
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while "mayday is up" not in log.read_text():
            assert self.process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        self.port = int(self.url.rpartition(":")[2])
        if self.worker_apart:
            self.start_worker()

    def start_worker(self) -> None:
        self.worker = self._began(self.folder / "worker.log", "worker", TEMPORAL_ADDRESS=self.facts["temporal_address"])

    def kill_worker(self) -> None:
        """At once, as a machine dies."""
        assert self.worker is not None
        self.worker.kill()
        self.worker.wait(10)

    def stop_server(self) -> psutil.Process:
        """The embedded Temporal alone, as if it hung: `mayday up` would start one that has died at once."""
        assert self.process is not None
        [server] = [
            child for child in psutil.Process(self.process.pid).children(recursive=True) if "temporal" in child.name()
        ]
        server.suspend()
        return server

    def _began(self, log: Path, *arguments: str, **more: str) -> subprocess.Popen[bytes]:
        rest = {key: value for key, value in os.environ.items() if not key.startswith(("MAYDAY_", "TEMPORAL_"))}
        environment = {
            **rest, "MAYDAY_DATA": str(self.folder / "data"), "MAYDAY_RUNBOOKS": str(self.folder / "runbooks"),
            "MAYDAY_TEMPORAL_UI_PORT": "off", "MAYDAY_WEBHOOK_ALERTMANAGER_TOKEN": WEBHOOK_TOKEN,
            **self.settings, **more,
        }  # fmt: skip
        with log.open("wb") as out:
            command = [sys.executable, "-m", "mayday", *arguments]
            return subprocess.Popen(command, env=environment, stdout=out, stderr=out, cwd=self.folder)

    def stop(self) -> None:
        if self.worker is not None:
            self.kill_worker()
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(60)
            finally:
                self.process.kill()
                self.process.wait(10)

    def token(self, person: str) -> str:
        answer = self.api("POST", "/api/v1/tokens", {"person": person})
        return str(answer.json()["token"])

    def api(self, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.facts['token']}"}
        answer = httpx.request(method, self.url + path, json=body, headers=headers, timeout=30, trust_env=False)
        assert answer.status_code < 300, answer.text
        return answer


@contextmanager
def running(folder: Path, *, worker_apart: bool = False, settings: dict[str, str] | None = None) -> Iterator[Mayday]:
    """With the library, and the runbook of these stories beside it."""
    shutil.copytree(ROOT / "runbooks", folder / "runbooks")
    for runbook in (Path(__file__).parent / "runbooks").glob("*.yaml"):
        shutil.copy(runbook, folder / "runbooks" / "library")
    mayday = Mayday(folder, worker_apart=worker_apart, settings=settings or {})
    try:
        mayday.start()
        yield mayday
    finally:
        mayday.stop()


@dataclass
class Rooms:
    """Browsers of several people. At the end none of them has seen an error in its console."""

    browser: Browser
    mayday: Mayday
    contexts: list[BrowserContext] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def enter(
        self,
        person: str,
        path: str = "/",
        *,
        width: int = 1280,
        height: int = 900,
        dark: bool = False,
        scripts: bool = True,
    ) -> Page:
        """Somebody opens a link, logs in where that leads to, and is where the link pointed.

        Whoever has been here before still is: a night of stories would be too many logins of one account.
        """
        context = self.browser.new_context(
            base_url=self.mayday.url, viewport={"width": width, "height": height}, has_touch=width < 600,
            is_mobile=width < 600, color_scheme="dark" if dark else "light", timezone_id="Europe/Berlin",
            reduced_motion="reduce", java_script_enabled=scripts, storage_state=self.mayday.kept.get(person),
        )  # fmt: skip
        context.set_default_timeout(PATIENCE)
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: self._heard(person, message.type, message.text))
        page.on("pageerror", lambda error: self.errors.append(f"{person}: {error}"))
        page.goto(path)
        if page.get_by_label("One-time code or token").is_visible():
            page.get_by_label("One-time code or token").fill(self.mayday.token(person))
            page.get_by_role("button", name="Log in").click()
        expect(page.locator("header .name")).to_be_visible(timeout=PATIENCE)
        self.mayday.kept[person] = context.storage_state()
        return page

    def _heard(self, person: str, kind: str, text: str) -> None:
        refused = "409 (Conflict)" in text  # browsers write every refusal there themselves
        if kind in ("error", "warning") and not refused:
            self.errors.append(f"{person}: {text}")

    def close(self) -> None:
        for context in self.contexts:
            context.close()


def reachable(page: Page) -> None:
    """axe finds nothing serious on the page as it is, and nothing of it is wider than the screen."""
    found = AXE.run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    serious = [
        f"{wrong['id']} ({wrong['impact']}): {node['target']} {node.get('failureSummary', '')}"
        for wrong in found.response["violations"]
        for node in wrong["nodes"]
    ]
    assert not serious, "\n".join(serious)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the screen"


def waits(page: Page, words: str) -> Locator:
    """What waits for a human, by its words."""
    return page.locator("li.wait").filter(has_text=words)


def told(page: Page, words: str, within: int = PATIENCE) -> None:
    """The timeline comes to say so."""
    page.mouse.move(0, 0)
    expect(page.locator("[data-rows]")).to_contain_text(re.compile(words), timeout=within)


def tab_to(page: Page, target: Locator, most: int = 150) -> None:
    """Only with the keyboard; where the focus is, is seen."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            outline = target.evaluate("element => getComputedStyle(element).outlineStyle")
            assert outline != "none", "the focus is not seen"
            return
    raise AssertionError(f"no way to {target} by keyboard")


def declared(page: Page, title: str, runbook: str = "console_night") -> str:
    """Declared over the form; the address of its room."""
    page.goto("/declare")
    page.get_by_label("What is wrong").fill(title)
    page.get_by_label("Service", exact=True).select_option("demo_checkout")
    page.get_by_text("SEV2").click()
    page.get_by_label(re.compile("^Runbook")).select_option(runbook)
    page.get_by_role("button", name="Declare: call people now").click()
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible(timeout=PATIENCE)
    return page.url


def over(page: Page) -> None:
    """End an incident, so that the next one of its service is another."""
    page.goto(page.url)
    page.get_by_text("Status", exact=True).last.click()
    page.get_by_label("New status").select_option("cancelled")
    page.locator("#status-reason").fill("the story is over")
    page.get_by_role("button", name="Set the status").click()
    page.get_by_role("button", name="Yes, do it").click()
    expect(page.locator("header.mast")).to_be_visible()
