"""Everything that an incident is at a moment, as data keyed by step path: serialise it and walk on elsewhere.

Deadlines are absolute UTC times. Long-lived things (ladders, gates, tasks, engagements, cadences, roles) live beside
the steps that opened them, because they outlive them: an acknowledgement still counts after exhaustion, a vendor's
clock runs on while the next step is walked.
"""

from __future__ import annotations

from mayday.walker.state.clocks import Clock, Engagement, Outage, Promise
from mayday.walker.state.gates import Ballot, Gate
from mayday.walker.state.incident import AlertTotals, BringBack, IncidentState
from mayday.walker.state.pages import Join, Ladder, LevelState
from mayday.walker.state.people import HolderShift, Offer, RoleState
from mayday.walker.state.steps import Flight, HandlerRun, StepState, StepStatus
from mayday.walker.state.talking import CadenceReview, CadenceState, Final, Pace, Sent
from mayday.walker.state.tasks import Confirmation, Proposal, TaskState

__all__ = [
    "StepStatus",
    "StepState",
    "Flight",
    "HandlerRun",
    "LevelState",
    "Ladder",
    "Join",
    "Ballot",
    "Gate",
    "TaskState",
    "Confirmation",
    "Proposal",
    "CadenceReview",
    "CadenceState",
    "Pace",
    "Sent",
    "Final",
    "Clock",
    "Engagement",
    "Outage",
    "Promise",
    "Offer",
    "HolderShift",
    "RoleState",
    "AlertTotals",
    "BringBack",
    "IncidentState",
]
