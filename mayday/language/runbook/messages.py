"""Messages, their templates and review, and the cadences that repeat them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from mayday.domain.durations import Duration
from mayday.language.runbook.shapes import Identifier, Ref, Shape, Via


class ReviewBy(Shape):
    """A person reads a message before it leaves."""

    by: Ref
    within: Duration
    on_timeout: Literal["send_holding_line", "send", "skip"] = "send_holding_line"


class Message(Shape):
    template: Identifier | None = None
    text: str | None = None
    subject: str | None = None
    to: Ref
    via: list[Via] | None = None
    review: ReviewBy | None = None

    @model_validator(mode="after")
    def _one_body(self) -> Message:
        if (self.template is None) == (self.text is None):
            raise ValueError("a message has either a `template` or a `text`")
        return self


class Cadence(Shape):
    start: str = Field("opened", description="opened, PHASE.entered or PHASE.done")
    every: Duration
    until: str
    send: Message
    review: ReviewBy | None = None
    skip_if_sent_within: Duration | None = None
    final: dict[Literal["resolved", "cancelled", "mitigated", "closed"], Identifier] = {}


class TemplateText(Shape):
    """A message template: text, subject, and for outside audiences who approved it until when."""

    subject: str | None = None
    text: str
    audience: str | None = None
    approved_by: str | None = None
    valid_until: str | None = None
