"""Logs: one JSON object a line, facts as keys, and no secret in any of them."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from mayday.logs import configure_logs


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs(secrets={"s3cret-value"}, process="worker", stream=stream)
    yield stream
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def last(lines: io.StringIO) -> dict[str, Any]:
    return json.loads(lines.getvalue().splitlines()[-1])


def test_an_event_is_one_json_line_with_its_facts(lines: io.StringIO) -> None:
    structlog.get_logger("mayday.worker").info("worker_started", task_queue="mayday")
    line = last(lines)
    assert (line["event"], line["task_queue"], line["level"], line["process"]) == (
        "worker_started", "mayday", "info", "worker",
    )  # fmt: skip
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    "facts",
    [
        {"token": "abc123456"},
        {"headers": {"Authorization": "Bearer abc123456"}},
        {"url": "postgresql://mayday:abc123456@db/mayday"},
        {"url": "https://x.example/hook?token=abc123456&a=1"},
        {"error": "refused: Bearer abc123456"},
        {"body": ["x", {"api_key": "abc123456"}]},
    ],
)
def test_a_secret_never_reaches_a_line(lines: io.StringIO, facts: dict[str, Any]) -> None:
    structlog.get_logger().warning("call_failed", **facts)
    assert "abc123456" not in lines.getvalue()
    assert "********" in lines.getvalue()


def test_a_known_secret_is_masked_wherever_it_stands(lines: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").error("could not use s3cret-value here")
    assert "s3cret-value" not in lines.getvalue()


def test_an_exception_is_logged_without_the_secrets_in_its_text(lines: io.StringIO) -> None:
    try:
        raise ValueError("bad credential s3cret-value")
    except ValueError:
        structlog.get_logger().exception("call_failed")
    assert "ValueError" in lines.getvalue()
    assert "s3cret-value" not in lines.getvalue()


def test_the_standard_library_goes_the_same_way(lines: io.StringIO) -> None:
    logging.getLogger("temporalio.worker").warning("polling %s", "mayday")
    assert last(lines)["event"] == "polling mayday"
    assert last(lines)["logger"] == "temporalio.worker"


def test_a_traceback_shows_no_locals(lines: io.StringIO) -> None:
    def fail(plan: str) -> None:
        raise ValueError("nothing of the plan")

    try:
        fail(" ".join(["who-is", "in-the-plan"]))
    except ValueError:
        structlog.get_logger().exception("flush_failed")
    assert "nothing of the plan" in lines.getvalue()
    assert "who-is in-the-plan" not in lines.getvalue()
