"""A real mail server, Exim: it takes our mails only encrypted and logged in, and what it keeps is what people get.

Debian package exim4-daemon-light, started here as nobody special, with a configuration of its own on a free port.
"""

from __future__ import annotations

import asyncio
import email
import getpass
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import pytest
from icalendar import Calendar

from mayday.domain.effects import IncidentCard
from mayday.domain.errors import ProviderError, Refused, Unauthorised, Unreachable
from mayday.domain.ports import Mail, Meeting
from mayday.providers.smtp import mailer as smtp
from mayday.providers.smtp.mailer import SmtpAddress, SmtpMailer
from tests.certificates import certificate
from tests.programs import program
from tests.providers.contract.outcomes import HOSTILE, LONG

pytestmark = pytest.mark.timeout(120)

USER, PASSWORD = "mayday", "pass word/of?mayday"
#: the user that the package brings
EXIM = "Debian-exim"
SENDER = "mayday@example.com"
NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)
CONFIGURATION = """
primary_hostname = mail.example
spool_directory = {folder}/spool
log_file_path = {folder}/exim_%s.log
pid_file_path = {folder}/exim.pid
keep_environment =
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
deliver_drop_privilege = true
tls_advertise_hosts = {encrypts}
tls_certificate = {folder}/mail.pem
auth_advertise_hosts = ${{if eq{{$tls_in_cipher}}{{}}{{{in_the_clear}}}{{*}}}}
message_size_limit = 1M
acl_smtp_mail = mail
acl_smtp_rcpt = rcpt
acl_smtp_data = data

begin acl
mail:
  deny  !authenticated = *
        message = log in first
  accept
rcpt:
  deny  local_parts = nobody
        message = no such mailbox
  defer local_parts = busy
        message = try again later
  accept domains = example.com
  deny  message = relay not permitted
data:
  accept

begin routers
all:
  driver = accept
  transport = kept

begin transports
kept:
  driver = appendfile
  directory = {folder}/mail
  maildir_format
  envelope_to_add
  batch_max = 100

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{{user}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
"""


@dataclass
class Exim:
    """The server while it runs. `authority` is the certificate that vouches for it."""

    folder: Path
    port: int
    authority: Path

    @property
    def address(self) -> SmtpAddress:
        return SmtpAddress("127.0.0.1", self.port, USER, PASSWORD, implicit_tls=False)

    async def mails(self, count: int) -> list[EmailMessage]:
        """What it has delivered, in order of arrival; waits until there are so many."""
        async with asyncio.timeout(30):
            while len(found := self._kept()) < count:
                await asyncio.sleep(0.05)
        assert len(found) == count
        return [cast(EmailMessage, email.message_from_bytes(each, policy=policy.default)) for each in found]

    def _kept(self) -> list[bytes]:
        files = sorted((self.folder / "mail").glob("new/*"), key=lambda file: file.stat().st_mtime_ns)
        return [file.read_bytes() for file in files]

    def log(self) -> str:
        return "\n".join(file.read_text() for file in self.folder.glob("exim_*.log"))


