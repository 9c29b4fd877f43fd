"""What the signature of a decision covers: the decision as it travels, and the incident that it is for.

Pure, because the starter signs with it and the workflow verifies with it. The decision is taken as plain JSON data, not
as a model: a worker of another version, which knows more or fewer fields, sees the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mayday.domain.commands import Refusal

__all__ = ["UNSIGNED", "decision_bytes", "review_subject"]

DOMAIN = "mayday decision 1"
UNSIGNED = Refusal(code="unsigned", reason="it carries no valid signature of a starter of this house")


def decision_bytes(subject: str, command: Mapping[str, Any]) -> bytes:
    """The bytes to sign. `subject` is the incident's id (or `review_subject` of it): elsewhere it counts for nothing.

    Actor, channel and `received_at` are fields of the command, so the signature covers them with all the rest.
    """
    body = json.dumps(command, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return "\n".join((DOMAIN, subject, body)).encode()


def review_subject(incident: str) -> str:
    """A review's decisions are not those of its incident."""
    return f"review/{incident}"
