"""What leaves for a vendor, and what comes back: only to its own host, bounded, and never with a secret in an error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from mayday.domain.errors import Ambiguous, Broken, ProviderError, RateLimited, Refused, Unauthorised, Unreachable
from mayday.providers._http import failure_of
from mayday.providers.auth import BasicAuth, ClientCredentials, NoAuth, StaticAuth
from mayday.providers.client import Answer, VendorClient, segment
from mayday.providers.rates import RateBucket
from mayday.providers.vendor_words import cut, cut_bytes, one_line, said_in, short_key, without_secrets
from mayday.settings import SettingsError
from tests.doubles.server import Asked, Double, Reply, route

SECRET = "s3cr3t-token-of-length"


class Acme(Double):
    """A vendor with things, whose tokens can be renewed."""

    name = "acme"

    def __init__(self) -> None:
        super().__init__()
        self.things: list[str] = []
        self.tokens = 0
        self.lives = 3600

    @route("POST /things")
    def add(self, asked: Asked) -> Reply:
        self.things.append(asked.json["name"])
        return Reply(201, {"id": len(self.things)})

    @route("GET /things/{id}")
    def thing(self, asked: Asked) -> Reply:
        return Reply(200, {"id": asked.slots["id"], "auth": asked.headers.get("authorization", "")})

    @route("POST /echo")
    def echo(self, asked: Asked) -> Reply:
        return Reply(400, {"error": {"message": f"no such key {asked.json['key']}", "code": 2001, "errors": ["bad"]}})

    @route("POST /token")
    async def token(self, asked: Asked) -> Reply:
        await asyncio.sleep(0)
        self.tokens += 1
        assert asked.form["grant_type"] == "client_credentials"
        return Reply(200, {"access_token": f"token-{self.tokens}", "expires_in": self.lives})

    @route("GET /guarded")
    def guarded(self, asked: Asked) -> Reply:
        return Reply(200 if asked.headers["authorization"] == f"Bearer token-{self.tokens}" else 401, {"x": 1})


@pytest.fixture
async def acme() -> AsyncIterator[Acme]:
    async with Acme() as double:
        yield double


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


async def test_an_answer_is_read_by_path(acme: Acme, http: httpx.AsyncClient) -> None:
    client = VendorClient("acme", acme.url, http, StaticAuth("Authorization", "Bearer", SECRET))
    answer = await client.call("GET", f"/things/{segment('a/../b?c')}")
    assert answer.text_at("id") == "a/../b?c"
    assert answer.at("auth") == f"Bearer {SECRET}"
    assert (answer.at("id", 0), answer.rows("id"), Answer(200, {}, [1]).at(3)) == (None, [], None)


@pytest.mark.parametrize(
    "url", ["http://acme.example", "ftp://acme.example", "acme.example", "https://u:p@acme.example"]
)
async def test_only_https_leaves_this_machine(http: httpx.AsyncClient, url: str) -> None:
    with pytest.raises(SettingsError, match="acme"):
        VendorClient("acme", url, http)


@pytest.mark.parametrize(
    "path", ["https://evil.example/x", "//evil.example/x", "things", "/things/../../x", "/a\\b", "@evil.example/"]
)
async def test_no_request_leaves_for_another_host(acme: Acme, http: httpx.AsyncClient, path: str) -> None:
    with pytest.raises(Refused, match="outside its own"):
        await VendorClient("acme", acme.url, http).call("GET", path)
    assert acme.asked == []


async def test_a_next_page_link_of_the_same_host_is_followed(acme: Acme, http: httpx.AsyncClient) -> None:
    client = VendorClient("acme", acme.url, http)
    assert (await client.call("GET", f"{acme.url}/things/7")).text_at("id") == "7"


async def test_a_redirect_is_not_followed(acme: Acme, http: httpx.AsyncClient) -> None:
    acme.fail("redirect")
    with pytest.raises(Refused, match="redirects"):
        await VendorClient("acme", acme.url, http).call("POST", "/things", json={"name": "x"})


@pytest.mark.parametrize(
    ("how", "write", "read"),
    [
        ("timeout_before", Ambiguous, Unreachable), ("timeout_after", Ambiguous, Unreachable),
        ("malformed", Ambiguous, Broken), ("huge", Ambiguous, Broken), ("slow", Ambiguous, Unreachable),
    ],
)  # fmt: skip
async def test_a_write_without_an_answer_may_have_happened_and_a_read_has_not(
    acme: Acme, http: httpx.AsyncClient, how: str, write: type[ProviderError], read: type[ProviderError]
) -> None:
    client = VendorClient("acme", acme.url, http, timeout_s=0.3)
    acme.fail(how, times=2)  # type: ignore[arg-type]
    with pytest.raises(write):
        await client.call("POST", "/things", json={"name": "x"})
    with pytest.raises(read):
        await client.call("GET", "/things/1")
    assert acme.things == ([] if how in ("timeout_before", "slow") else ["x"])


async def test_nobody_there_is_unreachable(http: httpx.AsyncClient) -> None:
    with pytest.raises(Unreachable):
        await VendorClient("acme", "http://127.0.0.1:1", http).call("POST", "/things", json={})


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, Refused),
        (401, Unauthorised),
        (408, Broken),
        (409, Refused),
        (420, RateLimited),
        (425, Broken),
        (500, Broken),
    ],
)
async def test_a_status_means_one_thing(
    acme: Acme, http: httpx.AsyncClient, status: int, error: type[ProviderError]
) -> None:
    acme.fail("status", status)
    with pytest.raises(error):
        await VendorClient("acme", acme.url, http).call("POST", "/things", json={"name": "x"})
    acme.fail("status", status)
    answer = await VendorClient("acme", acme.url, http).call("POST", "/things", json={"name": "x"}, accept=[status])
    assert (answer.status, acme.things) == (status, [])


async def test_what_the_vendor_said_is_told_without_our_secrets(acme: Acme, http: httpx.AsyncClient) -> None:
    client = VendorClient("acme", acme.url, http, BasicAuth("us", SECRET), secrets=["another-secret"])
    with pytest.raises(Refused) as refused:
        await client.call("POST", "/echo", json={"key": f"{SECRET} another-secret"})
    assert str(refused.value) == "acme answered 400: no such key ******** ********; bad"


async def test_who_asked_us_to_wait_is_not_called_before(acme: Acme, http: httpx.AsyncClient) -> None:
    now = [100.0]
    client = VendorClient("acme", acme.url, http, bucket=RateBucket(clock=lambda: now[0]))
    acme.fail("rate_limit", retry_after="20")
    for seconds, wait in ((0, 20), (5, 15)):
        now[0] += seconds
        with pytest.raises(RateLimited) as limited:
            await client.call("GET", "/things/1")
        assert limited.value.retry_after_s == wait
    assert len(acme.asked) == 1
    now[0] += 15
    await client.call("GET", "/things/1")


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        ("7", 7), (" 0007 ", 7), ("9" * 5_000, 300), ("0" * 5_000, 30), ("\u00b2", 30), ("\u0663", 30), ("-1", 30),
        ("soon", 30),
    ],
)  # fmt: skip
def test_whatever_a_vendor_asks_for_as_a_wait_is_a_wait(asked: str, wait: int) -> None:
    """Digits that are no number, and numbers that nobody can wait for, are a rate limit like any other."""
    answer = httpx.Response(429, headers=[(b"Retry-After", asked.encode())])
    failure = failure_of(answer, "acme")
    assert isinstance(failure, RateLimited)
    assert failure.retry_after_s == wait


def test_a_bucket_is_empty_after_its_burst_and_fills_again() -> None:
    now = [0.0]
    bucket = RateBucket(per_minute=60, burst=3, clock=lambda: now[0])
    for _ in range(3):
        bucket.take("acme")
    with pytest.raises(RateLimited) as limited:
        bucket.take("acme")
    assert (str(limited.value), limited.value.retry_after_s) == ("acme is out of its rate of 60 a minute", 1)
    now[0] = 2.0
    bucket.take("acme")
    bucket.take("acme")
    with pytest.raises(RateLimited):
        bucket.take("acme")


async def test_a_token_is_fetched_once_for_many_and_renewed_before_it_ends(acme: Acme, http: httpx.AsyncClient) -> None:
    now = [0.0]
    auth = ClientCredentials("acme", f"{acme.url}/token", "id", SECRET, clock=lambda: now[0])
    client = VendorClient("acme", acme.url, http, auth)
    await asyncio.gather(*(client.call("GET", "/guarded") for _ in range(5)))
    assert acme.tokens == 1
    now[0] = 3541.0
    await client.call("GET", "/guarded")
    assert acme.tokens == 2


async def test_a_token_that_is_refused_is_renewed_once(acme: Acme, http: httpx.AsyncClient) -> None:
    client = VendorClient("acme", acme.url, http, ClientCredentials("acme", f"{acme.url}/token", "id", SECRET))
    await client.call("GET", "/guarded")
    acme.tokens += 1  # somebody revoked ours
    await client.call("GET", "/guarded")
    asked = len(acme.calls("GET", "/guarded"))
    assert asked == 3
    acme.fail("status", 401, times=2, path="/guarded")
    with pytest.raises(Unauthorised):
        await client.call("GET", "/guarded")


async def test_credentials_that_give_no_token_are_wrong(acme: Acme, http: httpx.AsyncClient) -> None:
    client = VendorClient("acme", acme.url, http, ClientCredentials("acme", f"{acme.url}/token", "id", SECRET))
    acme.fail("status", 400, path="/token")
    with pytest.raises(Unauthorised) as refused:
        await client.call("GET", "/guarded")
    assert SECRET not in str(refused.value)
    acme.fail("malformed", path="/token")
    with pytest.raises(Broken):
        await client.call("GET", "/guarded")
    assert await NoAuth().renewed() is False


def test_texts_are_cut_to_what_a_vendor_takes() -> None:
    assert cut("a\x00b" * 10, 5) == "a\N{REPLACEMENT CHARACTER}ba…"
    assert len(cut_bytes("ä" * 100, 33).encode()) <= 33
    assert one_line("SEV1:\r\nBcc:  x", 100) == "SEV1: Bcc: x"
    key = "INC-1/" + "loop[2]." * 60 + "page#1/raj/push"
    assert short_key("INC-1/page#1/raj/push", 255) == "INC-1/page#1/raj/push"
    assert len(short_key(key, 255)) == 255
    assert short_key(key, 255) != short_key(key + "x", 255)


def test_what_a_vendor_said_is_found_where_vendors_put_it() -> None:
    assert said_in({"message": "Invalid template id.", "status": 400}) == "Invalid template id."
    assert said_in({"errorMessages": [], "errors": {"summary": "is required"}}) == "is required"
    assert said_in([{"messageType": "ERROR", "messageText": "No such field"}]) == "No such field"
    assert said_in({"errors": [{"title": "Not found", "code": "NF"}]}) == "Not found"
    assert said_in("<html>a proxy</html>") == ""
    assert said_in({"a": [1, {"b": {}}]}) == ""
    assert without_secrets("key " + "k" * 20 + "abc", ["k" * 20]) == "key ********abc"
    assert without_secrets("cut " + "kkkkkkkkkkkk", ["k" * 20]) == "cut ********"


async def test_a_token_that_never_came_is_nobodys() -> None:
    """Nothing happened at the vendor, so the call may be tried again at once."""

    def silent(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("no answer", request=request)

    login = ClientCredentials("vendor", "https://vendor.example/token", "us", "secret-of-ours")
    async with httpx.AsyncClient(transport=httpx.MockTransport(silent)) as http:
        with pytest.raises(Unreachable):
            await login.headers(http)


async def test_a_kept_connection_that_the_vendor_closes_leaves_a_write_in_doubt_and_a_read_out_of_reach(
    http: httpx.AsyncClient,
) -> None:
    """The request left on a connection of before: whether it was taken, nobody knows."""
    seen: list[bytes] = []

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers the first request and keeps the connection; reads the second one and hangs up."""
        for answer in (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", b""):
            head = await reader.readuntil(b"\r\n\r\n")
            seen.append(head.split(b" ", 1)[0])
            if b"content-length: 2" in head.lower():
                await reader.readexactly(2)
            writer.write(answer)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(once, "127.0.0.1", 0)
    async with server:
        client = VendorClient("acme", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", http)
        await client.call("GET", "/things")
        with pytest.raises(Ambiguous):
            await client.call("POST", "/things", json={})
        await client.call("GET", "/things")
        with pytest.raises(Unreachable):
            await client.call("GET", "/things")
    assert seen == [b"GET", b"POST", b"GET", b"GET"], "nothing was sent again behind our back"
