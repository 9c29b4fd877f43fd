"""Every published signature vector passes, and fails with one byte of the body changed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from mayday.domain.incident import AlertEvent
from mayday.providers.aws import sns
from mayday.providers.inbound import BadSignature, Delivery, InboundSource, Unverifiable
from mayday.providers.sources import inbound_source
from tests.providers.inbound.samples import SAMPLES, delivery, needed, no_network

pytestmark = needed

#: vectors.json's systems that are sources here, and the name of each
SOURCES = {"pagerduty": "pagerduty", "grafana": "grafana", "splunk_observability": "splunk", "zoom": "zoom"}


def vectors() -> list[Any]:
    path = SAMPLES / "signatures" / "vectors.json"
    if not path.is_file():
        return []
    systems = json.loads(path.read_text())
    return [
        pytest.param(SOURCES[system], vector, id=f"{system}-{vector['name']}")
        for system in SOURCES
        for vector in systems[system]["vectors"]
        if "body" in vector or ("body_file" in vector and (SAMPLES / vector["body_file"].split()[0]).is_file())
    ]


def signed(vector: dict[str, Any], body: bytes | None = None) -> Delivery:
    raw = vector["body"].encode() if "body" in vector else (SAMPLES / vector["body_file"].split()[0]).read_bytes()
    headers = {name.lower(): value for name, value in vector["headers"].items()}
    stamp = vector.get("timestamp_header")
    at = datetime.fromtimestamp(
        int(headers.get(str(stamp).lower(), headers.get("x-zm-request-timestamp", 1767225600))) + 10, UTC
    )
    options = {"timestamp_header": stamp} if stamp else {}
    return Delivery(raw=raw if body is None else body, received_at=at, headers=headers, options=options)


async def fits(source: str, sent: Delivery, *secrets: str) -> bool:
    found = inbound_source(source)
    assert found is not None
    try:
        await found.verify(sent, secrets, no_network)
    except BadSignature as refused:
        said = str(refused)
    else:
        return True
    assert all(secret not in said for secret in secrets)
    return False


@pytest.mark.parametrize(("source", "vector"), vectors())
async def test_a_vector(source: str, vector: dict[str, Any]) -> None:
    assert await fits(source, signed(vector), vector["secret"]) == vector["valid"]


@pytest.mark.parametrize(("source", "vector"), [each for each in vectors() if each.values[1]["valid"]])
async def test_a_vector_with_one_byte_changed(source: str, vector: dict[str, Any]) -> None:
    raw = signed(vector).raw
    for place in {0, len(raw) // 2, len(raw) - 1}:
        broken = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        assert not await fits(source, signed(vector, broken), vector["secret"])
    assert not await fits(source, signed(vector, raw + b"\n"), vector["secret"])


@pytest.mark.parametrize(("source", "vector"), [each for each in vectors() if each.values[1]["valid"]])
async def test_while_a_secret_is_rotated_both_fit(source: str, vector: dict[str, Any]) -> None:
    assert await fits(source, signed(vector), "the-new-secret", vector["secret"])
    assert not await fits(source, signed(vector), "the-new-secret")


async def test_zooms_question_is_answered_as_its_vector_says() -> None:
    vector = next(
        each
        for each in json.loads((SAMPLES / "signatures" / "vectors.json").read_text())["zoom"]["vectors"]
        if each["name"] == "url_validation"
    )
    body = {"event": "endpoint.url_validation", "payload": {"plainToken": vector["plainToken"]}}
    zoom = inbound_source("zoom")
    assert zoom is not None
    assert await zoom.handshake(delivery(body), [vector["secret"]], no_network) == {
        "plainToken": vector["plainToken"], "encryptedToken": vector["encryptedToken"],
    }  # fmt: skip


def test_every_system_that_signs_alerts_has_vectors() -> None:
    assert {each.values[0] for each in vectors()} == set(SOURCES.values())


async def test_a_signed_time_long_ago_is_a_replay() -> None:
    vector = next(each.values[1] for each in vectors() if "timestamp_header" in each.values[1])
    now = signed(vector)
    late = Delivery(
        raw=now.raw, headers=now.headers, options=now.options,
        received_at=datetime.fromtimestamp(1767225600 + 301, UTC),
    )  # fmt: skip
    assert await fits("grafana", now, vector["secret"])
    assert not await fits("grafana", late, vector["secret"])


# Twilio ---------------------------------------------------------------------------------------------------------


def twilio_vectors() -> list[Any]:
    path = SAMPLES / "signatures" / "vectors.json"
    found = json.loads(path.read_text())["twilio"]["vectors"] if path.is_file() else []
    return [pytest.param(vector, id=vector["name"]) for vector in found]


@pytest.mark.parametrize("vector", twilio_vectors())
async def test_twilios_vectors_and_each_with_one_byte_changed(vector: dict[str, Any]) -> None:
    body = urlencode(vector["params"], doseq=True).encode()

    def sent(raw: bytes, url: str) -> Delivery:
        headers = {name.lower(): value for name, value in vector["headers"].items()}
        return Delivery(raw=raw, received_at=datetime(2026, 3, 2, tzinfo=UTC), headers=headers, url=url)

    assert await fits("twilio", sent(body, vector["url"]), "old", vector["auth_token"])
    assert not await fits("twilio", sent(body, vector["url"] + "1"), vector["auth_token"])
    for place in range(0, len(body), 7):
        changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        assert not await fits("twilio", sent(changed, vector["url"]), vector["auth_token"])


# SNS ------------------------------------------------------------------------------------------------------------

TOPICS = "arn:aws:sns:eu-west-1:123456789012:mim-alarms"
VALID = ("notification_v1", "notification_v2", "notification_v2_no_subject", "subscription_confirmation_v2")
INVALID = ("foreign_cert_url_v2", "http_cert_url_v2", "tampered_message_v2")


def message(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / "signatures" / "sns" / f"{name}.json").read_text())
    return found


class Certificates:
    """SNS's host, with the samples' certificate."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        return (SAMPLES / "signatures" / "sns" / "TEST-SimpleNotificationService.pem").read_bytes()


