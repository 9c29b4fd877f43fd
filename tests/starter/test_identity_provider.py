"""Logging in with a real OpenID Connect provider, npm's oidc-provider, and what a false one cannot do."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from mayday.records.records import Records
from mayday.settings import Settings, SettingsError, load_settings
from starter import identity
from starter.identity import (
    Attempt,
    ClientRefused,
    ClocksDiffer,
    IdentityProvider,
    LoginRefused,
    ProviderSilent,
    identity_provider,
)  # fmt: skip
from starter.parts import assemble
from starter.playbooks import Playbooks
from tests.programs import from_npm, program
from tests.starter.conftest import RUNBOOKS, House
from tests.starter.doubles import Clock, FakeGateway
from tests.starter.test_login import Browser, whoami

VERSION = "8.8.1"
HERE = Path(__file__).parent
SECRET = "a secret of the tests"
CALLBACK = "http://127.0.0.1:8080/login/oidc/callback"


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A provider that runs; installed for this test run from npm's own cache or registry."""
    node = program("node", package="nodejs")
    folder = from_npm(tmp_path_factory.mktemp("oidc-provider"), f"oidc-provider@{VERSION}").parent
    command = [node, str(HERE / "identity_provider.mjs"), str(folder), CALLBACK]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        assert running.stdout is not None
        try:
            yield running.stdout.readline().strip()
        finally:
            running.terminate()


def settings_for(issuer: str, tmp_path: Path) -> Settings:
    return load_settings(
        data=tmp_path, runbooks=RUNBOOKS, oidc_issuer=issuer, oidc_client_id="mayday", oidc_client_secret=SECRET,
        oidc_name="Example Ltd",
    )  # fmt: skip


@pytest.fixture
async def place(playbooks: Playbooks, tmp_path: Path) -> AsyncIterator[Any]:
    """Makes a starter with a provider, at the provider's own time."""
    async with await Records.open("sqlite://") as records:

        def make(issuer: str) -> House:
            playbooks.attach(records)
            parts = assemble(settings_for(issuer, tmp_path), records, FakeGateway(), playbooks)
            return House(httpx.AsyncClient(), parts, FakeGateway(), Clock())

        yield make


async def at_the_provider(address: str, name: str) -> str:
    """What a person does there: name and password, then consent. Returns the address that leads back to us."""
    async with httpx.AsyncClient(follow_redirects=True) as http:
        page = await http.get(address)
        page = await http.post(_form_of(page), data={"prompt": "login", "login": name, "password": "x"})
        http.follow_redirects = False
        answer = await http.post(_form_of(page), data={"prompt": "consent"})
        while not answer.headers["location"].startswith(CALLBACK):
            answer = await http.get(answer.headers["location"])
        return str(answer.headers["location"])


def _form_of(page: httpx.Response) -> str:
    found = re.search(r'action="([^"]+)"', page.text)
    assert found is not None, page.text
    return str(page.url.join(found[1]))


async def gone_to(browser: Browser, wanted: str = "/") -> str:
    answer = await browser.get("/login/oidc", params={"next": wanted})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def come_back(browser: Browser, address: str) -> httpx.Response:
    return await browser.get(f"/login/oidc/callback?{urlsplit(address).query}")


async def test_a_person_logs_in_with_the_mail_address_of_the_catalog(issuer: str, place: Any) -> None:
    house = place(issuer)
    browser = Browser(house)
    assert "Log in with Example Ltd" in (await browser.get("/login")).text
    back = await at_the_provider(await gone_to(browser, "/incidents/INC-1"), "ana")
    answer = await come_back(browser, back)
    assert (answer.status_code, answer.headers["location"]) == (303, "/incidents/INC-1")
    assert await whoami(browser) == (200, "ana")
    (login,) = [row for row in await house.parts.records.audit.find() if row.action == "login"]
    assert (login.actor, login.outcome, login.detail["method"]) == ("ana", "ok", "oidc")
    # the way back works once, and in no other browser
    assert (await come_back(browser, back)).status_code == 401
    assert (await come_back(Browser(house), back)).status_code == 401


