"""What people read of an entry: names, lengths, times of day, and what a condition means; never what machines need."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from mayday.domain.effects import REOPEN_TICKET
from mayday.domain.timeline_words import ACTIONS, Naming, sentence, thing
from mayday.language.actions import BUILT_IN
from mayday.language.library import Library
from mayday.language.naming import naming_of
from mayday.settings import packaged_runbooks
from mayday.simulator.files import ScenarioFile

AT = datetime(2026, 3, 2, 2, 20, tzinfo=UTC)
NAMES = Naming(
    people={"ana": "Ana Ruiz", "sam": "Sam Reilly"}, vendors={"gateway_co": "Gateway Co"}, services={"web": "Shop"}
)
#: what nobody says: seconds as numbers, moments of machines, ids of steps, conditions as their author wrote them
RAW = re.compile(
    r"\d{4}-\d\d-\d\dT|\b\d+ s\b|\b[a-z]+_[a-z_]+\b|\[\d+\]\.|\b(?:incident|steps|vars|inputs|decisions)\.\w|"
    r"\b(?:person|role|schedule|group|audience|vendor)\.\w|(?:^|[ :]|\()-(?=[;,)]|$)|->"
)


@pytest.mark.parametrize(
    ("kind", "actor", "step", "data", "words"),
    [
        (
            "acknowledged",
            "ana",
            None,
            {"page": "page_payments", "after_s": 90},
            "Ana Ruiz acknowledged “page payments” after 1 minute 30 seconds",
        ),
        (
            "page_exhausted",
            "system",
            "wake",
            {"page": "wake", "rounds": 1},
            "nobody answered the call for “wake” in 1 round",
        ),
        (
            "phase_left",
            "system",
            "phase:work",
            {"phase": "work", "reason": "override by ana: all are here"},
            "phase work left: Ana Ruiz ended it: all are here",
        ),
        (
            "update_missed",
            "system",
            "tell",
            {"audience": "executives", "then": "skip"},
            "nobody read the update to executives in time: it is left out",
        ),
        (
            "cadence_started",
            "system",
            None,
            {"cadence": "exec_update", "every_s": 3600, "next_at": "2026-03-02T03:20:00.000Z"},
            "exec update every hour, next 03:20 UTC",
        ),
        (
            "cadence_changed",
            "system",
            None,
            {"cadence": "exec_update", "every_s": 1800, "next_at": "2026-03-03T00:20:30.000Z"},
            "exec update now every 30 minutes, next 3 March 00:20:30 UTC",
        ),
        (
            "status_changed",
            "ana",
            None,
            {"before": "investigating", "status": "identified", "reason": ""},
            "Ana Ruiz set the status from investigating to identified",
        ),
        (
            "step_skipped",
            "system",
            "moves[2].step_helped",
            {"reason": "not needed: steps.safe_step.result.better"},
            "“step helped” (moves 2) skipped: only if “safe step” says better",
        ),
        (
            "phase_left",
            "system",
            None,
            {"phase": "restore", "reason": 'incident.status >= "mitigated" holds'},
            "phase restore left: the incident is mitigated",
        ),
        (
            "task_withdrawn",
            "system",
            None,
            {"task": "confirm:declaration", "reason": "phase declare left: its steps are done"},
            "task “confirm the declaration” closed: phase declare was left: its steps are done",
        ),
        (
            "task_overdue",
            "system",
            None,
            {"task": "successor:incident_commander"},
            "“name a successor for the incident commander” is overdue",
        ),
        ("role_unfilled", "system", None, {"role": "comms_lead"}, "nobody took comms lead"),
        (
            "role_offered",
            "system",
            None,
            {"role": "comms_lead", "to": ["schedule.comms"], "due_at": "2026-03-02T02:25:00.000Z"},
            "comms lead offered to comms on call until 02:25 UTC",
        ),
        ("action_started", "system", None, {"action": "bridge.open", "attempt": 1}, "began opening the bridge"),
        (
            "action_started",
            "system",
            None,
            {"action": "pods.restart_all", "attempt": 3},
            "began “restart all” (pods), attempt 3",
        ),
        (
            "action_finished",
            "system",
            None,
            {"action": "itsm.open_major_incident", "outputs": {"number": "MI-1", "id": "x9", "children": []}},
            "opening the ticket: done, number: MI-1, children: none",
        ),
        (
            "vendor_replied",
            "ana",
            None,
            {"vendor": "gateway_co", "reply": "waiting_on_us", "words": "send the log_level"},
            "Gateway Co waits for us: send the log_level",
        ),
        (
            "opened",
            "machine:ci",
            None,
            {"title": "web_front is down", "severity": "SEV1", "service": "web", "runbook": "web_sev1@2.0.0"},
            "ci (a program) opened web_front is down as SEV1 on Shop, runbook web sev1 2.0.0",
        ),
        (
            "voted",
            "sam",
            None,
            {"decision": "emergency_change", "choice": "approve", "reason": "pod checkout_api is fine"},
            "Sam Reilly voted approve on “emergency change”: pod checkout_api is fine",
        ),
        (
            "impact_set",
            "ana",
            None,
            {"started_at": "2026-03-02T01:50:00.000Z"},
            "Ana Ruiz set the impact, since 01:50 UTC",
        ),
        ("outage_ended", "system", None, {"seconds": 240}, "the system itself was away for 4 minutes"),
        (
            "outage_ended",
            "system",
            None,
            {
                "seconds": 240,
                "moved": [
                    {"kind": "decision", "of": "emergency_change", "due_at": "2026-03-02T02:44:00.000Z"},
                    {"kind": "role", "of": "role:deputy", "due_at": "2026-03-02T02:20:00.000Z"},
                ],
                "more_moved": 3,
            },
            (
                "the system itself was away for 4 minutes; what people have to answer ends later by that: "
                "“emergency change” until 02:44 UTC, the role of deputy until 02:20 UTC and 3 more"
            ),
        ),
        (
            "send_refused",
            "system",
            None,
            {"audience": "customers", "reason": "incident.customers_affected has not been set yet (set it, or ...)"},
            "message to customers not written: customers affected has not been set yet",
        ),
    ],
)
def test_an_entry_reads_as_people_speak(kind: str, actor: str, step: str, data: dict[str, object], words: str) -> None:
    assert sentence(kind, actor, step, data, at=AT, naming=NAMES) == words


def test_what_a_person_wrote_is_theirs() -> None:
    written = "failed over db_main at 2026-03-02T02:10:00.000Z, see steps.check -> 90 s, person.ana"
    for kind, key in (("noted", "words"), ("message_sent", "text"), ("overridden", "reason"), ("voted", "reason")):
        assert written in sentence(kind, "ana", "x", {key: written}, at=AT, naming=NAMES)


def test_what_was_seen_before_says_what_helped() -> None:
    item = {"kind": "known_error", "ref": "INC-2", "title": "SEV1 Till slow", "note": "closed, 2026-02-11"}
    data = {"action": "knowledge.similar", "outputs": {"items": [{**item, "workaround": "restart it"}, item]}}
    assert sentence("action_finished", "system", "similar", data) == (
        "looking for similar incidents: done, items: SEV1 Till slow (closed, 2026-02-11); what helped: restart it, "
        "SEV1 Till slow (closed, 2026-02-11)"
    )


def test_names_of_tasks() -> None:
    assert thing("confirm:invoke_dr:sam:witness", NAMES) == (
        "“confirm the spoken vote of Sam Reilly on invoke dr”, as heard by a witness"
    )
    assert thing("review:final:customer_update") == "“last word: customer update”"
    assert thing("fact:incident.customers_affected") == "“customers affected”"
    assert thing("loop[2].inner[1].ask", quoted=True) == "“ask” (loop 2, inner 1)"


def test_each_action_of_the_language_has_words() -> None:
    assert set(ACTIONS) == {*BUILT_IN, REOPEN_TICKET}, "a reopening asks for one that no runbook can"


async def test_no_night_of_the_library_reads_raw() -> None:
    """All scenarios that are shipped, as a page, a terminal, a ticket and a report tell them."""
    library = Library.load(packaged_runbooks())
    naming = naming_of(library.catalog)
    own = {
        "words",
        "text",
        "title",
        "question",
        "summary",
        "case",
        "outputs",
        "result",
    }  # what people, vendors and templates wrote
    raw: set[str] = set()
    for file in sorted((packaged_runbooks() / "scenarios").glob("*.yaml")):
        report, _ = await ScenarioFile(file, library).play()
        for found in report.entries:
            said = {key: "said" if key in own else value for key, value in found.data.items()}
            words = found.model_copy(update={"data": said}).named(naming).text
            if found.kind not in ("action_failed", "step_failed", "logged", "noted") and RAW.search(words):
                raw.add(f"{found.kind}: {words}")
    assert raw == set()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("lapsed", "lapses without an answer"),
        ("rejected", "counts as rejected"),
        ("fail_over", "counts as “fail over”"),
        ("overdue", "is overdue"),
        ("leaves", "leaves"),
        ("goes on", "goes on"),
        ("escalates to person.dana", "escalates to Dana Okafor"),
        ("exhausted: role.incident_commander is paged", "nobody has answered: incident commander is paged"),
    ],
)
def test_what_silence_leads_to(raw: str, words: str) -> None:
    assert Naming(people={"dana": "Dana Okafor"}).then(raw) == words


@pytest.mark.parametrize(
    ("kind", "raw", "refs", "words"),
    [
        ("wait", "for 15m", [], "for 15 minutes"),
        ("wait", "for 2 business days", [], "for 2 business days"),
        ("wait", "for a while", [], "for a while"),
        ("wait", 'until incident.status >= "mitigated"', [], "until the incident is mitigated"),
        ("vendor", "gateway_co VC-1 P1", ["gateway_co"], "Card Gateway VC-1 P1"),
        ("vendor", "dns_co VC-2 P1", ["dns_co"], "dns co VC-2 P1"),
        ("task", "for person.dana: look at it", [], "for Dana Okafor: look at it"),
    ],
)
def test_what_waits(kind: str, raw: str, refs: list[str], words: str) -> None:
    naming = Naming(people={"dana": "Dana Okafor"}, vendors={"gateway_co": "Card Gateway"})
    assert naming.waiting(kind, raw, refs) == words
