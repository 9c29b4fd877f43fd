"""What people are about to send, as it will look on every channel: made by the adapters that the settings name.

The adapters are the worker's own, built here from this starter's settings. Where a living worker says that it is set up
otherwise, the preview says so too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from activities.orders import CORRECTION
from activities.previews import ChannelPreview, previews
from mayday.domain.effects import IncidentCard, SendRequest
from mayday.domain.incident import ENDED, Board
from mayday.domain.ports import UNSENT
from mayday.domain.wire import Wire
from mayday.language.catalog import Audience, Catalog
from mayday.providers.registry import Providers, build_providers, serving
from mayday.records.records import Records
from mayday.settings import Settings, SettingsError

__all__ = ["Draft", "MessagePreview", "Previews", "draft_of"]


ALIVE = timedelta(seconds=120)
_PORTS = {"email": "mailers", "chat": "chats", "status_page": "status_pages"}
"""The port of a channel; people's own channels are the pagers'."""


_OVER = re.compile(
    r"\b(resolved|solved|fixed|recovered|restored|back to normal|works again|work again)\b", re.IGNORECASE
)


class Draft(Wire):
    """Words that have not left. `subject` is None where the incident makes it when they leave; `via` and `to` where
    they go as the audience says."""

    audience: str
    text: str
    purpose: str = "update"
    corrects: int | None = None
    subject: str | None = None
    via: list[str] = []
    to: list[str] = []


class MessagePreview(Wire):
    """`second_reader`: somebody else reads it before it leaves. `held`: why it would wait even then."""

    audience: str
    purpose: str
    subject: str
    text: str
    drill: bool = False
    second_reader: bool = False
    held: str | None = None
    too_early: str | None = None
    """The word by which an outward text says that it is over, while the incident's status says that it is not."""
    channels: list[ChannelPreview] = []
    reaches: dict[str, list[str]] = {}
    """By channel, whom it reaches: people by their id, addresses and channels of nobody in particular as they are."""
    differs: list[str] = []
    """Channels that a living worker sends by other providers than this server is set up with."""
    wrong: str | None = None
    """Why nothing can be rendered: settings that cannot be used."""


class Previews:
    """Built once, when the first preview is asked for; `catalog` gives the one of the moment."""

    def __init__(self, settings: Settings, records: Records, catalog: Callable[[], Catalog]) -> None:
        self._settings = settings
        self._records = records
        self._catalog = catalog
        self._providers: Providers | None = None

    def current(self) -> Catalog:
        """The catalog, as adapters ask for it."""
        return self._catalog()

    def of(self, board: Board, draft: Draft, audiences: Mapping[str, Audience]) -> MessagePreview:
        """`audiences` are those of the pinned plan."""
        known = audiences.get(draft.audience) or Audience(via=["email"], to=[draft.audience])
        outward = draft.audience in audiences and (known.review == "required" or known.visibility == "public")
        request = self._request(board, draft, known)
        left = {str(each.get("audience")) for each in board.sent if each.get("delivered")}
        follows = any("status_page" in audiences[name].via for name in left if name in audiences)
        shown = MessagePreview(
            audience=draft.audience, purpose=request.purpose, subject=request.subject, text=draft.text,
            drill=board.drill, second_reader=outward or draft.purpose == CORRECTION,
            held="outward messages are held" if board.hold_outward and outward else None,
            too_early=_too_early(draft.text, board.status) if outward else None,
        )  # fmt: skip
        try:
            self._providers = self._providers or build_providers(self._settings, self._records, self)
        except SettingsError as error:
            return shown.model_copy(update={"wrong": str(error)})
        ports = self._providers.drills if board.drill else self._providers.ports
        channels = previews(request, ports, self._catalog(), follows=follows)
        return shown.model_copy(update={"channels": channels, "reaches": _reaches(channels, self._catalog())})

    async def differs(self, shown: MessagePreview, now: datetime) -> MessagePreview:
        """The preview with what a living worker says of itself: drills go to sandboxes, of which none tells."""
        if self._providers is None or shown.drill:
            return shown
        own = serving(self._providers.offers, self._settings)
        told = [each.report or {} for each in await self._records.presence.living(now - ALIVE)]
        other = {
            port: " or ".join(there)
            for report in told
            for port, there in (report.get("served") or {}).items()
            if list(there) != own.get(port)
        }
        words = [
            f"{each.channel.replace('_', ' ')}: a worker sends it by {other[port]}"
            for each in shown.channels
            if (port := _PORTS.get(each.channel, "pagers")) in other
        ]
        return shown.model_copy(update={"differs": words})

    async def close(self) -> None:
        if self._providers is not None:
            await self._providers.close()

    def _request(self, board: Board, draft: Draft, known: Audience) -> SendRequest:
        """As the incident makes it: `walker/updates.py` and `walker/messages.py`."""
        return SendRequest.model_validate({
            "effect_key": UNSENT, "incident": _card(board), "audience": draft.audience,
            "to": draft.to or [one for ref in known.to for one in _named(board, ref, self._catalog())],
            "via": draft.via or known.via, "text": draft.text, "purpose": draft.purpose,
            "subject": f"{board.severity} {board.title}" if draft.subject is None else draft.subject,
        })  # fmt: skip


