"""Logging in with a browser: links and codes that work once, sessions that end, and what other sites may not do."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from mayday.cli.up import _first_link
from mayday.records.errors import RecordsUnavailable
from mayday.records.sessions import Sessions
from starter.parts import assemble
from starter.sessions import local_path
from tests.starter.application import application
from tests.starter.conftest import House

COOKIE = "mayday_session"


class Browser:
    """Keeps cookies, follows no redirects by itself, and says where its requests come from."""

    def __init__(self, house: House, address: str = "10.0.0.1") -> None:
        transport = httpx.ASGITransport(application(house.parts), raise_app_exceptions=False, client=(address, 4000))
        self.http = httpx.AsyncClient(transport=transport, base_url="http://mayday")

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.http.get(path, **more)

    async def send(self, path: str, form: dict[str, str] | None = None, site: str = "same-origin") -> httpx.Response:
        return await self.http.post(path, data=form or {}, headers={"Sec-Fetch-Site": site})

    async def api(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return await self.http.post(path, json=body, headers={"Sec-Fetch-Site": "same-origin", **headers})

    async def csrf(self) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', (await self.get("/logout")).text)
        assert found is not None
        return found[1]

    @property
    def cookie(self) -> str | None:
        return self.http.cookies.get(COOKIE)


async def link_for(house: House, person: str | None) -> str:
    secret, _ = await house.parts.records.login_codes.make("link", person, lasts=timedelta(hours=1), created_by="test")
    return f"/login/link/{secret}"


async def logged_in(house: House, person: str | None, address: str = "10.0.0.1") -> Browser:
    browser = Browser(house, address)
    answer = await browser.send(await link_for(house, person))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    return browser


async def whoami(browser: Browser) -> tuple[int, Any]:
    answer = await browser.get("/api/v1/me")
    return answer.status_code, answer.json().get("person", answer.json().get("code"))


async def outcomes(house: House, action: str) -> list[str]:
    return [row.outcome for row in await house.parts.records.audit.find() if row.action == action]


async def test_a_link_lets_its_owner_in_once_and_nobody_else(house: House) -> None:
    link = await link_for(house, None)
    owner, thief = Browser(house), Browser(house)
    shown = await owner.get(link)
    assert shown.status_code == 200  # looking at it, as mail scanners do, uses nothing up
    assert (await owner.send(link)).status_code == 303
    me = (await owner.get("/api/v1/me")).json()
    assert (me["person"], me["level"]) == (None, "owner")

    late = await thief.send(link)
    assert late.status_code == 401
    assert "was used on 02 March at 02:10 UTC, and works once" in late.text
    looked = await thief.get(link)
    assert (looked.status_code, "was used on" in looked.text) == (401, True), "said before anybody presses"
    assert await whoami(thief) == (401, "unauthenticated")
    assert await outcomes(house, "login") == ["refused", "ok"]


async def test_a_link_of_an_earlier_start_lets_nobody_in(house: House) -> None:
    """Restarted before it was used: the log of the first start is no way in."""
    codes = house.parts.records.login_codes
    first = await _first_link(house.parts.records, "")
    made, _ = await codes.make("link", "ana", lasts=timedelta(hours=1), created_by="owner")
    second = await _first_link(house.parts.records, "")
    assert first is not None
    assert second is not None
    assert (await Browser(house).send(first)).status_code == 401
    assert (await Browser(house).send(second)).status_code == 303
    assert await _first_link(house.parts.records, "") is None  # the owner has been in
    assert (await Browser(house).send(f"/login/link/{made}")).status_code == 303  # what people made is left alone


async def test_a_code_that_is_over_says_why_and_keeps_the_way(house: House) -> None:
    """Only to whoever holds it: a code that nobody has is mistyped."""
    codes = house.parts.records.login_codes
    made = [await codes.make("sealed", "sam", lasts=timedelta(hours=1), created_by="test") for _ in range(3)]
    used, withdrawn, old = (secret for secret, _ in made)
    await Browser(house).send("/login", {"code": used})
    await codes.revoke(made[1][1].id)
    house.clock.forward(minutes=20)
    gone = (await house.parts.records.tokens.create("nobody", level="responder"))[0]
    cases = [(used, "was used on 02 March at 02:10 UTC, and works once. Take the next one"),
             (withdrawn, "was withdrawn on 02 March at 02:10 UTC"), (gone, "not in the catalog any more"),
             ("AAAAA-BBBBB-CCCCC-DDDDD", "a mistyped letter"), ("mayday_guess", "no code or token")]  # fmt: skip
    for secret, said in cases:
        answer = await Browser(house).send("/login", {"code": secret, "next": "/on-call"})
        assert (answer.status_code, said in answer.text) == (401, True), answer.text
        assert 'value="/on-call"' in answer.text
    house.clock.forward(hours=1)
    late = await Browser(house).send("/login", {"code": old})
    assert "was good until 02 March at 03:10 UTC" in late.text


async def test_a_link_that_is_put_where_codes_go_is_a_link(house: House) -> None:
    browser = Browser(house)
    whole = f" http://mayday{await link_for(house, 'ana')} "
    assert (await browser.send("/login", {"code": whole, "next": "/on-call"})).headers["location"] == "/on-call"
    assert await whoami(browser) == (200, "ana")
    late = await Browser(house).send("/login", {"code": whole})
    assert (late.status_code, "This link was used on" in late.text) == (401, True)


async def test_who_tries_too_often_keeps_the_way_and_hears_minutes(house: House) -> None:
    browser = Browser(house)
    for _ in range(10):
        await browser.send("/login", {"code": "guess"})
    stopped = await browser.send("/login", {"code": "guess", "next": "/on-call"})
    assert (stopped.status_code, "Try again in 5 minutes" in stopped.text) == (429, True)
    assert 'value="/on-call"' in stopped.text


async def test_a_link_that_is_too_old_lets_nobody_in(house: House) -> None:
    link = await link_for(house, "ana")
    house.clock.forward(hours=1)
    assert (await Browser(house).send(link)).status_code == 401


async def test_a_sealed_code_lets_in_once_however_it_is_typed(house: House) -> None:
    made = await house.post("/api/v1/access/codes", {"person": "sam", "count": 2}, person=None)
    first = made.json()["items"][0]["code"]
    browser = Browser(house)
    answer = await browser.send("/login", {"code": f" {first.lower().replace('-', ' ')} ", "next": "/incidents/INC-1"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/incidents/INC-1")
    assert await whoami(browser) == (200, "sam")
    assert (await Browser(house).send("/login", {"code": first})).status_code == 401

    listed = (await house.get("/api/v1/access/codes", person=None)).json()["items"]
    assert [bool(item["used_at"]) for item in reversed(listed)] == [True, False]
    assert first not in str(listed)
    used = next(row for row in await house.parts.records.audit.find(actor="sam") if row.action == "login")
    assert (used.outcome, used.detail["method"]) == ("ok", "code")


async def test_a_session_by_token_ends_with_the_token(house: House) -> None:
    browser = Browser(house)
    await browser.send("/login", {"code": await house.token("ana")})
    assert await whoami(browser) == (200, "ana")
    (token,) = [one for one in await house.parts.records.tokens.find() if one.person == "ana"]
    await house.parts.records.tokens.revoke(token.id)
    assert await whoami(browser) == (401, "unauthenticated")


async def test_a_session_ends_at_once_when_it_is_ended_elsewhere(house: House) -> None:
    browser = await logged_in(house, "ana")
    (session,) = (await house.get("/api/v1/access/sessions", person=None)).json()["items"]
    assert (session["person"], session["method"]) == ("ana", "link")
    assert (await house.post(f"/api/v1/access/sessions/{session['id']}/end", {}, person=None)).status_code == 200
    assert await whoami(browser) == (401, "unauthenticated")
    assert (await house.post(f"/api/v1/access/sessions/{session['id']}/end", {}, person=None)).status_code == 404


async def test_a_session_ends_after_idle_hours_and_after_some_days(house: House) -> None:
    browser = await logged_in(house, "ana")
    for _ in range(15):  # looked at every eleven hours, it goes on for a week
        house.clock.forward(hours=11)
        assert await whoami(browser) == (200, "ana")
    house.clock.forward(hours=11)
    assert await whoami(browser) == (401, "unauthenticated")
    other = await logged_in(house, "ana")
    house.clock.forward(hours=12)
    assert await whoami(other) == (401, "unauthenticated")


async def test_logging_out_ends_the_session_for_whoever_kept_the_cookie(house: House) -> None:
    browser = await logged_in(house, "ana")
    kept = browser.cookie
    refused = await browser.send("/logout")
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf")
    assert (await browser.send("/logout", {"csrf_token": await browser.csrf()})).status_code == 303
    assert browser.cookie is None
    browser.http.cookies.set(COOKIE, kept or "", domain="mayday.local", path="/")
    assert await whoami(browser) == (401, "unauthenticated")


async def test_a_planted_cookie_is_not_taken_over_by_a_login(house: House) -> None:
    attacker = await logged_in(house, "kim")
    planted = attacker.cookie
    victim = Browser(house)
    victim.http.cookies.set(COOKIE, planted or "", domain="mayday.local", path="/")
    await victim.send(await link_for(house, "ana"))
    assert victim.cookie != planted
    assert await whoami(attacker) == (401, "unauthenticated")


@pytest.mark.parametrize("made_up", ["", ".", "a.b", "x" * 4000, "é.é", "a.b.c", '"; Secure'])
async def test_a_cookie_that_we_did_not_make_is_nobody(house: House, made_up: str) -> None:
    answer = await Browser(house).get("/api/v1/me", headers={"Cookie": f"{COOKIE}={made_up}".encode()})
    assert answer.status_code == 401


async def test_a_cookie_is_for_this_site_and_for_no_script(house: House) -> None:
    answer = await Browser(house).send(await link_for(house, "ana"))
    set_cookie = answer.headers["set-cookie"].lower()
    assert all(part in set_cookie for part in ("httponly", "samesite=lax", "path=/", "max-age=604800"))
    assert "domain" not in set_cookie


async def test_behind_https_the_cookie_never_leaves_in_the_clear(house: House) -> None:
    settings = house.parts.settings.model_copy(update={"base_url": "https://mayday.example.com"})
    house.parts = assemble(settings, house.parts.records, house.gateway, house.parts.playbooks, clock=house.clock)
    answer = await Browser(house).send(await link_for(house, "ana"))
    assert answer.headers["set-cookie"].startswith("__Host-mayday=")
    assert "secure" in answer.headers["set-cookie"].lower()
    assert answer.headers["strict-transport-security"]


async def test_a_cookie_alone_changes_nothing(house: House) -> None:
    incident = await house.declared()
    browser = await logged_in(house, "ana")
    note = {"text": "hello"}
    path = f"/api/v1/incidents/{incident}/notes"
    assert (await browser.api(path, note)).json()["code"] == "csrf"
    assert (await browser.api(path, note, **{"X-CSRF-Token": "guess"})).json()["code"] == "csrf"
    other = await logged_in(house, "kim", "10.0.0.2")
    assert (await browser.api(path, note, **{"X-CSRF-Token": await other.csrf()})).json()["code"] == "csrf"
    mine = {"X-CSRF-Token": await browser.csrf()}
    elsewhere = await browser.api(path, note, **mine, **{"Sec-Fetch-Site": "cross-site"})
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (403, "csrf")
    assert (await browser.api(path, note, **mine, **{"Idempotency-Key": "n1"})).status_code == 200
    assert house.run(incident).commands[0].command.actor == "ana"
    assert len(house.run(incident).commands) == 1


async def test_another_site_logs_nobody_in(house: House) -> None:
    link = await link_for(house, "kim")
    for site in ("cross-site", "same-site"):
        assert (await Browser(house).send(link, site=site)).status_code == 403
    old = await Browser(house).http.post(link, headers={"Origin": "http://evil.example"})
    assert old.status_code == 403
    assert (await Browser(house).http.post(link, headers={"Origin": "http://mayday"})).status_code == 303


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "javascript:alert(1)", "/\r\nX: y",
     "", "evil", "///evil.example", "/\t/evil.example", "/login", "/logout", "http:/x", "/caf\u00e9"],
)  # fmt: skip
async def test_after_logging_in_nobody_is_sent_elsewhere(house: House, wanted: str) -> None:
    assert local_path(wanted) == "/"
    code = (await house.post("/api/v1/access/codes", {"person": "sam", "count": 1}, person=None)).json()
    answer = await Browser(house).send("/login", {"code": code["items"][0]["code"], "next": wanted})
    assert answer.headers["location"] == "/"
    assert "x" not in answer.headers


async def test_one_may_come_back_to_the_page_one_wanted(house: House) -> None:
    wanted = "/incidents/INC-1?kind=note#42"
    assert local_path(wanted) == wanted
    shown = await Browser(house).get("/login", params={"next": '/x?"><script>'})
    assert "<script>" not in shown.text


async def test_failed_logins_of_one_address_are_slowed_down(house: House) -> None:
    guesser, other = Browser(house, "10.0.0.9"), Browser(house, "10.0.0.10")
    for _ in range(10):
        assert (await guesser.send("/login", {"code": "guess"})).status_code == 401
    stopped = await guesser.send("/login", {"code": await house.token("ana")})
    assert (stopped.status_code, stopped.headers["retry-after"]) == (429, "300")
    assert (await guesser.send("/login/link/guess")).status_code == 429
    assert (await other.send("/login", {"code": await house.token("ana")})).status_code == 303
    house.clock.forward(minutes=5)
    assert (await guesser.send("/login", {"code": await house.token("ana")})).status_code == 303


async def test_people_stay_logged_in_for_a_while_when_the_store_is_down(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, stranger = await logged_in(house, "ana"), await logged_in(house, "kim")
    assert await whoami(browser) == (200, "ana")

    async def down(*_: object, **__: object) -> None:
        raise RecordsUnavailable("down")

    monkeypatch.setattr(Sessions, "read", down)
    assert await whoami(browser) == (200, "ana")
    assert (await stranger.get("/api/v1/me")).status_code == 503
    house.clock.forward(minutes=16)
    assert (await browser.get("/api/v1/me")).status_code == 503


async def test_nobody_makes_a_way_in_that_is_wider_than_their_own(house: House) -> None:
    administrator = "ana"
    secret, _ = await house.parts.records.tokens.create(administrator, level="administrator")
    house.tokens[administrator] = secret
    assert (await house.get("/api/v1/me", person=administrator)).json()["level"] == "administrator"
    assert (await house.post("/api/v1/access/links", {"person": None}, person=administrator)).status_code == 403
    assert (await house.post("/api/v1/access/links", {"person": "kim"}, person=administrator)).status_code == 201
    assert (await house.post("/api/v1/access/links", {"person": None}, person=None)).status_code == 201
    assert (await house.post("/api/v1/access/links", {"person": "nobody"}, person=None)).status_code == 422
    assert (await house.post("/api/v1/access/links", {"person": "ana"}, person="raj")).status_code == 403


async def test_every_answer_is_guarded(house: House) -> None:
    for path in ("/login", "/logout", "/docs", "/nowhere", "/api/v1/me", "/healthz", "/login/link/x"):
        headers = (await Browser(house).get(path)).headers
        policy = headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "DENY")


@pytest.mark.parametrize("path", ["/login", "/login/link/x", "/logout", "/docs"])
async def test_pages_hold_no_inline_script_or_style(house: House, path: str) -> None:
    text = (await Browser(house).get(path)).text
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:", text)


async def test_logins_of_one_account_are_slowed_down_from_wherever_they_come(house: House) -> None:
    token = await house.token("sam")
    for number in range(20):
        browser = Browser(house, f"10.1.0.{number}")
        assert (await browser.send("/login", {"code": token})).status_code == 303
    elsewhere = Browser(house, "10.2.0.1")
    stopped = await elsewhere.send("/login", {"code": token})
    assert (stopped.status_code, stopped.headers["retry-after"]) == (429, "300")
    link = await link_for(house, "sam")
    assert (await elsewhere.send(link)).status_code == 429
    assert (await elsewhere.send(await link_for(house, "kim"))).status_code == 303, "others are not"
    house.clock.forward(minutes=6)
    assert (await Browser(house, "10.2.0.2").send(link)).status_code == 303, "and it was not used up meanwhile"


async def test_who_holds_an_old_code_of_somebody_shuts_them_out_of_nothing(house: House) -> None:
    old = await link_for(house, "sam")
    assert (await Browser(house).send(old)).status_code == 303
    answers = [await Browser(house, f"10.3.0.{number}").send(old) for number in range(21)]
    assert [answer.status_code for answer in answers] == [401] * 20 + [429]
    rows = [row for row in await house.parts.records.audit.find() if row.outcome == "refused"]
    assert {row.detail["account"] for row in rows} == {"sam"}
    assert (await Browser(house, "10.4.0.1").send(await link_for(house, "sam"))).status_code == 303
