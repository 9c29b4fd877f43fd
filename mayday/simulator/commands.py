"""A person's action in a scenario as the command that the API would make of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mayday.domain.commands import COMMAND, Command
from mayday.language.scenario import TimelineItem

#: who acts when an item names nobody: a machine
MACHINE = "system"


def command_of(item: TimelineItem, number: int, at: datetime) -> Command:
    """The command of an item of the timeline; `number` makes its id, the same in each run."""
    made: dict[str, Any] = {"kind": item.verb, **_parts(item)}
    made = {key: value for key, value in made.items() if value is not None}
    made |= {"id": f"scenario-{number}", "actor": item.by or MACHINE, "received_at": at}
    made["channel"] = item.channel or "scenario"
    return COMMAND.validate_python(made)


def _parts(item: TimelineItem) -> dict[str, Any]:
    reason = item.reason or ""
    match item.verb:
        case "ack":
            return {"page": item.ack, "joined": item.joined}
        case "accept":
            return {"target": item.accept}
        case "decline":
            return {"target": item.decline, "reason": reason}
        case "vote":
            return {
                "decision": item.vote, "choice": item.choice, "reason": reason, "on_behalf_of": item.on_behalf_of,
                "heard_by": item.heard_by,
            }  # fmt: skip
        case "delegate":
            return {"to": item.delegate, "decision": item.decision}
        case "complete":
            return {"task": item.complete, "result": item.result}
        case "confirm":
            task = item.confirm or ""
            return {"kind": "complete", "task": task if ":" in task else f"confirm:{task}", "result": item.result}
        case "update":
            return {"audience": item.update, "text": item.text}
        case "correct":
            return {"n": item.correct, "text": item.text}
        case "note":
            return {"text": item.note, "occurred_at": item.occurred_at}
        case "severity":
            return {"severity": item.severity, "reason": reason}
        case "status":
            return {"status": item.status, "reason": reason}
        case "impact":
            return dict(item.impact or {})
        case "role":
            return {"role": item.role, "person": item.person}
        case "event":
            return {"name": item.event, "data": item.data}
        case "override":
            return {
                "step": item.override,
                "action": item.action,
                "reason": reason,
                "to": item.to,
                "result": item.result,
            }
        case "add_step":
            return {"step": item.add_step}
        case "candidate":
            return {"accept": item.candidate == "accept", "reason": reason}
        case "merge":
            return {"into": item.merge, "into_workflow": f"incident/{item.merge}", "reason": reason}
        case "reopen":
            return {"reason": reason}
        case "hold_outward":
            return {"on": item.hold_outward, "reason": reason}
        case "vendor_reply":
            return {"step": item.vendor_reply, "reply": item.kind, "text": item.text, "occurred_at": item.occurred_at}
        case "drill":
            return {"action": item.drill, "reason": reason, "incident": item.incident, "inject": item.inject}
        case other:
            raise ValueError(f"`{other}` is no command")
