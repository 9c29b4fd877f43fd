"""The report of an incident: `draft` reads the timeline, `render` makes Markdown of it."""

from __future__ import annotations

from mayday.domain.report.drafting import draft
from mayday.domain.report.markdown import render
from mayday.domain.report.model import Report

__all__ = ["Report", "draft", "render"]
