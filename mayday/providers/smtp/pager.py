"""A page as a mail: to who said so in the catalog's `via: [email]`, by the mail server that is set up.

Mail has no way to ask whether it arrived. A second try sends it again under the same Message-ID, which most readers
show once.
"""

from __future__ import annotations

from datetime import datetime

from mayday.domain.errors import Refused
from mayday.domain.ports import Call, Mail, Mailer, Rendering, Renders
from mayday.providers.page_words import facts_of, how_to_answer, title_of
from mayday.providers.vendor_pager import InDoubt
from mayday.providers.vendor_words import cut
from mayday.records.pager_calls import PagerCall

LONGEST_SUBJECT = 200
LONGEST_TEXT = 20_000


class MailLine:
    name = "smtp"
    channels = frozenset({"email"})
    in_doubt: InDoubt = "leave"

    def __init__(self, mailer: Mailer, base_url: str) -> None:
        self._mailer = mailer
        self._base_url = base_url

    def rendered(self, call: Call) -> Rendering:
        if not isinstance(self._mailer, Renders):
            raise Refused(f"{self._mailer.name} cannot show a mail", provider=self.name)
        return self._mailer.rendered(self._mail(call))

    async def ring(self, call: Call) -> str:
        sent = await self._mailer.send(self._mail(call))
        return sent.ref or call.effect_key

    def _mail(self, call: Call) -> Mail:
        facts = "\n".join(f"{name}: {value}" for name, value in facts_of(self._base_url, call).items())
        answer = f"\n\n{how_to_answer(self._base_url, call)}" if call.urgent else ""
        return Mail(
            effect_key=call.effect_key, incident=call.incident, to=[call.address],
            subject=title_of(call, LONGEST_SUBJECT), text=f"{cut(call.text, LONGEST_TEXT)}{answer}\n\n{facts}\n",
        )  # fmt: skip

    async def look(self, call: Call, since: datetime) -> list[str]:
        raise AssertionError("nobody can look into a mailbox")

    async def stop(self, call: PagerCall, reason: str) -> None:
        """A mail rings once."""
