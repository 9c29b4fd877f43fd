"""Microsoft Teams: channels and messages through Graph, a Workflows webhook, the outgoing webhook."""

from __future__ import annotations

NAME = "teams"
