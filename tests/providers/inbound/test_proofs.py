"""Proofs of a kind of their own, over HTTP: SNS's certificates, identity tokens, Twilio's forms, Zoom's question."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from mayday.domain.commands import Note
from mayday.domain.incident import Board
from mayday.providers import identity_tokens
from mayday.providers.aws import sns
from mayday.providers.inbound import Unverifiable
from mayday.providers.twilio.inbound import signed_text
from tests.providers.inbound.conftest import TOKEN, Outside
from tests.providers.inbound.samples import SAMPLES, needed, sample
from tests.providers.inbound.test_doors import BEARER, body_of, hmac_of, post, reload
from tests.starter.conftest import House

pytestmark = needed

# SNS ------------------------------------------------------------------------------------------------------------

TOPIC = "arn:aws:sns:eu-west-1:123456789012:mim-alarms"
PLAIN_TEXT = {"Content-Type": "text/plain; charset=UTF-8"}


def sns_body(name: str) -> bytes:
    return (SAMPLES / "signatures" / "sns" / f"{name}.json").read_bytes()


@pytest.fixture
def sns_host(outside: Outside) -> Outside:
    sns._certificates.clear()
    outside.answers = {
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-TEST.pem": (
            SAMPLES / "signatures" / "sns" / "TEST-SimpleNotificationService.pem"
        ).read_bytes(),
        "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription": b"<ConfirmSubscriptionResponse/>",
    }
    return outside


async def test_sns_messages_of_a_listed_topic_need_no_token(
    ready: House, sns_host: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    reload(ready, monkeypatch, AWS_TOKEN=None, AWS_TOPICS=TOPIC)
    answer = await post(ready, "aws", sns_body("notification_v2"), PLAIN_TEXT)
    assert (answer.status_code, answer.json()["incidents"][0]["action"]) == (202, "opened")
    for name in ("tampered_message_v2", "foreign_cert_url_v2", "http_cert_url_v2"):
        assert (await post(ready, "aws", sns_body(name), PLAIN_TEXT)).status_code == 401
    # what SNS did not sign needs a token, and there is none
    assert (await post(ready, "aws", sample("aws/eventbridge_alarm_anomaly"))).status_code == 401


async def test_sns_and_eventbridge_side_by_side(
    ready: House, sns_host: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    reload(ready, monkeypatch, AWS_TOPICS=TOPIC)
    assert (await post(ready, "aws", sns_body("notification_v1"), PLAIN_TEXT)).status_code == 202
    event = sample("aws/eventbridge_alarm_anomaly")
    assert (await post(ready, "aws", event, {"X-Api-Key": TOKEN})).status_code == 202
    assert (await post(ready, "aws", event)).status_code == 401
    # a token is no signature
    assert (await post(ready, "aws", sns_body("tampered_message_v2"), BEARER)).status_code == 401


async def test_a_subscription_to_a_listed_topic_is_confirmed(
    ready: House, sns_host: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    reload(ready, monkeypatch, AWS_TOKEN=None, AWS_TOPICS=TOPIC)
    answer = await post(ready, "aws", sns_body("subscription_confirmation_v2"), PLAIN_TEXT)
    assert (answer.status_code, answer.json()) == (200, {"incidents": []})
    assert sns_host.asked[-1].startswith("https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=")


async def test_a_subscription_that_nobody_listed_waits_for_a_person(ready: House, outside: Outside) -> None:
    answer = await post(ready, "aws", sample("aws/sns_subscription_confirmation"), BEARER)
    assert answer.status_code == 200
    assert outside.asked == []


async def test_when_sns_cannot_be_asked_the_sender_tries_again(ready: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(url: str) -> bytes:
        raise Unverifiable("the signer's host is not reachable")

    sns._certificates.clear()
    ready.parts.fetch = away  # type: ignore[assignment]
    reload(ready, monkeypatch, AWS_TOKEN=None, AWS_TOPICS=TOPIC)
    answer = await post(ready, "aws", sns_body("notification_v2"), PLAIN_TEXT)
    assert answer.status_code == 503
    ready.parts.fetch = Outside()  # type: ignore[assignment]


# identity tokens ------------------------------------------------------------------------------------------------

TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def key_set() -> bytes:
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
    return json.dumps({"keys": [{**public, "kid": "k1", "use": "sig"}, {"kty": "EC", "kid": "k2"}]}).encode()


def identity(house: House, key: Any = KEY, kid: str = "k1", **claims: Any) -> dict[str, str]:
    now = house.clock()
    given = {
        "aud": "api://mayday", "iss": f"https://sts.windows.net/{TENANT}/", "tid": TENANT,
        "appid": "461e8683-5575-4561-ac7f-899cc907d62a", "iat": now, "nbf": now, "exp": now + timedelta(hours=1),
    } | claims  # fmt: skip
    return {"Authorization": f"Bearer {jwt.encode(given, key, algorithm='RS256', headers={'kid': kid})}"}


@pytest.fixture
def issuers(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> Outside:
    monkeypatch.setattr(identity_tokens, "_TENANTS", {})
    identity_tokens.GOOGLE._keys.clear()
    identity_tokens.GOOGLE._fetched_at = None
    outside.answers = {
        f"https://login.microsoftonline.com/{TENANT}/discovery/v2.0/keys": key_set(),
        "https://www.googleapis.com/oauth2/v3/certs": key_set(),
    }
    return outside


@pytest.fixture
def secure(ready: House, issuers: Outside, monkeypatch: pytest.MonkeyPatch) -> House:
    reload(ready, monkeypatch, AZURE_TOKEN=None, AZURE_AUDIENCE="api://mayday", AZURE_TENANT=TENANT)
    return ready


async def test_azures_secure_webhook_shows_entras_token(secure: House, outside: Outside) -> None:
    for issuer in (f"https://sts.windows.net/{TENANT}/", f"https://login.microsoftonline.com/{TENANT}/v2.0"):
        assert (await post(secure, "azure", body_of("azure"), identity(secure, iss=issuer))).status_code == 202
    assert len(outside.asked) == 1, "the keys are kept"


async def test_a_token_of_somebody_else_is_refused(secure: House) -> None:
    now = secure.clock()
    for wrong in (
        identity(secure, aud="api://another"), identity(secure, iss="https://evil.example/"),
        identity(secure, appid="another"), identity(secure, tid="another"), identity(secure, kid="k9"),
        identity(secure, key=OTHER_KEY), identity(secure, exp=now - timedelta(minutes=5)),
        identity(secure, nbf=now + timedelta(minutes=5)), identity(secure, aud=None), {"Authorization": "Bearer x.y.z"},
        {"Authorization": "Bearer " + jwt.encode({"aud": "api://mayday"}, "", algorithm="none")}, {}, BEARER,
        {"Authorization": "Bearer " + jwt.encode(
            {"aud": "api://mayday"}, "k" * 40, algorithm="HS256", headers={"kid": "k1"})},
    ):  # fmt: skip
        assert (await post(secure, "azure", body_of("azure"), wrong)).status_code == 401


async def test_a_new_key_of_the_issuer_is_found(secure: House, outside: Outside) -> None:
    assert (await post(secure, "azure", body_of("azure"), identity(secure, kid="k3"))).status_code == 401
    url = next(iter(outside.answers))
    outside.answers[url] = key_set().replace(b'"k1"', b'"k3"')
    assert (await post(secure, "azure", body_of("azure"), identity(secure, kid="k3"))).status_code == 401
    secure.clock.forward(minutes=2)
    assert (await post(secure, "azure", body_of("azure"), identity(secure, kid="k3"))).status_code == 202
    assert len(outside.asked) == 2


async def test_googles_push_shows_its_own_token(
    ready: House, issuers: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    reload(ready, monkeypatch, GCP_AUDIENCE="https://mayday.example", GCP_EMAIL="push@p.iam.gserviceaccount.com")
    pushed = json.dumps({"message": {"data": base64.b64encode(body_of("gcp")).decode()}}).encode()
    claims = {
        "aud": "https://mayday.example", "iss": "https://accounts.google.com", "email_verified": True,
        "email": "push@p.iam.gserviceaccount.com",
    }  # fmt: skip
    assert (await post(ready, "gcp", pushed, identity(ready, **claims))).status_code == 202
    other = {**claims, "email": "other@p.iam.gserviceaccount.com"}
    assert (await post(ready, "gcp", pushed, identity(ready, **other))).status_code == 401
    assert (await post(ready, "gcp", body_of("gcp"), params={"token": TOKEN})).status_code == 202


# Twilio ---------------------------------------------------------------------------------------------------------


async def pressed(house: House, key: str, **form: str) -> httpx.Response:
    """A callback as Twilio signs it, with our public address."""
    raw = urlencode({"CallSid": "CA1", **form}).encode()
    path = f"/webhooks/twilio?call={quote(key, safe='')}"
    fields = {"CallSid": ["CA1"], **{name: [value] for name, value in form.items()}}
    text = signed_text(house.parts.settings.base_url + path, fields)
    signature = base64.b64encode(hmac.new(b"auth-token", text, hashlib.sha1).digest()).decode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
    return await house.http.post(path, content=raw, headers=headers)


async def test_one_pressed_on_the_telephone_acknowledges_the_page(
    ready: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    reload(ready, monkeypatch, TWILIO_TOKEN=None, TWILIO_SECRET="auth-token")
    incident = await ready.declared()
    key = f"{incident}/page_mim#1/ana/voice"
    answer = await pressed(ready, key, Digits="1")
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/xml")
    assert answer.text == "<Response><Say>Thank you. The page is acknowledged.</Say></Response>"
    (sent,) = ready.run(incident).commands
    assert (sent.command.kind, sent.command.actor, sent.command.channel) == ("ack", "ana", "twilio")
    for other in (await pressed(ready, key, Digits="3"), await pressed(ready, "nonsense", Digits="1")):
        assert "Nothing was acknowledged" in other.text
    assert (await pressed(ready, key, CallStatus="completed")).text == "<Response/>"
    assert len(ready.run(incident).commands) == 1
    ready.gateway.refusals["ack"] = ("closed", "acknowledged by raj")
    assert "Thank you" in (await pressed(ready, key, Digits="1")).text  # told again what was told before
    assert "somebody else" in (await pressed(ready, key, Digits="1", CallSid="CA2")).text


async def test_two_pressed_on_the_telephone_declines_it(ready: House, monkeypatch: pytest.MonkeyPatch) -> None:
    reload(ready, monkeypatch, TWILIO_TOKEN=None, TWILIO_SECRET="auth-token")
    incident = await ready.declared()
    answer = await pressed(ready, f"{incident}/role:deputy#1/dee/voice", Digits="2")
    assert answer.text == "<Response><Say>Thank you. The next person is called now.</Say></Response>"
    (sent,) = ready.run(incident).commands
    assert (sent.command.kind, sent.command.actor, sent.command.target) == ("decline", "dee", "role:deputy")
    assert sent.command.reason == "pressed 2 on the telephone"
    ready.gateway.refusals["decline"] = ("closed", "raj acknowledged it")
    late = await pressed(ready, f"{incident}/page_mim#1/ana/voice", Digits="2", CallSid="CA2")
    assert "cannot be declined" in late.text


async def test_a_key_pressed_by_somebody_else_is_refused(ready: House, monkeypatch: pytest.MonkeyPatch) -> None:
    reload(ready, monkeypatch, TWILIO_TOKEN=None, TWILIO_SECRET="another-token")
    incident = await ready.declared()
    assert (await pressed(ready, f"{incident}/page_mim#1/ana/voice", Digits="1")).status_code == 401
    assert ready.run(incident).commands == []


# Zoom -----------------------------------------------------------------------------------------------------------


async def zoom(house: House, body: dict[str, Any], secret: str = "zoom-secret", late: int = 0) -> httpx.Response:
    raw, stamp = json.dumps(body).encode(), str(int(house.clock().timestamp()) - late)
    headers = {
        "x-zm-request-timestamp": stamp,
        "x-zm-signature": "v0=" + hmac_of(secret, f"v0:{stamp}:".encode() + raw).hex(),
    }
    answer: httpx.Response = await post(house, "zoom", raw, headers)
    return answer


async def test_zoom_asks_whether_we_know_the_secret(ready: House, monkeypatch: pytest.MonkeyPatch) -> None:
    reload(ready, monkeypatch, ZOOM_TOKEN=None, ZOOM_SECRET="zoom-secret")
    answer = await zoom(ready, {"event": "endpoint.url_validation", "payload": {"plainToken": "qgg8"}})
    assert (answer.status_code, answer.json()) == (
        200, {"plainToken": "qgg8", "encryptedToken": hmac_of("zoom-secret", b"qgg8").hex()}
    )  # fmt: skip
    assert (await zoom(ready, {"event": "meeting.started"}, secret="another")).status_code == 401
    assert (await zoom(ready, {"event": "meeting.started"}, late=301)).status_code == 401


async def test_who_joins_our_bridge_is_noted(ready: House, monkeypatch: pytest.MonkeyPatch) -> None:
    reload(ready, monkeypatch, ZOOM_TOKEN=None, ZOOM_SECRET="zoom-secret")
    incident = await ready.declared()
    known = await ready.parts.records.incidents.get(incident)
    assert known is not None
    board = Board.model_validate({
        **known.model_dump(include={"id", "workflow_id", "title", "severity", "status", "services", "drill"}),
        "opened_at": known.opened_at, "priority": "P1", "service": "payments",
        "bridge": "https://example.zoom.us/j/97763643886?pwd=x",
    })  # fmt: skip
    await ready.parts.records.incidents.save(known.model_copy(update={"board": board}))

    def joined(meeting: str, **who: str) -> dict[str, Any]:
        return {"event": "meeting.participant_joined", "event_ts": 1772417400000,
                "payload": {"object": {"id": meeting, "participant": who}}}  # fmt: skip

    await zoom(ready, joined("97763643886", user_name="Ana R.", email="ana@example.com", user_id="1"))
    await zoom(ready, joined("97763643886", user_name="A guest", user_id="2"))
    other = (await zoom(ready, joined("11111111111", user_name="Eve"))).json()["callbacks"]
    assert [told["state"] for told in other] == ["ignored"]
    notes = [envelope.command for envelope in ready.run(incident).commands]
    assert [(note.actor, note.text) for note in notes if isinstance(note, Note)] == [
        ("ana", "joined the bridge"), ("owner", "A guest in zoom: joined the bridge"),
    ]  # fmt: skip
