"""The contract of the port `Mailer`: by SMTP over the wire, and for the embedded desk."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mayday.catalogs import FixedCatalog
from mayday.domain.errors import Ambiguous, Broken, ProviderError, Refused, Unauthorised, Unreachable
from mayday.domain.ports import Mail, Mailer, Meeting
from mayday.language.catalog import Catalog
from mayday.providers.registry import desk_ports
from mayday.providers.smtp.mailer import SmtpAddress, SmtpMailer
from mayday.records import Records
from tests.certificates import certificate
from tests.doubles.smtp import PASSWORD, USER, MailServer, calendar_of
from tests.providers.contract.outcomes import HOSTILE, LONG
from tests.providers.contract.stand import incident

SENDER = "mayday@example.com"
NOW = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with MailServer() as opened:
        yield opened


@pytest.fixture
def mailer(server: MailServer) -> SmtpMailer:
    return SmtpMailer(SmtpAddress.parse(f"smtp://{USER}:{PASSWORD}@127.0.0.1:{server.port}"), SENDER)


def mail(key: str = "INC-1/send#1/email", **more: object) -> Mail:
    given = {"effect_key": key, "incident": incident(), "to": ["ana@example.com", "raj@example.com"],
             "subject": "SEV1 payments", "text": "Payments are down."}  # fmt: skip
    return Mail.model_validate({**given, **more})


def meeting(**more: object) -> Meeting:
    starts_at = NOW + timedelta(days=2)
    given = {
        "effect_key": "INC-1/review#1/invite", "incident": incident(), "uid": "INC-1-review@mayday", "sequence": 0,
        "stamped_at": NOW, "starts_at": starts_at, "ends_at": starts_at + timedelta(minutes=30),
        "summary": "Review of INC-1", "description": "What helped, what hurt", "url": "https://mayday.example/r/1",
        "attendees": ["ana@example.com"],
    }  # fmt: skip
    return Meeting.model_validate({**given, **more})


async def test_a_mail_arrives_once_however_it_is_read(server: MailServer, mailer: SmtpMailer) -> None:
    """Sent twice it has the same Message-ID: mail readers show one."""
    first, second = await mailer.send(mail()), await mailer.send(mail())
    assert first == second
    letter, again = server.letters
    assert (letter.sender, letter.recipients) == (SENDER, ["ana@example.com", "raj@example.com"])
    assert letter.message["Subject"] == "SEV1 payments"
    assert letter.message.get_content().strip() == "Payments are down."
    assert letter.message["Message-ID"] == again.message["Message-ID"] == first.ref
    assert letter.message["Auto-Submitted"] == "auto-generated"
    assert server.logins == [USER, USER]
    other = await mailer.send(mail("INC-1/send#2/email"))
    assert other.ref != first.ref


async def test_hostile_and_long_texts_stay_text(server: MailServer, mailer: SmtpMailer) -> None:
    await mailer.send(mail(subject=f"{HOSTILE}\r\nBcc: everybody@example.com", text=f"{HOSTILE}\n.\n{LONG}"))
    [letter] = server.letters
    assert letter.message["Bcc"] is None
    assert letter.recipients == ["ana@example.com", "raj@example.com"]
    assert letter.message.get_content_type() == "text/plain"
    assert LONG[:1000] in letter.message.get_content()


@pytest.mark.parametrize(
    ("stage", "reply", "wanted"),
    [
        ("AUTH", "535 5.7.8 authentication failed", Unauthorised), ("MAIL", "451 4.3.0 try later", Broken),
        ("MAIL", "550 5.7.1 not you", Refused), ("RCPT", "450 4.2.1 busy", Broken),
        ("RCPT", "550 5.1.1 nobody", Refused),
        ("DATA", "452 4.3.1 full", Broken), ("DATA", "554 5.6.0 spam", Refused),
    ],
)  # fmt: skip
async def test_what_the_server_answers_is_told_as_what_it_is(
    server: MailServer, mailer: SmtpMailer, stage: str, reply: str, wanted: type[ProviderError]
) -> None:
    server.answers[stage] = reply
    with pytest.raises(wanted) as raised:
        await mailer.send(mail())
    assert PASSWORD not in str(raised.value)
    assert raised.value.provider == "smtp"
    assert server.letters == []


async def test_recipients_that_it_does_not_take_are_refused(server: MailServer, mailer: SmtpMailer) -> None:
    server.refused |= {"ana@example.com", "raj@example.com"}
    with pytest.raises(Refused, match="refuses 2 recipients"):
        await mailer.send(mail())


async def test_who_is_left_out_of_a_mail_that_was_taken_for_others_is_named(
    server: MailServer, mailer: SmtpMailer
) -> None:
    server.refused |= {"raj@example.com"}
    sent = await mailer.send(mail())
    assert sent.note == "the mail server did not take it for raj@example.com (550)"
    [letter] = server.letters
    assert letter.recipients == ["ana@example.com"]


@pytest.mark.parametrize("address", ["a\r\nRCPT TO:<x@evil.example>", "<>", "\x00@example.com"])
async def test_an_address_that_is_none_is_a_refusal_like_any_other(
    server: MailServer, mailer: SmtpMailer, address: str
) -> None:
    """Anything else would keep the audience's other channels from being tried."""
    server.answers["RCPT"] = "550 5.1.1 nobody"
    with pytest.raises(Refused):
        await mailer.send(mail().model_copy(update={"to": [address]}))
    assert server.letters == []


