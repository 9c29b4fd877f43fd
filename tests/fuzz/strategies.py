"""Random valid runbooks over the catalog, and random nights: people, alerts, outages, tools that fail."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.fuzz.chance import Chance, Dice
from tests.fuzz.steps import Steps
from tests.fuzz.words import HOUSE, PEOPLE, REFS, SHORT, SOON, Body

CALLED = "fuzz_called@1.0.0"
DONE = 'incident.status >= "resolved"'
MOCKED = (
    "itsm.add_note",
    "bridge.open",
    "itsm.open_major_incident",
    "chat.open_channel",
    "http.request",
    "change.execute",
    "dr.invoke",
    "pager",
    "mail",
    "chat",
    "status_page",
    "vendor.open_case",
    "vendor.contact",
    "roster.resolve",
    "calendar.deadline",
    "system.last_seen",
    "paging.close_page",
    "paging.page_responder",
    "messaging.send_message",
)
COMMANDS = (
    "answer",
    "answer",
    "answer",
    "answer",
    "answer",
    "answer",
    "answer",
    "vote",
    "ack",
    "complete",
    "accept",
    "decline",
    "status",
    "severity",
    "event",
    "note",
    "update",
    "override",
    "override",
    "role",
    "add_step",
    "delegate",
    "impact",
    "vendor_reply",
    "correct",
    "hold_outward",
    "candidate",
    "reopen",
)


@st.composite
def runbooks(draw: Any) -> Body:
    """A runbook as plain data, with steps of every verb; the checker has to find no error in it."""
    return runbook_of(Chance(draw))


@st.composite
def called_runbooks(draw: Any) -> Body:
    """A small runbook for others to `call`."""
    return called_of(Chance(draw))


def called_of(chance: Chance) -> Body:
    steps = Steps(chance, policies=["own"], cadences=[], calls=[])
    body = _head("fuzz_called")
    body["escalations"] = {"own": _policy(chance)}
    body["phases"] = [
        {"id": f"part{number}", "steps": steps.block(1, 3, least=1)} for number in range(chance.number(1, 2))
    ]
    if chance.one_in(4):
        body["phases"][0]["until"] = chance.pick(SOON)
    return body


def _head(name: str) -> Body:
    return {
        "apiVersion": "runbook/v1",
        "kind": "Runbook",
        "metadata": {"name": name, "version": "1.0.0", "owner": "chance"},
        "inputs": {
            "region": {"type": "string", "default": "eu", "visibility": "public"},
            "flag": {"type": "boolean", "default": True},
            "count": {"type": "integer", "default": 4},
            "hosts": {"type": "list", "default": ["a", "b", "c"]},
        },
        "vars": {"mood": "calm"},
    }


def runbook_of(chance: Chance) -> Body:
    body = _head("fuzz")
    policies = [f"policy{number}" for number in range(chance.number(1, 2))]
    body["escalations"] = {name: _policy(chance) for name in policies}
    body["roles"] = _roles(chance)
    phases = [f"phase{number}" for number in range(chance.number(1, 3))]
    cadences = _cadences(chance, phases)
    steps = Steps(chance, policies=policies, cadences=list(cadences), calls=[CALLED])
    body["phases"] = []
    for name in phases:
        phase: Body = {"id": name, "steps": steps.block(3, 5, least=1)}
        if chance.one_in(3):
            phase["until"] = chance.pick(SOON)
        body["phases"].append(phase)
    if chance.one_in(4):
        body["phases"].append(_resolving(chance))
    body["cadences"] = cadences
    body["handlers"] = [_handler(chance, steps) for _ in range(chance.number(0, 2))]
    if chance.one_in(3):
        body["finally"] = steps.block(1, 2)
    if chance.one_in(3):
        body["review"] = {"owner": chance.pick(REFS), "meeting": {"within": "3 days"}}
    return body


def _roles(chance: Chance) -> Body:
    roles: Body = {}
    if chance.mostly():
        roles["incident_commander"] = {"from": "schedule.major_incident_manager", "fallback": "role.deputy"}
    if chance.mostly():
        roles["deputy"] = {"from": "schedule.deputy_manager"}
    if chance.one_in(2):
        roles["comms_lead"] = {"from": "schedule.communications", "fallback": "role.incident_commander"}
    if chance.one_in(4):
        roles["tech_lead"] = {"from": chance.pick(["group.duty_directors", "person.raj", "schedule.payments_primary"])}
    return roles


def _policy(chance: Chance) -> Body:
    levels = [
        {
            "notify": chance.some(REFS, 1, 2) if chance.one_in(4) else chance.pick(REFS),
            "via": chance.some(["push", "voice", "sms"], 1, 2),
            "ack_within": chance.pick(SHORT),
        }
        for _ in range(chance.number(1, 3))
    ]
    return {"levels": levels, "repeat": chance.number(1, 2), "on_exhausted": {"notify": chance.pick(REFS)}}


def _cadences(chance: Chance, phases: list[str]) -> Body:
    found: Body = {}
    for number in range(chance.number(0, 3)):
        start = chance.pick(["opened", *(f"{name}.{when}" for name in phases for when in ("entered", "done"))])
        every = chance.pick(["15m", "30m", "20m", "60m"])
        cadence: Body = {"start": start, "every": every, "until": chance.pick([DONE, DONE, *SOON])}
        review = {"by": chance.pick(REFS), "within": chance.pick(["5m", "10m", "3m"])}
        if chance.one_in(3):
            cadence["send"] = {"template": "customer_update", "to": "audience.customers"}
            cadence["review"] = {**review, "on_timeout": chance.pick(["send_holding_line", "skip"])}
            cadence["final"] = {"resolved": "customer_resolved", "cancelled": "customer_stood_down"}
        else:
            cadence["send"] = {
                "template": chance.pick(["technical_update", "executive_update"]),
                "to": chance.pick(HOUSE),
            }
            if chance.one_in(3):
                cadence["send"] = {"text": "{{ incident.status }} at {{ now | time }}", "to": chance.pick(HOUSE)}
            if chance.one_in(2):
                cadence["review"] = {**review, "on_timeout": chance.pick(["send_holding_line", "send", "skip"])}
            if chance.one_in(2):
                cadence["final"] = {"resolved": "technical_resolved", "cancelled": "technical_stood_down"}
        if chance.one_in(4):
            cadence["skip_if_sent_within"] = chance.pick(SHORT)
        found[f"cadence{number}"] = cadence
    return found


def _handler(chance: Chance, steps: Steps) -> Body:
    event = chance.pick(
        [
            "deploy",
            "severity.changed",
            "alert.fired",
            "status.changed",
            "page.exhausted",
            "decision.decided",
            "vendor.breached",
            "role.taken",
            "phase.entered",
        ]
    )
    handler: Body = {"event": event, "steps": steps.block(1, 3, least=1, event=True)}
    if chance.one_in(4):
        handler["when"] = chance.pick(["inputs.flag", "event.name != event.actor"])
    return handler


def _resolving(chance: Chance) -> Body:
    ask = {
        "to": "role.tech_lead",
        "question": "Stable?",
        "fields": {"ok": {"type": "boolean"}},
        "due": "10m",
        "on_overdue": {"notify": "role.deputy"},
    }
    set_it = {"id": "over", "do": "incident.set_status", "with": {"status": "resolved", "reason": "stable"}}
    return {
        "id": "resolving",
        "steps": [
            {"id": "watch", "wait": {"for": chance.pick(["5m", "15m"])}},
            {"id": "stable", "ask": ask},
            {"id": "ending", "choose": [{"when": "steps.stable.result.ok", "steps": [set_it]}], "else": []},
        ],
    }


# nights ---------------------------------------------------------------------------------------------------------


@st.composite
def nights(draw: Any) -> Body:
    """What happens in a night: how it opens, how tools behave, who does what when, and how it ends at last.

    Deeds name nobody yet: `who`, `what` and `how` are numbers that choose among what is there when their time comes.
    """
    return night_of(Chance(draw))


@st.composite
def calm_nights(draw: Any) -> tuple[Body, Body, Body]:
    """A runbook, one for it to call, and a night that comes out the same on a real server: without races.

    Most are brisk, since an hour in which nothing but cadences happens is like the one before it. Hypothesis chooses
    the dice and not each throw: of fifty examples it makes a dozen by varying one, and each costs half a second here.
    """
    chance = Dice(draw(st.randoms(use_true_random=True)))
    runbook, called = without_races(runbook_of(chance)), without_races(called_of(chance))
    return runbook, called, night_of(chance, brisk=not chance.one_in(12))


def without_races(body: Any) -> Any:
    """A runbook in which nothing depends on which of two actions, asked for together, is answered first.

    No `parallel` waits for the first of its branches, and loops take one item after the other.
    """
    if isinstance(body, dict):
        calm = {"join": "all", "concurrency": 1}
        return {key: calm.get(key) or without_races(value) for key, value in body.items()}
    return [without_races(item) for item in body] if isinstance(body, list) else body


def night_of(chance: Chance, *, brisk: bool = False) -> Body:
    """`brisk`: fewer deeds, little time between them, and an end soon after the last."""
    pauses = [1, 0, 2, 5, 3, 0, 1, 13, *([8, 30] if brisk else [30, 60])]
    deeds, second = [], 0
    for number in range(chance.number(0, 24 if brisk else 40)):
        # each deed has seconds of its own within the minute, so that no deadline of another falls on it
        second += 60 * chance.pick(pauses)
        deeds.append(_deed(chance, second + 2 * number + 1))
    return {
        "incident": _incident(chance),
        "mocks": {name: _mock(chance) for name in chance.some(MOCKED, 0, 4)},
        "deeds": deeds,
        "end": chance.pick(["resolved", "cancelled"]),
        "later": 60 * chance.pick([10, 0, 30, 120] if brisk else [10, 0, 120, 800]),
    }


def _incident(chance: Chance) -> Body:
    roles = {}
    if chance.mostly():
        roles["incident_commander"] = "ana"
    if chance.mostly():
        roles["deputy"] = chance.pick(["dee", "max", "ana"])
    if chance.one_in(3):
        roles["tech_lead"] = chance.pick(PEOPLE)
    return {
        "severity": chance.pick(["SEV1", "SEV2", "SEV3", "SEV4"]),
        "declare": chance.pick(["manual", "manual", "auto", "propose"]),
        "declared_by": chance.pick([None, "ana", "sam", "dana"]),
        "customers_affected": chance.pick([None, 0, 4200]),
        "resolve_on_clear": chance.one_in(8),
        "roles": roles,
        "inputs": {"flag": chance.one_in(2), "count": chance.number(0, 9)},
    }


def _deed(chance: Chance, second: int) -> Body:
    kind = chance.pick(["command"] * 16 + ["alert", "alert", "outage"])
    deed: Body = {"at": second, "kind": kind}
    if kind == "command":
        deed |= {
            "command": chance.pick(COMMANDS),
            "apt": chance.mostly(),
            **{name: chance.number(0, 99) for name in ("who", "what", "how")},
        }
    elif kind == "alert":
        deed |= {
            "key": chance.pick(["a", "b"]),
            "state": chance.pick(["firing", "resolved"]),
            "again": chance.one_in(4),
        }
    else:
        deed |= {"seconds": chance.pick([90, 600, 4000])}
    return deed


def _mock(chance: Chance) -> Any:
    def one() -> Body:
        made: Body = {}
        if chance.one_in(2):
            made |= {
                "fail": chance.number(1, 3),
                "error": chance.pick(["unreachable", "ambiguous", "refused", "broken"]),
            }
        if chance.one_in(3):
            made["after"] = chance.pick(["3s", "40s", "4m"])
        if chance.one_in(4):
            made["hang"] = True
        return made

    return [one() for _ in range(chance.number(1, 3))] if chance.one_in(3) else one()
