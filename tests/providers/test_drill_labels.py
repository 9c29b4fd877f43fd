"""What leaves in a drill says so, on every outgoing channel, and what nobody has decided about does not leave."""

from __future__ import annotations

import inspect
import typing
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, get_type_hints

import pytest

from mayday.domain import ports
from mayday.domain.effects import ActionRequest, IncidentCard
from mayday.domain.errors import Refused
from mayday.domain.ports import Ports
from mayday.domain.wire import Wire
from mayday.providers.drill_labels import LABEL, READ_ONLY, TEXTS, labelled

AT = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)
CARD = IncidentCard(
    id="INC-1", title="Payments", severity="SEV1", status="investigating", service="payments", drill=True
)
#: fields that are names, numbers and addresses, not words to people
NOT_WORDS = frozenset({
    "effect_key", "page", "person", "target", "channel", "address", "kind", "number", "ticket", "incident_id", "vendor",
    "case", "child", "level", "contract", "priority", "uid", "url", "method", "purpose", "audience", "problem", "name",
})  # fmt: skip


class Recorder:
    """Any adapter: keeps what it is asked."""

    name = "recorder"

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        async def ask(*orders: Any) -> None:
            self.asked += orders

        return ask


def every_order() -> set[type[Wire]]:
    """The wire models that any method of an outgoing port takes."""
    found: set[type[Wire]] = set()
    hints = get_type_hints(Ports)
    for field in fields(Ports):
        if field.name in READ_ONLY:
            continue
        [protocol] = typing.get_args(hints[field.name])
        for name, method in inspect.getmembers(protocol, inspect.isfunction):
            if not name.startswith("_"):
                given = get_type_hints(method)
                found |= {kind for key, kind in given.items() if key != "return" and inspect.isclass(kind)}
    return {kind for kind in found if issubclass(kind, Wire)} - {IncidentCard, ActionRequest}


def test_every_order_of_every_outgoing_port_is_decided_about() -> None:
    assert every_order() == set(TEXTS)


@pytest.mark.parametrize("kind", sorted(TEXTS, key=lambda kind: kind.__name__), ids=lambda kind: kind.__name__)
async def test_its_words_are_labelled_once(kind: type[Wire]) -> None:
    given: dict[str, Any] = {}
    for name, field in kind.model_fields.items():
        if name == "incident":
            given[name] = CARD
        elif name in ("kind",) and kind is ports.TicketOrder:
            given[name] = "incident"
        elif field.is_required() or name in TEXTS[kind]:
            given[name] = sample(name, field.annotation)
    adapter = Recorder()
    desk = labelled(Ports(**{field.name: [adapter] for field in fields(Ports)}))
    await desk.pagers[0].call(kind.model_validate(given))  # type: ignore[arg-type]
    await desk.pagers[0].call(adapter.asked[0])
    for asked in adapter.asked:
        for name in TEXTS[kind]:
            assert getattr(asked, name) == f"{LABEL}words"
    words = {name for name, field in kind.model_fields.items() if field.annotation in (str, str | None)} - NOT_WORDS
    assert words - {"reason"} <= set(TEXTS[kind]), "a text that people read has no label"


def sample(name: str, annotation: Any) -> Any:
    if name.endswith("_at"):
        return AT
    if typing.get_origin(annotation) is list:
        return []
    if name == "purpose":
        return "page"
    return "words"


async def test_what_nobody_has_decided_about_does_not_leave() -> None:
    class Telegram(Wire):
        text: str = "STOP"

    adapter = Recorder()
    desk = labelled(Ports(**{field.name: [adapter] for field in fields(Ports)}))
    with pytest.raises(Refused):
        await desk.chats[0].post(Telegram())  # type: ignore[arg-type]
    assert adapter.asked == []