@pytest.fixture
def clock_of(issuer: str) -> Iterator[Callable[[int], None]]:
    """Sets the provider's clock so many seconds ahead of ours."""

    def ahead(seconds: int) -> None:
        httpx.post(f"{issuer}/tests/clock", params={"seconds": seconds})

    yield ahead
    ahead(0)


@pytest.mark.parametrize("seconds", [-240, 240])
async def test_clocks_that_are_a_little_apart_let_in(
    issuer: str, place: Any, clock_of: Callable[[int], None], seconds: int
) -> None:
    clock_of(seconds)
    browser = Browser(place(issuer))
    assert (await come_back(browser, await at_the_provider(await gone_to(browser), "ana"))).status_code == 303
    assert await whoami(browser) == (200, "ana")


async def test_clocks_that_are_far_apart_are_said_to_be(
    issuer: str, place: Any, clock_of: Callable[[int], None]
) -> None:
    clock_of(900)
    browser = Browser(place(issuer))
    answer = await come_back(browser, await at_the_provider(await gone_to(browser, "/incidents/INC-1"), "ana"))
    assert answer.status_code == 503
    assert "is 15 minutes ahead of that of this machine" in answer.text
    assert "sealed code" in answer.text
    assert 'value="/incidents/INC-1"' in answer.text, "and where one wanted to go is not lost"
    assert (await whoami(browser))[0] == 401


async def test_who_is_not_in_the_catalog_hears_as_whom_they_came(issuer: str, place: Any) -> None:
    browser = Browser(place(issuer))
    answer = await come_back(browser, await at_the_provider(await gone_to(browser, "/on-call"), "stranger"))
    assert "stranger@example.com" in answer.text
    assert 'value="/on-call"' in answer.text


async def test_an_attempt_of_yesterday_is_begun_again(issuer: str, place: Any) -> None:
    house = place(issuer)
    browser = Browser(house)
    back = await at_the_provider(await gone_to(browser), "ana")
    sessions, now = house.parts.sessions, house.parts.sessions._now
    sessions._now = lambda: now() + timedelta(minutes=11)
    answer = await come_back(browser, back)
    assert (answer.status_code, "longer than ten minutes" in answer.text) == (401, True)
    assert (await whoami(browser))[0] == 401


@pytest.mark.parametrize("name", ["mayday_login", "__Host-mayday_login"])
async def test_behind_https_no_neighbour_plants_an_attempt(issuer: str, place: Any, name: str) -> None:
    house = place(issuer)
    house.parts.sessions.secure = name.startswith("__Host-")
    answer = await Browser(house).get("/login/oidc")
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith(f"{name.lower()}=")
    assert ("secure" in cookie, "path=/;" in cookie) == (house.parts.sessions.secure, True)


@pytest.mark.parametrize(("name", "status"), [("stranger", 403), ("unverified_ana", 401)])
async def test_who_is_not_known_or_not_verified_stays_outside(issuer: str, place: Any, name: str, status: int) -> None:
    house = place(issuer)
    browser = Browser(house)
    answer = await come_back(browser, await at_the_provider(await gone_to(browser), name))
    assert answer.status_code == status
    assert (await whoami(browser))[0] == 401
    (refusal,) = [row for row in await house.parts.records.audit.find() if row.action == "login"]
    assert refusal.outcome == "refused"


async def test_another_browsers_way_back_logs_nobody_in(issuer: str, place: Any) -> None:
    house = place(issuer)
    attacker, victim = Browser(house), Browser(house)
    back = await at_the_provider(await gone_to(attacker), "kim")
    await gone_to(victim)  # the victim has an attempt of its own under way
    assert (await come_back(victim, back)).status_code == 401
    assert (await whoami(victim))[0] == 401