@asynccontextmanager
async def exim(*, encrypts: bool = True) -> AsyncIterator[Exim]:
    binary = program("exim4", package="exim4-daemon-light", folders=["/usr/sbin"])
    # not in pytest's own folder, which every session of the same user closes to others again
    with tempfile.TemporaryDirectory(prefix="mayday-exim-") as name:
        folder = Path(name)
        authority = certificate(folder / "mail.pem")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        (folder / "exim.conf").write_text(CONFIGURATION.format(
            folder=folder, port=port, user=USER, password=PASSWORD, encrypts="*" if encrypts else "",
            in_the_clear="" if encrypts else "*",
        ))  # fmt: skip
        nobody: dict[str, Any] = {}
        if getpass.getuser() == "root":
            for each in (folder, folder / "mail.pem", folder / "exim.conf"):
                shutil.chown(each, EXIM, EXIM)
            nobody = {"user": EXIM, "group": EXIM, "extra_groups": []}
        running = await asyncio.create_subprocess_exec(
            binary, "-C", str(folder / "exim.conf"), "-bdf", **nobody, stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            server = Exim(folder, port, authority)
            await listening(server, running)
            yield server
        finally:
            if running.returncode is None:
                os.killpg(running.pid, signal.SIGTERM)  # also who still talks to somebody: else their end is never told
            await running.wait()
            await asyncio.sleep(0.05)  # the loop hears of connections that have ended


async def listening(server: Exim, running: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(30):
        while True:
            assert running.returncode is None, f"exim has ended: {server.log()}"
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Exim]:
    """It runs, and this machine trusts whoever signed its certificate, as docs/providers.md says."""
    async with exim() as running:
        monkeypatch.setenv("SSL_CERT_FILE", str(running.authority))
        yield running


def card() -> IncidentCard:
    return IncidentCard(
        id="INC-1", title="Zahlung läuft nicht", severity="SEV1", status="investigating", service="payments"
    )


def mail(**more: Any) -> Mail:
    given: dict[str, Any] = {
        "effect_key": "INC-1/send#1/email", "incident": card(), "to": ["ana@example.com"],
        "subject": "SEV1 Zahlung läuft nicht 💳", "text": "Wir sind dran.\n.\nDanke",
    }  # fmt: skip
    return Mail.model_validate({**given, **more})


async def test_a_mail_arrives_encrypted_logged_in_and_as_it_was_written(server: Exim) -> None:
    mailer = SmtpMailer(server.address, SENDER)
    sent = await mailer.send(mail(to=["ana@example.com", "raj@example.com"]))
    again = await mailer.send(mail(to=["ana@example.com", "raj@example.com"]))
    assert again.ref == sent.ref
    arrived, second = await server.mails(2)
    assert (arrived["From"], arrived["To"]) == (SENDER, "ana@example.com, raj@example.com")
    assert arrived["Subject"] == "SEV1 Zahlung läuft nicht 💳"
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert arrived["Message-ID"] == second["Message-ID"] == sent.ref, "mail readers show it once"
    assert arrived["Date"]
    assert "with esmtpsa" in arrived["Received"].lower()  # RFC 3848: with STARTTLS and AUTH
    assert "tls1" in arrived["Received"].lower()
    assert arrived.get_content() == "Wir sind dran.\n.\nDanke\n"
    await mailer.reach()  # doctor


async def test_long_and_hostile_texts_are_taken_and_add_no_header(server: Exim) -> None:
    subject = f"{HOSTILE}\r\nBcc: everybody@example.com"
    await SmtpMailer(server.address, SENDER).send(mail(subject=subject, text=f"{HOSTILE}\n{LONG}"))
    [arrived] = await server.mails(1)
    assert arrived["Bcc"] is None
    assert arrived["Envelope-To"] == "ana@example.com"
    assert LONG[:5000] in arrived.get_content()


async def test_who_is_not_to_be_trusted_gets_no_mail_and_no_password(
    server: Exim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(Unreachable, match="certificate"):
        await SmtpMailer(server.address, SENDER).send(mail())
    assert not (server.folder / "mail" / "new").exists()
    assert "A=plain" not in server.log()


async def test_a_server_that_hides_its_starttls_is_not_told_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "_THIS_MACHINE", frozenset())
    async with exim(encrypts=False) as server:
        with pytest.raises(Unreachable, match="STARTTLS"):
            await SmtpMailer(server.address, SENDER).send(mail())


@pytest.mark.parametrize(
    ("to", "password", "wanted"),
    [
        ("nobody@example.com", PASSWORD, Refused), ("ana@elsewhere.example", PASSWORD, Refused),
        ("busy@example.com", PASSWORD, ProviderError), ("ana@example.com", "wrong", Unauthorised),
    ],
)  # fmt: skip
async def test_what_it_does_not_take_is_told_as_what_it_is(
    server: Exim, to: str, password: str, wanted: type[ProviderError]
) -> None:
    with pytest.raises(wanted) as raised:
        await SmtpMailer(server.address._replace(password=password), SENDER).send(mail(to=[to]))
    assert password not in str(raised.value)


async def test_an_invitation_is_moved_and_called_off_by_uid_and_sequence(server: Exim) -> None:
    mailer = SmtpMailer(server.address, SENDER)
    moved = NOW + timedelta(days=1)
    for number, changes in enumerate(({}, {"starts_at": moved}, {"starts_at": moved, "method": "CANCEL"})):
        given: dict[str, Any] = {"starts_at": NOW, "method": "REQUEST", **changes}
        await mailer.invite(Meeting(
            effect_key=f"INC-1/review#{number}/invite", incident=card(), uid="INC-1-review@mayday", sequence=number,
            stamped_at=NOW + timedelta(minutes=number), ends_at=given["starts_at"] + timedelta(hours=1),
            summary="Review: Zahlung läuft nicht", attendees=["ana@example.com"], **given,
        ))  # fmt: skip
        await server.mails(number + 1)
    calendar: dict[str, tuple[int, datetime, str]] = {}
    for arrived in await server.mails(3):
        [part] = [each for each in arrived.walk() if each.get_content_type() == "text/calendar"]
        invite = Calendar.from_ical(cast(bytes, part.get_payload(decode=True)))
        [event] = invite.walk("VEVENT")
        assert part.get_param("method") == str(invite["METHOD"])  # RFC 6047, 2.4
        assert str(event["ORGANIZER"]) == f"mailto:{SENDER}"
        known = calendar.get(str(event["UID"]))
        assert known is None or int(event["SEQUENCE"]) > known[0], "a calendar takes only what is newer"
        calendar[str(event["UID"])] = (int(event["SEQUENCE"]), event.decoded("DTSTART"), str(event["STATUS"]))
    assert calendar == {"INC-1-review@mayday": (2, moved, "CANCELLED")}
