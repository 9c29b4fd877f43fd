"""A mail server over the wire: RFC 5321 with STARTTLS and AUTH, that keeps what it takes and fails on cue.

Not a Double: mail is no HTTP. `fail("451")` answers the next command of that stage with the code; `drop_after_data`
takes the message and hangs up without a word.
"""

from __future__ import annotations

import asyncio
import base64
import email
import ssl
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from typing import Any, Self, cast

MOST_BYTES = 1_000_000
USER, PASSWORD = "mayday", "smtp-secret-password"


@dataclass
class Letter:
    """One message as it was taken: the envelope, and what was in it."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    encrypted: bool


@dataclass
class MailServer:
    """`tls` offers STARTTLS; `refused` are recipients that it does not take."""

    tls: ssl.SSLContext | None = None
    letters: list[Letter] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    answers: dict[str, str] = field(default_factory=dict)
    """By command (`MAIL`, `RCPT`, `DATA`, `AUTH`): a reply in the place of the usual one."""
    drop_after_data: bool = False
    logins: list[str] = field(default_factory=list)
    _server: asyncio.Server | None = None
    port: int = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=MOST_BYTES)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender, recipients, encrypted = "", list[str](), False
        await _say(writer, "220 mail.example ESMTP")
        try:
            while line := (await reader.readline()).decode().rstrip("\r\n"):
                verb, _, rest = line.partition(" ")
                verb = verb.upper()
                if verb in self.answers:
                    await _say(writer, self.answers[verb])
                elif verb in ("EHLO", "HELO"):
                    more = ["AUTH PLAIN LOGIN"] if encrypted or self.tls is None else ["STARTTLS"]
                    await _say(writer, "250-mail.example", *[f"250-{each}" for each in more], "250 SMTPUTF8")
                elif verb == "STARTTLS" and self.tls is not None:
                    await _say(writer, "220 go ahead")
                    await writer.start_tls(self.tls)
                    encrypted = True
                elif verb == "AUTH":
                    known = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")[1:] == [USER, PASSWORD]
                    self.logins += [USER] if known else []
                    await _say(writer, "235 welcome" if known else "535 5.7.8 no")
                elif verb == "MAIL":
                    sender, recipients = _address(rest), []
                    await _say(writer, "250 ok")
                elif verb == "RCPT":
                    good = _address(rest) not in self.refused
                    recipients += [_address(rest)] if good else []
                    await _say(writer, "250 ok" if good else "550 5.1.1 nobody of that name")
                elif verb == "DATA":
                    await _say(writer, "354 go ahead")
                    raw = (await reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
                    message = cast(EmailMessage, email.message_from_bytes(raw, policy=policy.default))
                    self.letters.append(Letter(sender, recipients, message, encrypted))
                    if self.drop_after_data:
                        return
                    await _say(writer, "250 taken")
                elif verb == "QUIT":
                    await _say(writer, "221 bye")
                    return
                else:
                    await _say(writer, "250 ok")
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, asyncio.CancelledError):
            pass  # the client went away, or does not trust us
        finally:
            writer.close()


async def _say(writer: asyncio.StreamWriter, *lines: str) -> None:
    writer.write("".join(f"{line}\r\n" for line in lines).encode())
    await writer.drain()


def _address(argument: str) -> str:
    return argument.partition("<")[2].partition(">")[0]


def calendar_of(letter: Letter) -> Any:
    """The iCalendar file of an invitation, parsed."""
    from icalendar import Calendar

    [part] = [each for each in letter.message.walk() if each.get_content_type() == "text/calendar"]
    return Calendar.from_ical(part.get_payload(decode=True))
