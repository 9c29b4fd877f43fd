"""What people write to an audience: updates beside the cadence, and corrections, each with a second reader where it
reaches the outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mayday.domain.commands import Correct, Refusal, Update
from mayday.walker import people, tasks
from mayday.walker.messages import audience_name, find, outward, send
from mayday.walker.state import TaskState

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def update_refusal(w: Walker, command: Update) -> Refusal | None:
    audience = audience_name(command.audience)
    if audience not in w.plan.audiences:
        return Refusal(code="unknown", reason=f"audience: {audience!r}; known are {', '.join(w.plan.audiences)}")
    if not command.text.strip():
        return Refusal(code="invalid", reason="text: an update needs words")
    if not people.known(w, command.actor) and command.actor != people.OWNER:
        return Refusal(code="not_yours", reason="updates come from a person of the catalog")
    return None


def update(w: Walker, command: Update) -> dict[str, Any]:
    """A person's update: at once, or, to an outside audience, after a second person has read it."""
    audience = audience_name(command.audience)
    people.respond(w, command.actor)
    subject = f"{w.state.severity} {w.state.title}"
    if outward(w, audience):
        number = w.state.counters.get("release", 0) + 1
        w.state.counters["release"] = number
        task = tasks.open_task(
            w,
            f"review:update:{number}",
            "review",
            f"Read and release to {audience}: {command.text}",
            to=_reader(w, command.actor),
            by_not=[command.actor],
            owner=f"release:{audience}",
            fields=RELEASE_FIELDS,
            detail={"subject": subject, "text": command.text, "author": command.actor, "purpose": "update"},
        )
        return {"task": task.id, "state": "waits for a second reader"}
    sent = send(w, audience, subject, command.text, step=f"update:{audience}", purpose="update", by=command.actor)
    note_manual(w, audience)
    return {"n": sent.n}


def _reader(w: Walker, author: str) -> str:
    """The communications lead, unless they wrote it themselves: then the next who may read it."""
    by = "role.comms_lead"
    return people.second_reader(w, by, author) if w.start.later_rules else by


RELEASE_FIELDS: dict[str, dict[str, Any]] = {
    "release": {"type": "boolean", "required": False},
    "text": {"type": "string", "required": False},
}


def released(w: Walker, audience: str, task: TaskState, by: str) -> None:
    """A second person read a message: it leaves, perhaps with better words, or not."""
    text = str(task.result.get("text") or task.detail["text"])
    if task.result.get("release", True) is False:
        w.entry("message_dropped", by, task.id, audience=audience, reason="the reader did not release it")
        return
    wrong = find(w, int(task.detail["corrects"])) if "corrects" in task.detail else None
    send(
        w,
        audience,
        str(task.detail["subject"]),
        text,
        step=f"update:{audience}",
        purpose=task.detail.get("purpose", "update"),
        by=str(task.detail["author"]),
        via=wrong.via if wrong else None,
        to=wrong.to if wrong else None,
    )
    note_manual(w, audience)


def note_manual(w: Walker, audience: str) -> None:
    for cadence in w.state.cadences.values():
        if cadence.audience == audience:
            cadence.last_manual_at = cadence.last_sent_at = w.now


def correct_refusal(w: Walker, command: Correct) -> Refusal | None:
    wrong = find(w, command.n)
    if wrong is None:
        newest = w.state.counters.get("sent", 0)
        return Refusal(code="unknown", reason=f"n: there is no message {command.n}; the newest is {newest}")
    if not wrong.delivered:
        return Refusal(code="not_open", reason=f"message {command.n} has not left")
    if not command.text.strip():
        return Refusal(code="invalid", reason="text: a correction needs words")
    if not people.known(w, command.actor):
        return Refusal(code="not_yours", reason="corrections come from a person of the catalog")
    return None


def correct(w: Walker, command: Correct) -> dict[str, Any]:
    """A correction goes to the same recipients once a second person has read it."""
    wrong = find(w, command.n)
    if wrong is None:
        return {}
    name = first = f"review:correction:{command.n}:{w.state.counters['sent']}"
    while name in w.state.tasks:  # several people correct one message at once: each text has its reader
        number = int(name.removeprefix(first).removeprefix(":") or 1) + 1
        name = f"{first}:{number}"
    task = tasks.open_task(
        w,
        name,
        "review",
        f"Read and release the correction to {wrong.audience}: {command.text}",
        to=_reader(w, command.actor),
        by_not=[command.actor],
        owner=f"release:{wrong.audience}",
        fields=RELEASE_FIELDS,
        urgent=True,
        detail={
            "subject": f"Correction: {wrong.subject}",
            "text": command.text,
            "author": command.actor,
            "purpose": "correction",
            "corrects": command.n,
        },
    )
    w.entry("correction_written", command.actor, wrong.step, n=command.n, audience=wrong.audience, text=command.text)
    return {"task": task.id}
