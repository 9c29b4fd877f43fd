"""Sends mail by SMTP. The effect key becomes the Message-ID, so that mail readers show a mail sent twice once."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
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
from mayday.providers.vendor_words import one_line

NAME = "smtp"
TIMEOUT_S = 20
MOST_NAMED = 10
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
        return await self._deliver("email", message, mail.to)

    async def invite(self, meeting: Meeting) -> SentVia:
        invite = Attachment(
            filename="invite.ics", content_type=CONTENT_TYPE.format(meeting.method), text=render(meeting, self._sender)
        )
        text = meeting.description or meeting.summary
        message = self._message(meeting.effect_key, meeting.attendees, meeting.summary, text, [invite])
        return await self._deliver("calendar", message, meeting.attendees)

    def _message(
        self, effect_key: str, to: list[str], subject: str, text: str, attachments: list[Attachment]
    ) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = ", ".join(" ".join(each.split()) for each in to)
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

    async def _deliver(self, channel: str, message: EmailMessage, to: list[str]) -> SentVia:
        """A server that takes the message for some of its recipients has taken it: who is left out is noted."""
        message["Date"] = formatdate()
        with smtp_errors():
            async with self._session() as client:
                refused, _ = await client.send_message(message, recipients=to)
        note = _left_out({recipient: answer.code for recipient, answer in refused.items()})
        return SentVia(channel=channel, provider=NAME, ref=str(message["Message-ID"]), note=note)

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


def _left_out(refused: Mapping[str, int]) -> str | None:
    if not refused:
        return None
    named = ", ".join(f"{one_line(recipient, 100)} ({code})" for recipient, code in list(refused.items())[:MOST_NAMED])
    more = f" and {len(refused) - MOST_NAMED} more" if len(refused) > MOST_NAMED else ""
    return f"the mail server did not take it for {named}{more}"


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
        later = any(400 <= each.code < 500 for each in error.recipients)  # greylisting: it takes them in some minutes
        kind = Broken if later else Refused
        raise kind(f"the mail server refuses {len(error.recipients)} recipients", provider=NAME) from error
    except aiosmtplib.SMTPResponseException as error:
        kind = Broken if 400 <= error.code < 500 else Refused  # RFC 5321, 4.2.1: 4yz is transient, 5yz permanent
        raise kind(f"the mail server answered {error.code}", provider=NAME) from error
    except aiosmtplib.SMTPException as error:
        raise Ambiguous(f"the mail server did not answer: {type(error).__name__}", provider=NAME) from error
    except ValueError as error:  # of aiosmtplib, before anything is sent: signs that no mailbox has
        raise Refused("an address of the mail is none", provider=NAME) from error
    except OSError as error:  # of the connection below the protocol
        raise Ambiguous(f"the mail server did not answer: {type(error).__name__}", provider=NAME) from error
