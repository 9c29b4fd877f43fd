"""A starter that answers what it is told to, and the command line before it."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from mayday.cli.main import app
from mayday.cli.remote import Remote

__all__ = ["Starter", "run", "starter"]


class Starter:
    """Answers what it is told to and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.names: dict[str, dict[str, str]] = {}
        self.answer: tuple[int, Any] = (200, {"state": "applied", "entry": 7, "detail": {}, "command": "c"})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/names":
            return httpx.Response(200 if self.names else 404, json=self.names)
        body = json.loads(request.content) if request.content else None
        self.asked.append((request.method, request.url.raw_path.decode(), body))
        return httpx.Response(self.answer[0], json=self.answer[1])


@pytest.fixture
def starter(monkeypatch: pytest.MonkeyPatch) -> Starter:
    told = Starter()
    made = Remote("http://starter", "t", transport=httpx.MockTransport(told))
    for module in (
        "incident",
        "desk",
        "drill",
        "token",
        "overrides",
        "naming",
        "previewing",
        "review",
        "review_actions",
    ):
        monkeypatch.setattr(f"mayday.cli.{module}.remote", lambda: made)
    return told


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))
