"""Settings become ports: the desk alone by default, a mail server before it when one is named."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import Field, SecretStr

from mayday.catalogs import CatalogFolder, FixedCatalog
from mayday.domain.effects import ClosePage, IncidentCard, SentVia
from mayday.domain.errors import Ambiguous, Broken, ProviderError, Refused, Unreachable
from mayday.domain.ports import Call, Mail, Meeting
from mayday.language.catalog import Catalog
from mayday.language.catalog_files import load_catalog
from mayday.providers.auth import StaticAuth
from mayday.providers.client import VendorClient
from mayday.providers.offers import Offer, VendorModel, VendorSettings, secret
from mayday.providers.registry import VENDORS, build_providers
from mayday.providers.smtp.mailer import SmtpAddress, SmtpMailer
from mayday.records import Records
from mayday.settings import Settings, SettingsError


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Records]:
    async with await Records.open(tmp_path / "records.db") as records:
        yield records


async def test_with_no_settings_every_port_is_the_desk(store: Records, catalog: Catalog) -> None:
    providers = build_providers(Settings(), store, FixedCatalog(catalog))
    for name in ("pagers", "chats", "bridges", "tickets", "vendors", "status_pages", "mailers", "calendars", "changes"):
        assert [adapter.name for adapter in getattr(providers.ports, name)] == ["desk"]
        assert [adapter.name for adapter in getattr(providers.drills, name)] == ["desk"]
    assert [caller.name for caller in providers.ports.http] == ["http"]
    assert [caller.name for caller in providers.drills.http] == ["drill"]
    await providers.close()


async def test_a_mail_server_comes_before_the_desk_but_not_in_drills(
    store: Records, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAYDAY_SMTP_URL", "smtp://user:p%40ss@mail.example")
    providers = build_providers(Settings(), store, FixedCatalog(catalog))
    assert [mailer.name for mailer in providers.ports.mailers] == ["smtp", "desk"]
    assert [calendar.name for calendar in providers.ports.calendars] == ["smtp", "desk"]
    assert [mailer.name for mailer in providers.drills.mailers] == ["desk"]
    await providers.close()

    monkeypatch.setenv("MAYDAY_SMTP_URL", "http://mail.example")
    with pytest.raises(SettingsError, match="MAYDAY_SMTP_URL"):
        build_providers(Settings(), store, FixedCatalog(catalog))


class AcmeSettings(VendorModel):
    token: SecretStr = Field(description="a token of the account")
    url: str = "https://api.acme.example"


class AcmePager:
    name, channels = "acme", frozenset({"push"})

    def __init__(self, client: VendorClient) -> None:
        self.client = client

    async def call(self, call: Call) -> SentVia:
        return SentVia(channel=call.channel, provider=self.name)

    async def close(self, closing: ClosePage) -> int:
        return 0


def acme(given: VendorSettings) -> Offer | None:
    """The offer of a vendor that these tests know."""
    settings = given.read(AcmeSettings)
    if settings is None:
        return None
    client = given.client(settings.url, StaticAuth("Authorization", "Bearer", secret(settings.token)))
    return Offer(pager=AcmePager(client), ticket_desk=object())  # type: ignore[arg-type]


@pytest.fixture
def with_acme(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setitem(VENDORS, "acme", f"{__name__}:acme")
    monkeypatch.setenv("MAYDAY_ACME_TOKEN", "a-secret-token")
    return monkeypatch


def names(adapters: Sequence[object]) -> list[str]:
    return [getattr(adapter, "name", "object") for adapter in adapters]


async def test_a_vendor_comes_before_the_desk_where_that_can_carry_the_same_message(
    store: Records, catalog: Catalog, with_acme: pytest.MonkeyPatch
) -> None:
    providers = build_providers(Settings(), store, FixedCatalog(catalog))
    assert names(providers.ports.pagers) == ["acme", "desk"]
    assert names(providers.ports.tickets) == ["object"]
    assert names(providers.ports.chats) == ["desk"]
    assert names(providers.drills.pagers) == ["desk"]
    await providers.close()


async def test_the_order_of_a_port_can_be_set(store: Records, catalog: Catalog, with_acme: pytest.MonkeyPatch) -> None:
    with_acme.setenv("MAYDAY_PAGERS", "desk, acme")
    with_acme.setenv("MAYDAY_TICKET_DESKS", "acme,desk")
    providers = build_providers(Settings(), store, FixedCatalog(catalog))
    assert names(providers.ports.pagers) == ["desk", "acme"]
    assert names(providers.ports.tickets) == ["object", "desk"]
    await providers.close()

    with_acme.setenv("MAYDAY_PAGERS", "pagerduty,desk")
    with pytest.raises(
        SettingsError, match="MAYDAY_PAGERS=pagerduty,desk: pagerduty serves no pagers here; possible: acme, desk"
    ):
        build_providers(Settings(), store, FixedCatalog(catalog))


async def test_half_of_a_vendors_settings_names_what_is_missing(
    store: Records, catalog: Catalog, with_acme: pytest.MonkeyPatch
) -> None:
    with_acme.delenv("MAYDAY_ACME_TOKEN")
    with_acme.setenv("MAYDAY_ACME_URL", "https://acme.example")
    with pytest.raises(SettingsError, match="MAYDAY_ACME_TOKEN is missing: a token of the account"):
        build_providers(Settings(), store, FixedCatalog(catalog))
    with_acme.setenv("MAYDAY_ACME_TOKEN", "a-secret-token")
    with_acme.setenv("MAYDAY_ACME_URL", "http://acme.example")
    with pytest.raises(SettingsError, match="https"):
        build_providers(Settings(), store, FixedCatalog(catalog))


async def test_a_vendors_client_masks_all_of_its_secrets(
    store: Records, catalog: Catalog, with_acme: pytest.MonkeyPatch
) -> None:
    providers = build_providers(Settings(), store, FixedCatalog(catalog))
    pager = providers.ports.pagers[0]
    assert isinstance(pager, AcmePager)
    assert pager.client.secrets == ["a-secret-token"]
    await providers.close()


def test_an_smtp_address_is_read_with_its_defaults() -> None:
    assert SmtpAddress.parse("smtp://user:p%40ss@mail.example") == ("mail.example", 587, "user", "p@ss", False)
    assert SmtpAddress.parse("smtps://mail.example") == ("mail.example", 465, None, None, True)
    assert SmtpAddress.parse("smtp://127.0.0.1:25").port == 25


class MailServer:
    """Speaks enough SMTP to take mails, or to refuse them at a chosen command."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.answers: dict[str, str] = {}

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._speak(reader, writer)
        finally:
            writer.close()

    async def _speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")
            await writer.drain()

        await say("220 test")
        while line := (await reader.readline()).decode().strip():
            verb = line.split(" ")[0].upper()
            if self.answers.get(verb) == "hang up":
                break
            if verb in self.answers:
                await say(self.answers[verb])
            elif verb == "DATA":
                await say("354 go on")
                self.mails.append(await reader.readuntil(b"\r\n.\r\n"))
                await say(self.answers.get("BODY", "250 taken"))
            elif verb == "QUIT":
                await say("221 bye")
                break
            else:
                await say("250 ok")


