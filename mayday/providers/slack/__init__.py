"""Slack: the incident's channel, buttons, direct messages, the slash command."""

from __future__ import annotations

NAME = "slack"
