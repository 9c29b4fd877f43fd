"""Requests over a real line that could be read in two ways, that never end, or that ask what nobody thought of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import httpx
import pytest

from starter import body_limit, patience
from starter.app import create_app
from starter.knocking import Knocking
from starter.main import Server
from tests.starter.conftest import WEBHOOK_TOKEN, House

Spoken = Callable[[str], Coroutine[Any, Any, str]]
NOTE = '{"text": "once"}'


@pytest.fixture
def speak(server: Server) -> Spoken:
    """Sends letters as they are; returns all that comes until the server hangs up, or 'still open'."""

    async def spoken(text: str, patience: float = 5.0) -> str:
        port = int(server.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(text.encode("latin-1"))
        try:
            async with asyncio.timeout(patience):
                return (await reader.read(-1)).decode("latin-1")
        except TimeoutError:
            return "still open"
        finally:
            writer.close()

    return spoken


async def post_of(house: House, incident: str, *more: str) -> str:
    lines = [f"POST /api/v1/incidents/{incident}/notes HTTP/1.1", "Host: mayday", "Content-Type: application/json",
             f"Authorization: Bearer {await house.token('ana')}", *more]  # fmt: skip
    return "\r\n".join([*lines, "", ""])


@pytest.mark.parametrize(
    ("more", "body"),
    [
        (("Content-Length: 16", "Content-Length: 3"), NOTE),
        (("Content-Length: 5", "Transfer-Encoding: chunked"), f"10\r\n{NOTE}\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
        (("Transfer-Encoding: chunked", "Transfer-Encoding: identity"), f"10\r\n{NOTE}\r\n0\r\n\r\n"),
        (("Content-Length: 16", "Authorization: Bearer mayday_of_somebody_else"), NOTE),
        (("Content-Length: 16", "Content-Type: text/plain"), NOTE),
        (("Content-Length: 16", "Idempotency-Key: a", "Idempotency-Key: b"), NOTE),
        (("Content-Length: 16", "Host: elsewhere"), NOTE),
    ],
)  # fmt: skip
async def test_what_can_be_read_in_two_ways_is_not_read(
    house: House, speak: Spoken, more: tuple[str, ...], body: str
) -> None:
    incident = await house.declared()
    answer = await speak(await post_of(house, incident, *more) + body)
    assert answer.startswith("HTTP/1.1 400"), answer
    assert answer.count("HTTP/1.1") == 1, "what was smuggled behind it is no request"
    assert house.run(incident).commands == []


async def test_a_field_that_is_there_twice_is_no_field(house: House) -> None:
    incident, bearer = await house.declared(), {"Authorization": f"Bearer {await house.token('ana')}"}
    for body in ('{"text": "a", "text": "b"}', '{"name": "n", "data": {"x": {"y": 1, "y": 2}}}'):
        where = f"/api/v1/incidents/{incident}/{'notes' if 'text' in body else 'events'}"
        answer = await house.http.post(where, content=body, headers={**bearer, "Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
        assert "twice" in answer.json()["detail"]
    assert house.run(incident).commands == []


@pytest.mark.parametrize("place", ["events", "completions", "overrides", "steps"])
async def test_nobody_hands_over_what_could_never_be_written_down(house: House, place: str) -> None:
    """Nested 190 deep it was applied, and no entry of that incident ever reached the store again."""
    incident, bearer = await house.declared(), {"Authorization": f"Bearer {await house.token('ana')}"}
    deep = "[" * 190 + "]" * 190
    body = {
        "events": f'{{"name": "n", "data": {{"a": {deep}}}}}',
        "completions": f'{{"task": "t", "result": {{"a": {deep}}}}}',
        "overrides": f'{{"step": "s", "action": "complete", "reason": "r", "result": {{"a": {deep}}}}}',
        "steps": f'{{"id": "more", "log": {deep}}}',
    }[place]  # fmt: skip
    where = f"/api/v1/incidents/{incident}/{place}"
    answer = await house.http.post(where, content=body, headers={**bearer, "Content-Type": "application/json"})
    assert (answer.status_code, "32 levels" in answer.text) == (422, True), answer.text
    assert house.run(incident).commands == []
    shallow = "[" * 30 + "]" * 30
    if place == "events":
        body = f'{{"name": "n", "data": {{"a": {shallow}}}}}'
        answer = await house.http.post(where, content=body, headers={**bearer, "Content-Type": "application/json"})
        assert answer.status_code == 200


async def test_a_slash_at_the_end_sends_nobody_elsewhere(house: House) -> None:
    bearer = {"Authorization": f"Bearer {await house.token('ana')}", "Host": "evil.example"}
    for path in ("/api/v1/incidents/", "/api/v1/me//", "/docs/", "/login/"):
        answer = await house.http.get(path, headers=bearer)
        assert (answer.status_code, answer.headers.get("location")) == (200, None), path
    page = await house.http.get("/incidents/", headers={"Host": "evil.example", "Accept": "text/html"})
    assert page.headers["location"] == "/login?next=%2Fincidents"


async def test_an_address_says_all_that_it_takes(house: House) -> None:
    answer = await house.http.delete("/api/v1/incidents")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")
    assert (await house.http.get("/webhooks/generic")).headers["allow"] == "POST"
    for refused in (answer, await house.http.get("/api/v1/nowhere"), await house.http.request("FOO", "/api/v1/me")):
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["hint"]


async def test_head_is_get_without_the_body(house: House) -> None:
    bearer = {"Authorization": f"Bearer {await house.token('ana')}"}
    incident = await house.declared()
    for path in ("/healthz", "/login", "/api/v1/incidents", f"/api/v1/incidents/{incident}/stream"):
        got = await house.http.head(path, headers=bearer)
        assert (got.status_code, got.content) == (200, b""), path
    assert (await house.http.head("/api/v1/incidents")).status_code == 401
    assert (await house.http.head("/nowhere")).status_code == 404


@pytest.mark.parametrize(
    ("content", "kind", "encoding", "status"),
    [(b'{"text": "x"}', "text/plain", None, 415), (b"text=x", "application/x-www-form-urlencoded", None, 415),
     (b'{"text": "x"}', None, None, 415), (b"\x1f\x8b\x08", "application/json", "gzip", 415),
     (b'{"text": ', "application/json", None, 400), (b'{"text": "\xff"}', "application/json", None, 400),
     (b"[" * 99_999, "application/json", None, 413), (b"[" * 60_000, "application/json", None, 400),
     (b"[]", "application/json", None, 422)],
)  # fmt: skip
async def test_a_body_that_is_no_body_is_refused_with_what_is_wrong(
    house: House, content: bytes, kind: str | None, encoding: str | None, status: int
) -> None:
    incident = await house.declared()
    headers = {"Authorization": f"Bearer {await house.token('ana')}", "Content-Type": kind,
               "Content-Encoding": encoding}  # fmt: skip
    given = {name: value for name, value in headers.items() if value is not None}
    answer = await house.http.post(f"/api/v1/incidents/{incident}/notes", content=content, headers=given)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    assert answer.json()["code"] in ("unsupported_media_type", "malformed", "too_large", "invalid")


async def test_who_never_ends_a_head_is_hung_up_on(speak: Spoken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "HEAD_WITHIN", 0.2)
    assert await speak("") == ""
    assert await speak("GET /healthz HTTP/1.1\r\nHost: mayday\r\nX-Slow: ") == ""
    served = await speak("GET /healthz HTTP/1.1\r\nHost: mayday\r\n\r\nGET /healthz HTTP/1.1\r\nX-Slow: ")
    assert served.startswith("HTTP/1.1 200")
    assert served.count("HTTP/1.1") == 1


async def test_who_never_ends_a_body_is_told_and_hung_up_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    incident = await house.declared()
    app = body_limit.BodyLimit(create_app(house.parts), 65_536, within=0.1)
    bearer = {"Authorization": f"Bearer {await house.token('ana')}", "Content-Type": "application/json"}

    async def for_ever() -> AsyncIterator[bytes]:
        yield b'{"text": "'
        await asyncio.Event().wait()

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://mayday") as http:
        answer = await http.post(f"/api/v1/incidents/{incident}/notes", content=for_ever(), headers=bearer)
    assert (answer.status_code, answer.json()["code"]) == (408, "request_timeout")
    assert answer.headers["connection"] == "close"
    assert house.run(incident).commands == []


async def test_bodies_that_never_end_keep_no_alert_out(house: House) -> None:
    app = Knocking(create_app(house.parts), clock=house.clock, at_once=1)
    good = {"Authorization": f"Bearer {WEBHOOK_TOKEN}"}
    alert = {"alerts": [{"status": "firing", "labels": {"alertname": "Down", "service": "payments"}}]}
    begun = asyncio.Event()

    async def for_ever() -> AsyncIterator[bytes]:
        yield b"{"
        begun.set()
        await asyncio.Event().wait()

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://mayday") as http:
        slow = asyncio.create_task(http.post("/webhooks/alertmanager", content=for_ever(), headers=good))
        await begun.wait()
        assert (await http.post("/webhooks/alertmanager", json=alert, headers=good)).status_code == 202
        slow.cancel()
        await asyncio.gather(slow, return_exceptions=True)