@pytest.fixture
def certificates() -> Certificates:
    sns._certificates.clear()
    return Certificates()


@pytest.mark.parametrize("name", VALID)
async def test_a_message_that_sns_signed(name: str, certificates: Certificates) -> None:
    await sns.check(message(name), TOPICS, certificates)
    await sns.check(message(name), TOPICS, certificates)
    assert certificates.asked == ["https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-TEST.pem"]


@pytest.mark.parametrize("name", INVALID)
async def test_a_message_that_sns_did_not_sign(name: str, certificates: Certificates) -> None:
    with pytest.raises(BadSignature):
        await sns.check(message(name), TOPICS, certificates)
    assert all(url.startswith("https://sns.eu-west-1.amazonaws.com/") for url in certificates.asked)


@pytest.mark.parametrize("name", VALID)
async def test_a_message_with_one_character_changed_anywhere_in_what_is_signed(
    name: str, certificates: Certificates
) -> None:
    good = message(name)
    for field in ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type", "Token", "SubscribeURL"):
        if field in good and f"{field}\n".encode() in sns.canonical(good):
            for bad in (good[field] + " ", good[field][:-1], good[field].swapcase()):
                with pytest.raises(BadSignature):
                    await sns.check({**good, field: bad}, "*", certificates)
    flipped = ("A" if good["Signature"][10] != "A" else "B").join((good["Signature"][:10], good["Signature"][11:]))
    with pytest.raises(BadSignature):
        await sns.check({**good, "Signature": flipped}, TOPICS, certificates)


@pytest.mark.parametrize(
    "url",
    [
        "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem", "https://evil.example/sns.eu-west-1.amazonaws.com.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/x.pem", "http://sns.eu-west-1.amazonaws.com/x.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/x.pem", "https://sns.eu-west-1.amazonaws.com/x.txt",
        "https://user@sns.eu-west-1.amazonaws.com/x.pem", "https://snsxeu-west-1.amazonaws.com/x.pem", "", "https://[",
        "https://sns.eu-west-1.amazonaws.com.cn.evil/x.pem", "file:///etc/passwd#.pem",
    ],
)  # fmt: skip
async def test_a_certificate_is_fetched_from_sns_and_from_nowhere_else(url: str) -> None:
    with pytest.raises(BadSignature):
        await sns.check({**message("notification_v2"), "SigningCertURL": url}, TOPICS, no_network)
    with pytest.raises(BadSignature):
        sns.subscribe_url({"SubscribeURL": url.replace(".pem", "").replace("x.txt", "x") if ".txt" not in url else ""})


async def test_a_topic_of_somebody_else_is_refused_before_anything_is_fetched() -> None:
    with pytest.raises(BadSignature, match="MAYDAY_WEBHOOK_AWS_TOPICS"):
        await sns.check(message("notification_v2"), "arn:aws:sns:eu-west-1:999999999999:*", no_network)


def test_topics_are_listed_whole_or_by_their_beginning() -> None:
    assert sns.listed(TOPICS, f"other, {TOPICS}")
    assert sns.listed(TOPICS, "arn:aws:sns:eu-west-1:123456789012:*")
    assert not sns.listed(TOPICS, TOPICS[:-1])
    assert not sns.listed(TOPICS, "")


async def test_a_certificate_that_is_none_is_our_trouble() -> None:
    async def nonsense(url: str) -> bytes:
        return b"<html>"

    sns._certificates.clear()
    with pytest.raises(Unverifiable):
        await sns.check(message("notification_v2"), TOPICS, nonsense)


async def test_a_source_that_forgot_how_it_is_proven_lets_nobody_in() -> None:
    class Forgetful(InboundSource):
        name = "forgetful"
        proof = "SECRET"

        def events(self, delivery: Delivery) -> list[AlertEvent]:
            return []

    with pytest.raises(BadSignature, match="forgetful"):
        await Forgetful().verify(delivery({}), ["s3cret"], no_network)