def draft_of(
    board: Board, *, audience: str = "", text: str = "", corrects: int | None = None, task: str = ""
) -> Draft | None:
    """What is about to leave: an update, the correction of the n-th message, or what a task's reader would release,
    with `text` in the place of the words that the task has. None: there is no such message or task."""
    if corrects is not None:
        wrong = next((each for each in board.sent if each.get("n") == corrects and each.get("delivered")), None)
        if wrong is None:
            return None
        subject = wrong.get("subject") or f"{board.severity} {board.title}"
        return Draft(
            audience=str(wrong["audience"]), text=text, purpose=CORRECTION, corrects=corrects,
            subject=f"Correction: {subject}", via=wrong.get("via") or [], to=wrong.get("to") or [],
        )  # fmt: skip
    if not task:
        return Draft(audience=audience, text=text)
    found = next((each for each in board.pending if each.id == task and each.kind == "review"), None)
    if found is None or not found.detail.get("audience"):
        return None
    detail = found.detail
    wrong = next((each for each in board.sent if each.get("n") == detail.get("corrects")), {})
    return Draft(
        audience=str(detail["audience"]), text=text or str(detail.get("draft") or detail.get("text") or ""),
        purpose=str(detail.get("purpose") or "notice"), subject=detail.get("subject"), via=wrong.get("via") or [],
        to=wrong.get("to") or [], corrects=detail.get("corrects"),
    )  # fmt: skip


def _too_early(text: str, status: str) -> str | None:
    found = _OVER.search(text) if status not in ENDED else None
    return found.group(0) if found else None


def _reaches(channels: Sequence[ChannelPreview], catalog: Catalog) -> dict[str, list[str]]:
    whose = {
        address: person for person, known in catalog.people.items() for address in (known.email, known.phone) if address
    }
    return {
        each.channel: list(dict.fromkeys(whose.get(to, to) for shown in each.shown for to in shown.to))
        for each in channels
    }


def _card(board: Board) -> IncidentCard:
    return IncidentCard(
        id=board.id, title=board.title, severity=board.severity, status=board.status, service=board.service,
        drill=board.drill, bridge_url=board.bridge, ticket=board.ticket, channel=board.channel,
        opened_at=board.opened_at,
    )  # fmt: skip


def _named(board: Board, ref: str, catalog: Catalog) -> Sequence[str]:
    """Whom an audience's reference means at this moment."""
    kind, _, name = ref.partition(".")
    if "@" in ref or ref.startswith("#"):
        return [ref]
    if kind == "group":
        return [f"person.{person}" for person in catalog.groups.get(name, [])]
    if kind == "role":
        role = next((each for each in board.roles if each.role == name), None)
        if role is not None and role.person:
            return [f"person.{role.person}"]
        return [one if "." in one else f"person.{one}" for one in role.offered_to] if role is not None else [ref]
    if kind == "service":
        known = catalog.services.get(board.service if name == "owner" else name)
        return _named(board, known.owner, catalog) if known and known.owner else [ref]
    return [ref if name else f"person.{ref}"]
