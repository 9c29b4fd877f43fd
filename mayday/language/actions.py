"""The built-in action catalog: what `do` can call, with typed inputs and outputs and an effect class.

A catalog file may add actions of the house (`actions:`, carried out as an HTTP request). Effect classes decide what a
failure means: an `irreversible` action is never retried by itself (LANGUAGE.md "Failing").
"""

from __future__ import annotations

from mayday.language.catalog import ActionSpec

#: actions that the walker carries out itself: no activity, no provider
INTERNAL = ("incident.set_status", "incident.set_severity", "incident.set_impact")


def _spec(effect: str, description: str, inputs: str, outputs: str = "", **more: str) -> ActionSpec:
    return ActionSpec.model_validate(
        {"effect": effect, "description": description, "inputs": _fields(inputs), "outputs": _fields(outputs), **more}
    )


def _fields(text: str) -> dict[str, dict[str, object]]:
    """`name:type` pairs; a trailing `?` means optional."""
    fields: dict[str, dict[str, object]] = {}
    for word in text.split():
        name, _, kind = word.partition(":")
        fields[name] = {"type": kind.rstrip("?") or "string", "required": not kind.endswith("?")}
    return fields


BUILT_IN: dict[str, ActionSpec] = {
    "incident.set_status": _spec(
        "reversible", "set the incident's status", "status:string reason:string", "status:string"
    ),
    "incident.set_severity": _spec(
        "reversible", "set the severity", "severity:string reason:string", "severity:string"
    ),
    "incident.set_impact": _spec("reversible", "set how many customers are affected", "customers_affected:integer"),
    "bridge.open": _spec(
        "reversible", "open a bridge", "name:string kind:string?", "url:string phone:string? id:string?"
    ),
    "bridge.close": _spec("reversible", "close the incident's bridges", "", "closed:integer?", on_error="continue"),
    "chat.open_channel": _spec(
        "reversible",
        "open the incident's channel; a private one shows itself only to whom it invites",
        "name:string topic:string? private:boolean?",
        "channel:string url:string?",
    ),
    "chat.post": _spec(
        "notify", "post a line to the incident's channel", "text:string", "ref:string?", on_error="continue"
    ),
    "chat.pin": _spec("notify", "pin a text in the channel", "text:string", "ref:string?", on_error="continue"),
    "chat.invite": _spec("notify", "invite people to the channel", "people:list", "invited:list?", on_error="continue"),
    "chat.archive": _spec("reversible", "archive the channel", "", "", on_error="continue"),
    "itsm.open_major_incident": _spec(
        "reversible",
        "open the ticket of the major incident",
        "summary:string description:string? assignment_group:string?",
        "number:string url:string? id:string?",
    ),
    "itsm.add_note": _spec("notify", "write a work note", "text:string", "", on_error="continue"),
    "itsm.open_problem": _spec(
        "reversible", "open a problem record", "summary:string description:string?", "number:string url:string?"
    ),
    "itsm.open_change": _spec(
        "reversible",
        "open an emergency change",
        "summary:string plan:string? backout:string? change:string?",
        "number:string url:string?",
    ),
    "itsm.close": _spec(
        "reversible",
        "resolve the ticket, and propose it to the owners of its children",
        "reason:string?",
        "children:list?",
        on_error="continue",
    ),
    "itsm.link_child": _spec(
        "reversible", "let another ticket point to the major one", "ticket:string", "", on_error="continue"
    ),
    "change.execute": _spec(
        "irreversible",
        "carry out an approved change",
        "change:string approval:string?",
        "outcome:string? ref:string?",
        timeout="45m",
    ),
    "dr.invoke": _spec(
        "irreversible",
        "invoke disaster recovery",
        "service:string region:string? approval:string?",
        "outcome:string? ref:string?",
        timeout="2h",
    ),
    "http.request": _spec(
        "reversible",
        "call an HTTP endpoint of the house",
        "url:string method:string? headers:object? body:object?",
        "status:integer body:object?",
    ),
    "changes.recent": _spec(
        "read",
        "changes of the last hours and freezes on a service",
        "service:string hours:integer?",
        "changes:list freezes:list?",
        on_error="continue",
    ),
    "knowledge.similar": _spec(
        "read", "similar incidents and known errors", "service:string text:string?", "items:list", on_error="continue"
    ),
}
