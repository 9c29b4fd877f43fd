"""The base of all doubles: a small HTTP server with routes, state, a credential, a description and failures on cue.

class Pingdom(Double):
    name = "pingdom"
    values = {"token": "pd-secret-token"}

    def refusal(self, asked):
        return None if asked.headers.get("authorization") == "Bearer pd-secret-token" else Reply(401)

    @route("POST /checks/{id}/notes")
    def note(self, asked):
        self.notes.append(asked.json["text"])
        return Reply(201, {"id": len(self.notes)})

async with Pingdom() as double:
    double.fail("timeout_after")      # the next request takes effect, its answer is lost
"""

from __future__ import annotations

import asyncio
import inspect
import json
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, ClassVar, Literal, NamedTuple, Self
from urllib.parse import parse_qs, unquote, urlsplit

from tests.doubles.api_description import ApiDescription, described_by

Failure = Literal[
    "status", "timeout_before", "timeout_after", "rate_limit", "malformed", "huge", "redirect", "slow", "none"
]
HUGE = 3_000_000


@dataclass(frozen=True)
class Asked:
    """One request as it came; header names are lower case. `slots` are the variable parts of its path."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    slots: dict[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}

    @property
    def data(self) -> Any:
        """The body as the description sees it."""
        if not self.body:
            return None
        return self.form if "form-urlencoded" in self.headers.get("content-type", "") else self.json


class Reply(NamedTuple):
    """`body` as JSON, or bytes as they are."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = {}


class _Cue(NamedTuple):
    how: Failure
    status: int
    path: str
    retry_after: str | None
    method: str


Handler = Callable[..., Any]


def route(pattern: str) -> Callable[[Handler], Handler]:
    """Marks a method as the answer to `METHOD /path/{slot}`. It may be async."""

    def mark(handler: Handler) -> Handler:
        handler.__dict__.setdefault("patterns", []).append(pattern)
        return handler

    return mark


