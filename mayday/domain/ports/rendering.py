"""What a message will be at its provider: made by the adapter that sends it, without sending anything.

A preview is worth something only when it cannot differ from what leaves. So an adapter makes the body of a message in
one pure function, sends that, and shows that: `rendered` is what a preview asks.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from mayday.domain.wire import Wire

#: the effect key of a message that has not left: where a provider's text carries a mark of the key, the mark is `x`s
UNSENT = ""


class Rendering(Wire):
    """One message as one provider shows it.

    `subject` stands above the words, where the provider has such a line; `text` is what people read, cut and escaped as
    it will be; `small` are the lines and links around it. `body` is what goes over the wire, apart from what only the
    moment of sending knows (a date).
    """

    provider: str
    form: str
    to: list[str] = []
    subject: str = ""
    text: str
    small: list[str] = []
    facts: dict[str, str] = {}
    shortened: bool = False
    body: Any = None


@runtime_checkable
class Renders(Protocol):
    """An adapter that says what an order will be. Asks nobody; raises Refused for an order that it does not carry."""

    name: str

    def rendered(self, order: Any) -> Rendering: ...
