"""The workflows of a worker, and of every replay."""

from __future__ import annotations

from workflows.incident import IncidentWorkflow
from workflows.review import ReviewWorkflow

WORKFLOWS: list[type] = [IncidentWorkflow, ReviewWorkflow]