async def test_a_code_that_the_provider_does_not_know_is_no_login(issuer: str, place: Any) -> None:
    house = place(issuer)
    browser = Browser(house)
    state = parse_qs(urlsplit(await gone_to(browser)).query)["state"][0]
    assert (await browser.get("/login/oidc/callback", params={"code": "guess", "state": state})).status_code == 401
    for error, status, said in (("access_denied", 401, "did not finish"), ("server_error", 503, "does not answer")):
        state = parse_qs(urlsplit(await gone_to(browser, "/on-call")).query)["state"][0]
        answer = await browser.get("/login/oidc/callback", params={"error": error, "state": state})
        assert (answer.status_code, said in answer.text) == (status, True)
        assert 'value="/on-call"' in answer.text
    await gone_to(browser)
    assert (await browser.get("/login/oidc/callback", params={"error": "access_denied"})).status_code == 401


async def test_while_the_provider_is_down_a_sealed_code_lets_in(place: Any) -> None:
    house = place("http://127.0.0.1:9")
    browser = Browser(house)
    shown = await browser.get("/login/oidc")
    assert shown.status_code == 503
    assert "sealed code" in shown.text
    made = await house.parts.records.login_codes.make(
        "sealed", "ana", lasts=datetime.now(UTC) - datetime(2026, 1, 1, tzinfo=UTC), created_by="owner"
    )
    assert (await browser.send("/login", {"code": made[0]})).status_code == 303
    assert await whoami(browser) == (200, "ana")


async def test_without_a_provider_there_is_no_way_through_one(house: House) -> None:
    browser = Browser(house)
    assert (await browser.get("/login/oidc")).status_code == 404
    assert "Or with a code" not in (await browser.get("/login")).text


