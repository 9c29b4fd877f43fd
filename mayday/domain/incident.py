"""The incident on the wire: what starts a run, what alerts look like inside, what the board shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from mayday.domain.wire import Wire

STATUSES = (
    "candidate",
    "investigating",
    "identified",
    "mitigated",
    "resolved",
    "closed",
    "cancelled",
    "rejected",
    "merged",
)
#: the newest edition of the rules that an incident can be walked by
EDITION = 3
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: statuses in which the run is over
ENDED = ("resolved", "closed", "cancelled", "rejected", "merged")
SEVERITIES = ("SEV1", "SEV2", "SEV3", "SEV4", "SEV5")
BUILT_IN_ROLES = (
    "incident_commander", "deputy", "scribe", "operations_lead", "tech_lead", "comms_lead", "customer_liaison",
)  # fmt: skip


class AlertEvent(Wire):
    """One alert after normalisation; the raw body stays in the inbox under `inbox_id`."""

    source: str
    dedupe_key: str
    alert_key: str
    state: Literal["firing", "resolved"]
    title: str
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    started_at: datetime | None = None
    received_at: datetime
    inbox_id: int | None = None
    count: int = 1


class AlertBatch(Wire):
    """Up to 200 events or 64 KiB, coalesced by the forwarder."""

    events: list[AlertEvent]


class Inject(Wire):
    """Something that a drill lets happen, `after_s` seconds of the drill's own time after its opening.

    Alerts, or a command as a machine sends it: a vendor's reply, an event, news as a note.
    """

    after_s: int
    what: str
    alerts: list[AlertEvent] = []
    command: dict[str, Any] | None = None


class StartInput(Wire):
    """The start input of an incident's workflow: a history is self-contained.

    `plan` is the pinned plan as canonical JSON. `clock_offset_s` moves the incident's clock against the server's (the
    time-skipping server runs on today's date). `state` is set only by continue-as-new and by reopening.
    """

    id: str
    workflow_id: str
    correlation_key: str
    plan: dict[str, Any]
    plan_digest: str
    title: str
    summary: str = ""
    service: str
    services: list[str] = []
    severity: str
    declare: Literal["auto", "propose", "manual"] = "manual"
    declared_by: str | None = None
    source: str = "manual"
    inputs: dict[str, Any] = {}
    roles: dict[str, str] = {}
    customers_affected: int | None = None
    confirm_within: str | None = None
    accept_within: str | None = None
    page: str | None = None
    resolve_on_clear: bool = False
    drill: bool = False
    opened_at: datetime
    impact_started_at: datetime | None = None
    events: list[AlertEvent] = []
    #: who was on call at the start, by schedule: used when the roster cannot be read later
    on_call: dict[str, list[str]] = {}
    clock_offset_s: int = 0
    #: whole seconds to which a rehearsal rounds the incident's clock; 0: as it is
    clock_step_s: int = 0
    #: how many of the server's seconds are one of the incident's: 1, and many in a rehearsal (docs/adr/0107)
    clock_slowed: int = 1
    continue_as_new_after: int = 8000
    base_url: str = ""
    #: whether the server knows our search attributes; one that it does not know would wedge the run
    search_attributes: bool = False
    state: dict[str, Any] | None = None
    #: who reopens a finished incident and why (`state` is then its last state); None: an alert does, or nobody
    reopened_by: str | None = None
    reopen_reason: str | None = None
    #: Ed25519 public keys (base64): decisions without a signature by one of them do not count. None: all count
    decision_keys: list[str] = []
    #: whether a page that somebody has only seen is closed once more when it is over: cards stand until then.
    #: False in starts of before, which replay so
    settles_seen: bool = False
    #: the same of tasks that people were only told of: their cards stand in a chat
    settles_told: bool = False
    #: whether a change that was not approved is told so in its own record. False in starts of before, which replay so
    tells_changes: bool = False
    #: whether merges may cross (docs/adr/0106). False in starts of before, which replay so
    merges_cross: bool = False
    #: rules that came after the first histories: overrides are checked as answers are, a late yes to a role that nobody
    #: took counts, words to the outside find a reader who is not their author, the brief of a handover says more.
    #: False in starts of before, which replay so
    later_rules: bool = False
    #: whether people get back all the time in which nobody could answer, also of deadlines that end after it
    #: (docs/adr/0124). False in starts of before, which replay so
    gives_time_back: bool = False
    #: by which edition of the rules it is walked: `EDITION` in new starts, 0 in those of before, which replay so.
    #: 1: a reopening brings back tickets, bridges, channel, vendors' cases and the pace (docs/adr/0135)
    #: 2: a role that nobody holds goes on being offered, after a handover that lapsed and after a reopening; vendors'
    #: cases go on also where `resolved` is taken back before the end
    #: 3: an event whose handler depends on a fact that nobody has set waits for it, and each run of a handler has its
    #: own event; a status or severity that is none makes its step fail; a cadence begins at the pace that was set for
    #: it before; a required voter who may not vote is stood in for; `end` in a called runbook leaves that one's phase
    #: or that one, and `parallel` waits for no more branches than it has (docs/adr/0150)
    #: Calls that are asked for together travel together (0144)
    #: What is merged into an incident that is over comes back, and what moves along is asked anew there (0145); ends,
    #: second keys and candidates leave nobody unasked (0146); a severity changes what is under way (0147)
    edition: int = 0
    #: what a drill lets happen, in its order
    injects: list[Inject] = []
    #: signed orders to merge, by the other incident's workflow id: what passes between the two shows them
    merge_orders: dict[str, dict[str, Any]] = {}

    def shown(self, server: datetime) -> datetime:
        """What the incident's clock shows, exactly, when the server's shows `server`."""
        return EPOCH + (server - EPOCH) / self.clock_slowed + timedelta(seconds=self.clock_offset_s)

    def counted(self, server: datetime) -> datetime:
        """The same as the incident counts it: a rehearsal rounds, so that a server's milliseconds do not matter."""
        shown, step = self.shown(server), self.clock_step_s
        if not step:
            return shown
        whole = (shown.timestamp() + step / 4) // step * step  # what comes a little early counts as on time
        return datetime.fromtimestamp(whole, shown.tzinfo)


class Pending(Wire):
    """Something that waits for a human or for time: shown on the board, in every brief, on the console."""

    id: str
    kind: Literal["page", "role", "decision", "task", "review", "confirm", "candidate", "cadence", "vendor", "wait"]
    for_: list[str] = Field([], alias="for")
    text: str = ""
    due_at: datetime | None = None
    then: str = ""
    detail: dict[str, Any] = {}


def place_of(waiting: str) -> str:
    """Where something that waits (the id of its `Pending`) stands on the incident's page: links lead there."""
    return "w-" + "".join(letter if letter.isalnum() else "-" for letter in waiting)


class RoleHolder(Wire):
    role: str
    person: str | None = None
    offered_to: list[str] = []
    since: datetime | None = None


class NextInject(Wire):
    """What a drill will let happen, and when; paused, nothing has a time."""

    what: str
    at: datetime | None = None


class Board(Wire):
    """Answer of the workflow's `board` query; times are UTC."""

    id: str
    workflow_id: str
    title: str
    summary: str = ""
    severity: str
    priority: str
    status: str
    service: str
    services: list[str]
    drill: bool
    opened_at: datetime
    phase: str | None = None
    runbook: str = ""
    plan_digest: str = ""
    roles: list[RoleHolder] = []
    pending: list[Pending] = []
    customers_affected: int | None = None
    bridge: str | None = None
    ticket: str | None = None
    channel: str | None = None
    alerts: int = 0
    leaderless: bool = False
    hold_outward: bool = False
    next_update_at: datetime | None = None
    sent: list[dict[str, Any]] = []
    drill_paused_at: datetime | None = None
    injects: list[NextInject] = []
    merged_into: str | None = None
    #: who may, by command (`kind`, or `kind:what`); a kind that is not in it is everybody's. None: nobody has said
    may: dict[str, list[str]] | None = None
    finished: bool = False
    seq: int = 0
    head: str = ""
