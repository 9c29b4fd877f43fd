"""The systems that may post to `/webhooks/{source}`: one line each, loaded when first asked for."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from mayday.providers.inbound import InboundSource

__all__ = ["NAMES", "inbound_source"]

#: source -> module and class of its inbound side
NAMES: dict[str, str] = {
    "alertmanager": "mayday.providers.alertmanager.inbound:Alertmanager",
}


@cache
def inbound_source(name: str) -> InboundSource | None:
    """The source called `name`, or None: nobody of that name posts here."""
    if name not in NAMES:
        return None
    module, _, cls = NAMES[name].partition(":")
    return cast(InboundSource, getattr(import_module(module), cls)())
