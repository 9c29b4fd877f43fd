"""The runbook's `review:` block as a review reads it."""

from __future__ import annotations

from typing import Any

from mayday.domain.durations import Duration
from mayday.domain.effects import Wire


class MeetingRule(Wire):
    """When the review meeting is held: by severity, in elapsed time or in business days of `calendar`."""

    within: Duration | dict[str, Duration] = {
        "SEV1": Duration.parse("3 days"),
        "SEV2": Duration.parse("5 business days"),
    }
    duration: Duration = Duration.parse("30m")
    calendar: str = "default"

    def for_severity(self, severity: str) -> Duration | None:
        """The time limit for `severity`; None: this severity has no meeting."""
        return self.within.get(severity) if isinstance(self.within, dict) else self.within


class ActionRule(Wire):
    """How follow-up actions are chased. Defaults: 4 and 8 weeks [Atlassian incident handbook], reminded weekly."""

    remind_every: Duration = Duration.parse("7d")
    due: dict[str, Duration] = {}

    def due_after(self, priority: str) -> Duration:
        default = "4w" if priority == "high" else "8w"
        return self.due.get(priority) or Duration.parse(default)


class ReviewRules(Wire):
    """The runbook's `review:` block as the review reads it; a runbook without one has these defaults."""

    meeting: MeetingRule | None = None
    draft_before: Duration = Duration.parse("24h")
    problem_record: bool = True
    actions: ActionRule = ActionRule()

    @classmethod
    def of(cls, spec: dict[str, Any] | None) -> ReviewRules:
        return cls.model_validate(spec) if spec is not None else cls(meeting=MeetingRule())