@asynccontextmanager
async def mail_server() -> AsyncIterator[tuple[MailServer, SmtpMailer]]:
    double = MailServer()
    server = await asyncio.start_server(double.handle, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield double, SmtpMailer(SmtpAddress.parse(f"smtp://127.0.0.1:{port}"), "mayday@example.com")


def mail(card: IncidentCard) -> Mail:
    return Mail(
        effect_key="INC-1/n#1/email", incident=card, to=["a@example.com"], subject="SEV1:\r\nBcc: x@evil", text="Down."
    )


async def test_a_mail_leaves_once_recognisably_and_without_injected_headers(card: IncidentCard) -> None:
    async with mail_server() as (server, mailer):
        first = await mailer.send(mail(card))
        second = await mailer.send(mail(card))
    assert first.ref == second.ref  # the same Message-ID
    parsed = email.message_from_bytes(server.mails[0], policy=email.policy.default)
    assert (parsed["Subject"], parsed["Bcc"], parsed["To"]) == ("SEV1: Bcc: x@evil", None, "a@example.com")
    assert parsed["Auto-Submitted"] == "auto-generated"


async def test_an_invite_is_a_calendar_part_with_its_method(card: IncidentCard) -> None:
    at = datetime(2026, 3, 5, 10, tzinfo=UTC)
    meeting = Meeting(
        effect_key="k", incident=card, uid="u", stamped_at=at, starts_at=at, ends_at=at + timedelta(minutes=30),
        summary="Review", attendees=["a@example.com"],
    )  # fmt: skip
    async with mail_server() as (server, mailer):
        sent = await mailer.invite(meeting)
    assert sent.channel == "calendar"
    parsed = email.message_from_bytes(server.mails[0], policy=email.policy.default)
    [invite] = [part for part in parsed.walk() if part.get_content_type() == "text/calendar"]
    assert invite.get_param("method") == "REQUEST"
    assert b"UID:u" in invite.get_payload(decode=True)


@pytest.mark.parametrize(
    ("verb", "answer", "error"),
    [
        ("RCPT", "550 no such user", Refused), ("MAIL", "451 later", Broken), ("MAIL", "550 never", Refused),
        ("BODY", "452 full", Broken), ("DATA", "hang up", Ambiguous),
    ],
)  # fmt: skip
async def test_what_a_mail_server_says_means_one_thing(
    card: IncidentCard, verb: str, answer: str, error: type[ProviderError]
) -> None:
    async with mail_server() as (server, mailer):
        server.answers[verb] = answer
        with pytest.raises(error):
            await mailer.send(mail(card))


async def test_a_mail_server_that_is_not_there_is_unreachable(card: IncidentCard) -> None:
    with pytest.raises(Unreachable):
        await SmtpMailer(SmtpAddress.parse("smtp://127.0.0.1:1"), "mayday@example.com").send(mail(card))


def test_the_catalog_is_read_again_when_it_changes_and_the_last_good_one_stays(tmp_path: Path) -> None:
    def load(folder: Path) -> Catalog:
        loaded = load_catalog(folder)
        if loaded.catalog is None:
            raise ValueError(str(loaded.findings[0]))
        return loaded.catalog

    def write(text: str) -> None:
        (tmp_path / "people.yaml").write_text("apiVersion: catalog/v1\nkind: Catalog\n" + text)

    write("people: { ana: { name: Ana Ruiz } }\n")
    source = CatalogFolder(tmp_path, load)
    write("people: { ana: { name: Ana Ruiz }, raj: { name: Raj Patel } }\n")
    source.reload()
    assert sorted(source.current().people) == ["ana", "raj"]

    write("people: { ana: { nam: Typo of a key } }\n")
    source.reload()
    assert sorted(source.current().people) == ["ana", "raj"]
    assert source.error is not None

    write("people: { lee: { name: Lee Carter } }\n")
    source.reload()
    assert (sorted(source.current().people), source.error) == (["lee"], None)