class Double:
    """One vendor. `values` are its settings besides `url`; `specs` pairs a path prefix with its API description."""

    name: ClassVar[str] = ""
    values: ClassVar[dict[str, str]] = {}
    specs: ClassVar[dict[str, str]] = {}
    """Prefix of our paths -> file below `specs/`: `{"/v2": "pagerduty/events-v2.openapi3.json"}`. The first that fits
    counts, and is taken off, unless it ends with `*`; an empty file name: not described."""

    contradicted: ClassVar[dict[str, str]] = {}
    """Beginning of a problem -> why the description is wrong there: it contradicts its own example or the vendor."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Asked] = []
        self.violations: list[str] = []
        """Requests that the vendor's description does not allow; the contract suite wants none."""
        self.skew = timedelta()
        """How far its clock is ahead of ours, as the Date of its answers says."""
        self._cues: deque[_Cue] = deque()
        self._server: asyncio.Server | None = None
        self._routes = self._collected()

    # -- for tests
    def settings(self) -> dict[str, str]:
        """The environment that makes mayday use this double."""
        return {f"MAYDAY_{self.name.upper()}_{key.upper()}": value for key, value in self.given().items()}

    def given(self) -> dict[str, str]:
        """The same by lower-case name, as an offer gets it."""
        return {"url": self.url, **self.values}

    def fail(
        self, how: Failure, status: int = 500, *, times: int = 1, path: str = "", retry_after: str | None = "7",
        method: str = "", after: int = 0,
    ) -> None:  # fmt: skip
        """The next `times` requests (of `method`, whose path begins with `path`) fail in this way, `after` so many that
        are answered as always."""
        self._cues.extend([_Cue("none", status, path, None, method)] * after)
        self._cues.extend([_Cue(how, status, path, retry_after, method)] * times)

    def recover(self) -> None:
        self._cues.clear()

    def calls(self, method: str, path: str = "") -> list[Asked]:
        return [each for each in self.asked if each.method == method and each.path.startswith(path)]

    # -- for vendors
    def refusal(self, asked: Asked) -> Reply | None:
        """What is answered to who does not show the right credential."""
        return None

    def error(self, status: int) -> Any:
        """The body of an error as this vendor writes it."""
        return {"error": f"status {status}"}

    def rate_limit_headers(self, retry_after: str | None) -> dict[str, str]:
        return {"Retry-After": retry_after} if retry_after is not None else {}

    # -- the server
    async def start(self, port: int = 0) -> Self:
        self._server = await asyncio.start_server(self._handle, "127.0.0.1", port)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _collected(self) -> list[tuple[str, re.Pattern[str], Handler]]:
        found = []
        for _, handler in inspect.getmembers(self, callable):
            for pattern in getattr(handler, "patterns", []):
                method, _, path = pattern.partition(" ")
                compiled = re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)))
                found.append((method, compiled, handler))
        return found

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = await _read(reader)
            if asked is not None:
                reply = await self._reply(asked, reader)
                if reply is not None:
                    date = format_datetime(datetime.now(UTC) + self.skew, usegmt=True)
                    await _write(writer, reply, asked.method, date)
        except ConnectionError:
            pass  # the client went away
        finally:
            writer.close()

    async def _reply(self, asked: Asked, reader: asyncio.StreamReader) -> Reply | None:
        """None: the connection ends without an answer."""
        self.asked.append(asked)
        cue = self._cue(asked)
        how = cue.how if cue else None
        if how == "slow":
            await reader.read()  # until the client gives up
            return None
        if how == "timeout_before":
            return None
        if cue is not None and how == "status":
            return Reply(cue.status, self.error(cue.status))
        if cue is not None and how == "rate_limit":
            return Reply(429, self.error(429), self.rate_limit_headers(cue.retry_after))
        if how == "redirect":
            return Reply(302, None, {"Location": "https://evil.example/"})
        reply = self.refusal(asked) or self._not_described(asked) or await self._answered(asked)
        if how == "timeout_after":
            return None
        if how == "malformed":
            return Reply(reply.status, b'{"half": ', {"Content-Type": "application/json"})
        if how == "huge":
            return Reply(reply.status, b'{"a": "' + b"x" * HUGE + b'"}')
        return reply

    def _cue(self, asked: Asked) -> _Cue | None:
        for cue in self._cues:
            if asked.path.startswith(cue.path) and cue.method in ("", asked.method):
                self._cues.remove(cue)
                return cue
        return None

    def _not_described(self, asked: Asked) -> Reply | None:
        for prefix, file in self.specs.items():
            stays, prefix = prefix.endswith("*"), prefix.removesuffix("*")
            if not asked.path.startswith(prefix):
                continue
            description: ApiDescription | None = described_by(file) if file else None
            if description is None:
                return None
            path = asked.path if stays else asked.path.removeprefix(prefix)
            problems = description.problems(asked.method, path, asked.query, asked.headers, asked.data)
            problems = [each for each in problems if not each.startswith(tuple(self.contradicted))]
            self.violations += [f"{asked.method} {asked.path}: {problem}" for problem in problems]
            return Reply(400, self.error(400)) if problems else None
        return None

    async def _answered(self, asked: Asked) -> Reply:
        for method, pattern, handler in self._routes:
            found = pattern.fullmatch(asked.path)
            if found and method == asked.method:
                slots = {name: unquote(value) for name, value in found.groupdict().items()}
                answer = handler(Asked(**{**asked.__dict__, "slots": slots}))
                return await answer if inspect.isawaitable(answer) else answer  # type: ignore[no-any-return]
        return Reply(404, self.error(404))


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    request, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    method, target, _ = request.split(" ")
    parts = urlsplit(target)
    query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    return Asked(method, parts.path, query, headers, body)


async def _write(writer: asyncio.StreamWriter, reply: Reply, method: str, date: str) -> None:
    raw = (
        reply.body if isinstance(reply.body, bytes) else b"" if reply.body is None else json.dumps(reply.body).encode()
    )
    headers = {
        "Content-Type": "application/json",
        "Date": date,
        **reply.headers,
        "Content-Length": str(len(raw)),
        "Connection": "close",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"HTTP/1.1 {reply.status} x\r\n{head}\r\n".encode() + (b"" if method == "HEAD" else raw))
    await writer.drain()
