"""Sends mail by SMTP. The effect key becomes the Message-ID, so that mail readers show a mail sent twice once."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from email.message import EmailMessage
from email.utils import formatdate
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import aiosmtplib

from mayday.domain.effects import SentVia
from mayday.domain.errors import Ambiguous, Broken, Refused, Unauthorised, Unreachable
from mayday.domain.ports import UNSENT, Attachment, Mail, Meeting, Rendering
from mayday.providers.invites import CONTENT_TYPE, render

NAME = "smtp"
TIMEOUT_S = 20
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


class SmtpAddress(NamedTuple):
    """Where the server is and how to log in. `implicit_tls` for smtps; plain smtp upgrades when that is offered, and a
    password leaves this machine only after that."""

    host: str
    port: int
    username: str | None
    password: str | None
    implicit_tls: bool

    @property
    def needs_encryption(self) -> bool:
        """A server that hides its STARTTLS is not told the password."""
        return bool(self.password) and not self.implicit_tls and self.host not in _THIS_MACHINE

    @classmethod
    def parse(cls, url: str) -> SmtpAddress:
        """Raises ValueError for anything but smtp:// and smtps://."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("an SMTP address is smtp://[user:password@]host[:port] or smtps://...")
        secure = parts.scheme == "smtps"
        return cls(
            parts.hostname, parts.port or (465 if secure else 587), parts.username and unquote(parts.username),
            parts.password and unquote(parts.password), secure,
        )  # fmt: skip


class SmtpMailer:
    """Mail and meeting invites."""

    name = NAME

    def __init__(self, address: SmtpAddress, sender: str, context: ssl.SSLContext | None = None) -> None:
        self._address = address
        self._sender = sender
        self._context = context

    def rendered(self, mail: Mail) -> Rendering:
        message = self._message(mail.effect_key, mail.to, mail.subject, mail.text, mail.attachments)
        return Rendering(
            provider=NAME, form="mail, plain text", to=mail.to, subject=str(message["Subject"]),
            text=_words_of(message), facts={"from": self._sender}, body=message.as_string(),
        )  # fmt: skip

    async def send(self, mail: Mail) -> SentVia:
        message = self._message(mail.effect_key, mail.to, mail.subject, mail.text, mail.attachments)
        return SentVia(channel="email", provider=NAME, ref=await self._deliver(message, mail.to))

    async def invite(self, meeting: Meeting) -> SentVia:
        invite = Attachment(
            filename="invite.ics", content_type=CONTENT_TYPE.format(meeting.method), text=render(meeting, self._sender)
        )
        text = meeting.description or meeting.summary
        message = self._message(meeting.effect_key, meeting.attendees, meeting.summary, text, [invite])
        return SentVia(channel="calendar", provider=NAME, ref=await self._deliver(message, meeting.attendees))

    def _message(
        self, effect_key: str, to: list[str], subject: str, text: str, attachments: list[Attachment]
    ) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = ", ".join(to)
        message["Subject"] = " ".join(subject.split())  # a header of one line, whatever an alert's title holds
        if effect_key != UNSENT:
            message["Message-ID"] = f"<{hashlib.sha256(effect_key.encode()).hexdigest()[:32]}@mayday>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
        message.set_content(text)
        for attachment in attachments:
            kind, _, parameters = attachment.content_type.partition(";")
            main, _, sub = kind.strip().partition("/")
            given = dict(part.strip().split("=", 1) for part in parameters.split(";") if "=" in part)
            given.pop("charset", None)
            message.add_attachment(
                attachment.text.encode(), maintype=main, subtype=sub, filename=attachment.filename, params=given
            )
        return message

    async def reach(self) -> None:
        """Connect and log in, for doctor. Raises ProviderError."""
        with smtp_errors():
            async with self._session() as client:
                await client.noop()

    async def _deliver(self, message: EmailMessage, to: list[str]) -> str:
        message["Date"] = formatdate()
        with smtp_errors():
            async with self._session() as client:
                await client.send_message(message, recipients=to)
        return str(message["Message-ID"])

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """Connected, encrypted where the server can, and logged in."""
        address = self._address
        client = aiosmtplib.SMTP(
            hostname=address.host, port=address.port, username=address.username, password=address.password,
            use_tls=address.implicit_tls, start_tls=True if address.needs_encryption else None, timeout=TIMEOUT_S,
            tls_context=self._context,
        )  # fmt: skip
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            if type(error) is not aiosmtplib.SMTPException:
                raise
            said = f"the mail server does not offer what its address needs: {error}"  # STARTTLS, or AUTH
            raise Unreachable(said, provider=NAME) from error
        async with client:
            yield client


def _words_of(message: EmailMessage) -> str:
    """What the message's text part holds, decoded as a reader decodes it."""
    part = message.get_body(preferencelist=("plain",))
    return str(part.get_content()).removesuffix("\n") if part is not None else ""


@contextmanager
def smtp_errors() -> Iterator[None]:
    """Inside, what a mail server says becomes the ports' errors."""
    try:
        yield
    except aiosmtplib.SMTPAuthenticationError as error:
        raise Unauthorised("the mail server refuses the login", provider=NAME) from error
    except ssl.SSLError as error:  # while the connection is upgraded: nothing of the mail has left
        said = "the mail server's certificate is not to be trusted"
        raise Unreachable(f"{said}: {error.reason or type(error).__name__}", provider=NAME) from error
    except (aiosmtplib.SMTPConnectError, aiosmtplib.SMTPConnectTimeoutError) as error:
        raise Unreachable(f"the mail server is not reachable: {type(error).__name__}", provider=NAME) from error
    except aiosmtplib.SMTPRecipientsRefused as error:
        raise Refused(f"the mail server refuses {len(error.recipients)} recipients", provider=NAME) from error
    except aiosmtplib.SMTPResponseException as error:
        kind = Broken if 400 <= error.code < 500 else Refused  # RFC 5321, 4.2.1: 4yz is transient, 5yz permanent
        raise kind(f"the mail server answered {error.code}", provider=NAME) from error
    except aiosmtplib.SMTPException as error:
        raise Ambiguous(f"the mail server did not answer: {type(error).__name__}", provider=NAME) from error
    except OSError as error:  # of the connection below the protocol
        raise Ambiguous(f"the mail server did not answer: {type(error).__name__}", provider=NAME) from error
