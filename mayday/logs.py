"""Logs: constant past-tense events with facts as keys; JSON lines unless a person watches; secrets never shown."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable
from typing import Any, Literal, TextIO

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

MASK = "********"

_SECRET_KEY = re.compile(
    r"(token|secret|password|passwd|authorization|api_?key|cookie|credential|signature)", re.IGNORECASE
)
_SECRET_IN_TEXT = re.compile(
    r"(?P<start>\b(?:bearer|basic|token|genie_?key)[ =:]+|[?&](?:token|api_key|key|secret)=|://[^/\s:@]+:)(?P<secret>[^\s&\"'@]{6,})",
    re.IGNORECASE,
)


class Redaction:
    """Processor that masks values under telling keys, values known to be secret, and credentials inside texts."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted((re.escape(secret) for secret in secrets if secret), key=len, reverse=True)
        self._known = re.compile("|".join(known)) if known else None

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        return {key: self._clean(key, value) for key, value in event.items()}

    def _clean(self, key: str, value: Any) -> Any:
        if isinstance(value, str) and key not in {"event", "level", "logger", "timestamp"} and _SECRET_KEY.search(key):
            return MASK
        return self.text(value) if isinstance(value, str) else self._nested(value)

    def _nested(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._clean(str(key), item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._clean("", item) for item in value]
        return value

    def text(self, text: str) -> str:
        """`text` without credentials."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        return _SECRET_IN_TEXT.sub(lambda found: found["start"] + MASK, text)


def configure_logs(
    *,
    level: str = "info",
    form: Literal["auto", "json", "text"] = "auto",
    secrets: Iterable[str] = (),
    process: str | None = None,
    stream: TextIO | None = None,
) -> None:
    """Sends structlog and the standard library's loggers (uvicorn, temporalio, alembic) through the same processors.

    Args:
        form: `auto` writes text to a terminal and JSON elsewhere.
        secrets: values to mask wherever they appear, see `Settings.secret_values`.
        process: which process this is (`worker`, `starter`, `up`), on every line.
        stream: standard error by default, so that `--json` output stays clean.
    """
    out = stream or sys.stderr
    as_json = form == "json" or (form == "auto" and not out.isatty())

    def name_process(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        if process:
            event["process"] = process
        return event

    shared: list[Processor] = [
        name_process,
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderers: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if as_json:
        renderers += [
            # Without the frames' locals: they hold whole plans, people and secrets.
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            Redaction(secrets),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    else:
        renderers += [
            structlog.processors.format_exc_info,
            Redaction(secrets),
            structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback),
        ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=renderers))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    # A line for each request to a provider says nothing that the timeline does not, and may hold its address.
    for chatty in ("httpx", "httpcore", "uvicorn.access", "alembic", "aiosqlite"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