async def test_a_connection_that_drops_after_the_message_leaves_it_in_doubt(
    server: MailServer, mailer: SmtpMailer
) -> None:
    server.drop_after_data = True
    with pytest.raises(Ambiguous):
        await mailer.send(mail())
    assert len(server.letters) == 1


async def test_a_server_that_is_not_there_is_out_of_reach() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unreachable):
        await SmtpMailer(SmtpAddress.parse(f"smtp://127.0.0.1:{port}"), SENDER).send(mail())


async def test_an_invitation_parses_and_is_moved_and_called_off_by_uid_and_sequence(
    server: MailServer, mailer: SmtpMailer
) -> None:
    moved = NOW + timedelta(days=3)
    for changes in (
        {}, {"sequence": 1, "starts_at": moved, "ends_at": moved + timedelta(minutes=30)},
        {"sequence": 2, "method": "CANCEL", "starts_at": moved, "ends_at": moved + timedelta(minutes=30)},
    ):  # fmt: skip
        await mailer.invite(meeting(effect_key=f"INC-1/review#{len(server.letters)}/invite", **changes))
    seen = []
    for letter in server.letters:
        calendar = calendar_of(letter)
        [event] = calendar.walk("VEVENT")
        seen.append((str(calendar["METHOD"]), str(event["UID"]), int(event["SEQUENCE"]), event.decoded("DTSTART")))
    starts = meeting().starts_at
    assert seen == [
        ("REQUEST", "INC-1-review@mayday", 0, starts), ("REQUEST", "INC-1-review@mayday", 1, moved),
        ("CANCEL", "INC-1-review@mayday", 2, moved),
    ]  # fmt: skip


async def test_the_desk_keeps_its_mail_once(tmp_path: Path, catalog: Catalog) -> None:
    async with await Records.open(tmp_path / "desk.db") as records:
        [desk] = desk_ports(records, FixedCatalog(catalog), "https://mayday.example").mailers
        port: Mailer = desk
        assert await port.send(mail()) == await port.send(mail())
        [kept] = await records.desk.outbox.mails()
        assert kept.subject == "SEV1 payments"


def certified(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate of its own for 127.0.0.1, and a client's that trusts it."""
    authority = certificate(folder / "mail.pem")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "mail.pem")
    return server, ssl.create_default_context(cafile=authority)


async def test_the_connection_is_upgraded_before_the_password_leaves(tmp_path: Path) -> None:
    server_side, trusting = certified(tmp_path)
    async with MailServer(tls=server_side) as server:
        address = SmtpAddress.parse(f"smtp://{USER}:{PASSWORD}@127.0.0.1:{server.port}")
        await SmtpMailer(address, SENDER, trusting).send(mail())
        assert (server.letters[0].encrypted, server.logins) == (True, [USER])
        with pytest.raises(Unreachable, match="certificate"):  # nobody vouches for it
            await SmtpMailer(address, SENDER).send(mail("INC-1/send#2/email"))
        assert (len(server.letters), server.logins) == (1, [USER])