NOW = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)
GOOD = {"iss": "https://id.example", "aud": "mayday", "sub": "1", "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 60, "email": "ana@example.com", "nonce": "n"}  # fmt: skip
KEY = RSAKey.generate_key(2048, {"kid": "1", "use": "sig", "alg": "RS256"})
OTHER = RSAKey.generate_key(2048, {"kid": "1", "use": "sig", "alg": "RS256"})


def provider_that_says(
    id_token: str, *, answers: tuple[int, dict[str, str]] | None = None, **described: Any
) -> IdentityProvider:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("openid-configuration"):
            issuer = {
                "issuer": "https://id.example", "authorization_endpoint": "https://id.example/auth",
                "token_endpoint": "https://id.example/token", "jwks_uri": "https://id.example/keys", **described,
            }  # fmt: skip
            return httpx.Response(200, json=issuer)
        if request.url.path == "/keys":
            return httpx.Response(200, json={"keys": [KEY.as_dict(private=False)]})
        if answers is not None:
            return httpx.Response(answers[0], json=answers[1])
        return httpx.Response(200, json={"id_token": id_token, "access_token": "a", "token_type": "bearer"})

    return IdentityProvider(
        "https://id.example", "mayday", SECRET, CALLBACK, lambda: NOW, transport=httpx.MockTransport(answer)
    )


def signed(key: RSAKey = KEY, **changed: Any) -> str:
    claims = {name: value for name, value in {**GOOD, **changed}.items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": "1"}, claims, key)


ATTEMPT = Attempt("s", "n", "v" * 48)


async def test_a_good_token_names_the_mail_address() -> None:
    assert await provider_that_says(signed()).mail_of("code", ATTEMPT) == "ana@example.com"
    assert await provider_that_says(signed(email_verified=True)).mail_of("code", ATTEMPT) == "ana@example.com"


@pytest.mark.parametrize(
    "token",
    [
        signed(OTHER),
        signed(iss="https://evil.example"),
        signed(aud="another"),
        signed(aud=["mayday", "another"]),  # and no `azp` that says it is for us
        signed(nonce="of another attempt"),
        signed(nonce=None),
        signed(exp=int(NOW.timestamp()) - 301),
        signed(iat=int(NOW.timestamp()) - 200, exp=int(NOW.timestamp()) - 301),
        signed(nbf=int(NOW.timestamp()) + 301),
        signed(sub=None),
        signed(email=None),
        signed(email=["ana@example.com"]),
        signed(email_verified=False),
        "",
        "a.b.c",
        jwt.encode({"alg": "RS256"}, GOOD, KEY).rpartition(".")[0] + ".",
        "eyJhbGciOiJub25lIn0.eyJlbWFpbCI6ImFuYUBleGFtcGxlLmNvbSJ9.",
    ],
)
async def test_a_token_that_does_not_hold_is_no_login(token: str) -> None:
    with pytest.raises(LoginRefused):
        await provider_that_says(token).mail_of("code", ATTEMPT)


@pytest.mark.parametrize(
    "times", [{"iat": 301, "exp": 900}, {"iat": -4000, "exp": -400}, {"iat": 10**9, "exp": 2 * 10**9}]
)
async def test_a_token_of_another_time_tells_of_the_clock(times: dict[str, int]) -> None:
    token = signed(**{name: int(NOW.timestamp()) + by for name, by in times.items()})
    with pytest.raises(ClocksDiffer) as found:
        await provider_that_says(token).mail_of("code", ATTEMPT)
    assert found.value.seconds == times["iat"]


async def test_a_forged_token_tells_nothing_of_the_clock() -> None:
    with pytest.raises(LoginRefused):
        await provider_that_says(signed(OTHER, iat=int(NOW.timestamp()) + 9000)).mail_of("code", ATTEMPT)


async def test_a_provider_that_answers_letter_by_letter_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "PATIENCE_SECONDS", 0.05)

    class Slow(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                yield b" "
                await asyncio.sleep(0.001)

    slow = httpx.MockTransport(lambda request: httpx.Response(200, stream=Slow()))
    provider = IdentityProvider("https://id.example", "mayday", SECRET, CALLBACK, lambda: NOW, transport=slow)
    with pytest.raises(ProviderSilent, match="no whole answer"):
        await provider.where(ATTEMPT)


@pytest.mark.parametrize(("status", "said"), [(401, {}), (400, {"error": "invalid_client"})])
async def test_a_provider_that_does_not_know_us_is_our_own_fault(status: int, said: dict[str, str]) -> None:
    with pytest.raises(ClientRefused):
        await provider_that_says(signed(), answers=(status, said)).mail_of("code", ATTEMPT)


@pytest.mark.parametrize(
    "described",
    [{"issuer": "https://evil.example"}, {"token_endpoint": "http://id.example/token"}, {"jwks_uri": None},
     {"authorization_endpoint": None}],
)  # fmt: skip
async def test_a_provider_that_describes_itself_wrongly_is_not_asked(described: dict[str, Any]) -> None:
    with pytest.raises(ProviderSilent):
        await provider_that_says(signed(), **described).mail_of("code", ATTEMPT)


def test_settings_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        identity_provider(settings_for("http://id.example.com", tmp_path), lambda: NOW)
    with pytest.raises(SettingsError):
        identity_provider(load_settings(data=tmp_path, oidc_issuer="https://id.example"), lambda: NOW)
    assert identity_provider(load_settings(data=tmp_path), lambda: NOW) is None


async def test_where_one_is_sent_carries_a_challenge_and_no_secret() -> None:
    where = await provider_that_says(signed()).where(ATTEMPT)
    asked = parse_qs(urlsplit(where).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert (asked["state"], asked["nonce"], asked["redirect_uri"]) == (["s"], ["n"], [CALLBACK])
    assert SECRET not in where
    assert ATTEMPT.verifier not in where


async def test_an_attempt_does_not_last(house: House) -> None:
    sealed = await house.parts.sessions.sealed("oidc", "text")
    assert await house.parts.sessions.unsealed("oidc", sealed, 600) == "text"
    assert await house.parts.sessions.unsealed("other", sealed, 600) is None
    assert await house.parts.sessions.unsealed("oidc", f"9{sealed}", 600) is None
    house.clock.forward(seconds=600)
    assert await house.parts.sessions.unsealed("oidc", sealed, 600) is None
