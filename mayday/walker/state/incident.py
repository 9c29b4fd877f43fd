"""The incident as a whole: what continue-as-new hands to the next run."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mayday.domain.commands import Event
from mayday.domain.timeline import GENESIS, Entry
from mayday.domain.wire import Wire
from mayday.language.plan import PlanVendor
from mayday.walker.state.clocks import Clock, Engagement, Outage, Promise
from mayday.walker.state.gates import Gate
from mayday.walker.state.pages import Join, Ladder
from mayday.walker.state.people import RoleState
from mayday.walker.state.steps import Flight, HandlerRun, StepState
from mayday.walker.state.talking import CadenceState, Final, Pace, Sent
from mayday.walker.state.tasks import Confirmation, Proposal, TaskState


class AlertTotals(Wire):
    seen: int = 0
    #: what fires still, and which alerts were seen, by `alerts.mark`
    firing: dict[str, int] = {}
    recent: list[str] = []
    listed: int = 0
    pending: int = 0
    pending_resolved: int = 0
    summary_at: datetime | None = None


class BringBack(Wire):
    """What was closed at an end and is wanted again: `bridges` are the steps that had opened one."""

    reason: str
    bridges: list[str] = []


class IncidentState(Wire):
    """The whole incident. Small enough to be the input of the next run (under 1 MiB)."""

    id: str
    started: bool = False
    title: str
    summary: str = ""
    service: str
    services: list[str] = []
    severity: str
    priority: str | None = None
    status: str = "investigating"
    status_at: datetime
    opened_at: datetime
    declared_at: datetime | None = None
    declared_by: str | None = None
    auto_declared: bool = False
    customers_affected: int | None = None
    impact_started_at: datetime | None = None
    impact_ended_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    responders: list[str] = []
    bridge_url: str | None = None
    bridge_phone: str | None = None
    ticket: str | None = None
    chat_channel: str | None = None
    problem: str | None = None
    inputs: dict[str, Any] = {}
    variables: dict[str, Any] = {}
    roles: dict[str, RoleState] = {}
    steps: dict[str, StepState] = {}
    background: list[str] = []
    ad_hoc: dict[str, dict[str, Any]] = {}
    ad_hoc_order: list[str] = []
    phase: int = -1
    phase_entered_at: datetime | None = None
    phases_left: list[str] = []
    phase_end_asked: str | None = None
    runbook_end_asked: str | None = None
    skip_phases: bool = False
    walked: bool = False
    ladders: dict[str, Ladder] = {}
    joins: list[Join] = []
    gates: dict[str, Gate] = {}
    tasks: dict[str, TaskState] = {}
    cadences: dict[str, CadenceState] = {}
    paces: dict[str, Pace] = {}
    engagements: dict[str, Engagement] = {}
    clocks: dict[str, Clock] = {}
    handler_runs: list[HandlerRun] = []
    events: list[Event] = []
    consumed: dict[str, list[str]] = {}
    alerts: AlertTotals = AlertTotals()
    confirmation: Confirmation | None = None
    proposal: Proposal | None = None
    sent: list[Sent] = []
    #: pages that woke somebody and were not silenced since
    ringing: list[str] = []
    #: pages that somebody has seen and that can still be answered
    seen: list[str] = []
    #: audiences that have heard something
    told: list[str] = []
    finals: list[Final] = []
    hold_outward: bool = False
    delegations: dict[str, str] = {}
    flights: dict[str, Flight] = {}
    counters: dict[str, int] = {}
    outages: list[Outage] = []
    #: deadlines of people as they were set, by name, and when everything was looked at last; where the start input
    #: gives time back
    promises: dict[str, Promise] = {}
    looked_at: datetime | None = None
    #: a drill stands back since then, and the real incidents that it stood back for
    drill_paused_at: datetime | None = None
    drill_stood_back_for: list[str] = []
    drill_paused_s: int = 0
    #: how many of its injects a drill has played
    injected: int = 0
    wake_at: datetime | None = None
    applied: dict[str, dict[str, Any]] = {}
    #: commands applied before those: the number of each one's entry, 0 where it left none
    applied_before: dict[str, int] = {}
    ending: str | None = None
    finished: bool = False
    reopened: int = 0
    #: what a reopening still has to bring back
    to_bring_back: BringBack | None = None
    merged_into: str | None = None
    merged_into_workflow: str | None = None
    #: the phase that it was in then
    merged_in_phase: int | None = None
    #: what a merge handed over, until this incident ends or goes on with it
    handed_over: dict[str, Any] = {}
    #: what a review that a reopening withdrew leaves to the next one
    review_carried: dict[str, Any] | None = None
    survivor_ended: bool = False
    absorbed: dict[str, str] = {}
    adopted_vendors: dict[str, PlanVendor] = {}
    seq: int = 0
    head: str = GENESIS
    entries: list[Entry] = []
