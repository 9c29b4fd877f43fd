"""What is asked in a chat, done: the same commands, doors and refusals as those of the API, worded for a chat."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import ValidationError

from mayday.domain import commands
from mayday.domain.commands import Command
from mayday.domain.incident import Pending
from mayday.domain.plain_words import spoken
from mayday.domain.timeline_words import thing
from mayday.providers.slack.modals import FormField
from mayday.records.errors import RecordsUnavailable
from mayday.records.incidents import IncidentRecord
from starter import chat_declining, chat_outward
from starter.bodies import DeclareBody, StatusBody
from starter.chat_answers import Caller, Done, OpenForm, WindowWanted, what_does_not_fit, worded
from starter.chat_forms import form_of, words_for_reading
from starter.chat_status import all_open, status_of
from starter.chat_words import HELP, Asked, NotUnderstood, understood
from starter.console.forms import typed
from starter.gateway import TemporalSilent
from starter.minting import short_id
from starter.parts import Parts
from starter.problems import Problem
from starter.routes.incidents import declare, live_board

__all__ = ["do", "send", "sent", "told"]

OPEN_LISTED = 200
SETTABLE = get_args(StatusBody.model_fields["status"].annotation)
CHANNEL_RECEIPTS = ("slack/channel", "teams/channel")
LONGEST = 16_000
_STEP = re.compile(r"step \w+: (?:\w+: )?")


async def do(parts: Parts, caller: Caller, text: str, form: OpenForm | None = None) -> Done:
    """Do what a line asks; refusals become the answer, with their reason. `form` opens a task's, where a chat can."""
    try:
        if len(text) > LONGEST:
            raise NotUnderstood(f"at most {LONGEST} characters at once")
        return await _do(parts, caller, understood(text))
    except WindowWanted as wanted:
        return await _in_a_window(wanted, form)
    except NotUnderstood as error:
        return Done(str(error))
    except Problem as problem:
        return Done(worded(problem))
    except ValidationError as error:
        return Done(what_does_not_fit(error))
    except TemporalSilent:
        return Done("mayday cannot reach Temporal at this moment; please try again")
    except RecordsUnavailable:
        return Done("mayday cannot reach its records at this moment; please try again")


async def _in_a_window(wanted: WindowWanted, form: OpenForm | None) -> Done:
    if form is None:
        return Done(str(wanted))
    try:
        await form(wanted.record, wanted.page)
    except Problem:  # no window here: then by hand
        return Done(str(wanted))
    return Done(f"{short_id(wanted.record.id)}: {wanted.opened}")


async def _do(parts: Parts, caller: Caller, asked: Asked) -> Done:
    if asked.verb == "help":
        return Done(HELP)
    if asked.verb == "status" and asked.incident is None:
        record = await _of_channel(parts, caller)
        return Done(await status_of(parts, record) if record else await all_open(parts))
    if asked.verb != "status" and not caller.principal.at_least("responder"):
        raise Problem(403, "forbidden", "you may only look (viewer)")
    if asked.verb == "declare":
        return await _declared(parts, caller, asked.given)
    record = await _meant(parts, caller, asked.incident)
    if asked.verb == "status":
        return Done(await status_of(parts, record))
    command = await _command(parts, caller, record, asked)
    return command if isinstance(command, Done) else await sent(parts, record, command)


async def sent(parts: Parts, record: IncidentRecord, command: Command) -> Done:
    """A command on its way, and what came of it. Raises `Problem` with the reason."""
    try:
        body = await send(parts, record, command)
    except Problem as problem:
        if isinstance(command, commands.AddStep):  # a chat adds one step, whose fields nobody typed
            problem.detail = _STEP.sub("", problem.detail)
        raise
    if body.get("state") != "pending" and isinstance(command, commands.HoldOutward):
        return chat_outward.told_of_holding(record, command)
    task = (body.get("detail") or {}).get("task")
    given = isinstance(command, commands.Correct) and body.get("state") != "pending"
    if given or (isinstance(command, commands.Update) and task):
        return Done(f"{short_id(record.id)}: {await chat_outward.waits_for(parts, record, command, str(task or ''))}")
    return Done(told(record, command, body))


async def send(parts: Parts, record: IncidentRecord, command: Command) -> dict[str, Any]:
    """The workflow's own answer. Raises `Problem` with its reason."""
    return (await parts.decisions.send(record, command)).body


# which incident -------------------------------------------------------------------------------------------------


async def _meant(parts: Parts, caller: Caller, named: str | None) -> IncidentRecord:
    """The one that is named, the one of the channel, or the only one that is open."""
    if named is not None:
        return await parts.directory.find(named)
    record = await _of_channel(parts, caller)
    if record is not None:
        return record
    listed = (await parts.records.incidents.find(open_only=True, drill=False, limit=2)).items
    if len(listed) == 1:
        return listed[0]
    if not listed:
        raise NotUnderstood("no incident is open; one that has ended is named by its id: INC-7KQ2MZ status")
    raise NotUnderstood(
        "several incidents are open, and this channel is of none; its id comes first: INC-7KQ2MZ ack ..."
    )


async def _of_channel(parts: Parts, caller: Caller) -> IncidentRecord | None:
    if not caller.channels:
        return None
    listed = (await parts.records.incidents.find(open_only=True, limit=OPEN_LISTED)).items
    for record in listed:
        if record.board is not None and record.board.channel in caller.channels:
            return record
    for record in listed:  # a private channel tells only its id
        for receipts in CHANNEL_RECEIPTS:
            opened = await parts.records.desk.effects.under(record.id, receipts)
            if any(each.get("id") in caller.channels for each in opened.values()):
                return record
    return None


# declaring and showing -------------------------------------------------------------------------------------------


async def _declared(parts: Parts, caller: Caller, given: Mapping[str, Any]) -> Done:
    try:
        answer = await declare(DeclareBody(**given), caller.principal, parts)
    except Problem as problem:
        if problem.code == "unknown_service":
            problem.detail = problem.detail.removeprefix("service: ")
            problem.hint = f"If it is something else: declare unlisted {given['service']} SEV1 TITLE"
        raise
    item = json.loads(bytes(answer.body))
    words = "declared" if answer.status_code == 201 else "is open already"
    drill = " (drill)" if item["drill"] else ""
    where = "\n".join([f"{item['severity']} {item['title']}{drill}", item["url"], *item.get("warnings", [])])
    return Done(f"{short_id(item['id'])} {words}: {where}", public=answer.status_code == 201)


# commands --------------------------------------------------------------------------------------------------------


async def _command(parts: Parts, caller: Caller, record: IncidentRecord, asked: Asked) -> Command | Done:
    given, common = asked.given, caller.common()
    match asked.verb:
        case "hold" | "release":
            return chat_outward.holding(caller, record, asked.verb, given["reason"])
        case "correct":
            return await chat_outward.correction(parts, caller, record, given)
        case "ack" | "join":
            page = given["page"] or await _own_page(parts, caller, record, asked.verb)
            return commands.Ack(**common, page=page, joined=True if asked.verb == "join" else None)
        case "accept":
            return commands.Accept(**common, target=given["target"].removeprefix("role:"))
        case "decline":
            return await chat_declining.declining(parts, caller, record, given["words"])
        case "vote":
            decision, choice, reason = await _ballot(parts, record, given["words"])
            return commands.Vote(**common, decision=decision, choice=choice, reason=reason)
        case "update":
            return commands.Update(**common, **given)
        case "note":
            return commands.Note(**common, **given)
        case "done":
            result = await _filled_in(parts, record, given["task"], given["fields"])
            return commands.Complete(**common, task=given["task"], result=result)
        case "confirm" | "reject":
            return commands.Candidate(**common, accept=asked.verb == "confirm", reason=given["reason"])
        case "severity":
            return commands.SetSeverity(**common, severity=given["severity"].upper(), reason=given["reason"])
        case "set":
            if given["status"].lower() not in SETTABLE:
                raise NotUnderstood(f"“{given['status'][:40]}” is no status; there are {', '.join(SETTABLE)}")
            body = StatusBody(status=given["status"].lower(), reason=given["reason"])
            return commands.SetStatus(**common, status=body.status, reason=body.reason)
        case _:
            return commands.AddStep(**common, step=_step(asked.verb, given))


async def _filled_in(parts: Parts, record: IncidentRecord, task: str, said: Mapping[str, str]) -> dict[str, Any]:
    """A task's form as it was typed. Raises FormWanted where something has to be filled in and nothing was."""
    board = await live_board(parts, record) or record.board
    waiting = next((item for item in (board.pending if board else []) if item.id == task), None)
    if waiting is None:  # the incident says itself what it thinks of that
        return dict(said)
    fields = {field.name: field for field in form_of(waiting)}
    blind = waiting.kind == "review" and "release" not in said  # nothing leaves that was not shown
    if blind or (not said and any(field.required for field in fields.values())):
        raise await _form_wanted(parts, record, waiting)
    unknown = [name for name in said if name not in fields]
    if unknown:
        raise NotUnderstood(
            f"{thing(task, quoted=True)} asks for {', '.join(fields) or 'nothing'}; not for {', '.join(unknown)[:100]}"
        )
    return {name: typed(name, fields[name].kind, _lines(value, fields[name])) for name, value in said.items()}


async def _form_wanted(parts: Parts, record: IncidentRecord, waiting: Pending) -> WindowWanted:
    """A task has a form, and nothing was filled in: what it asks for, and where."""
    link = f"{parts.settings.base_url}/incidents/{record.id}"
    words = await words_for_reading(parts, record, waiting)
    if waiting.kind == "review":
        line = f"done {waiting.id} release=yes lets it leave, release=no does not"
    else:
        asked = " ".join(f"{field.name}=..." for field in form_of(waiting) if field.required)
        line = f"It has a form: done {waiting.id} {asked}"
    opened = f"{thing(waiting.id, quoted=True)} is open in front of you"
    return WindowWanted(record, waiting.id, f"{words}\n{line}, or in mayday: {link}", opened)


def _lines(value: str, field: FormField) -> str:
    """What is a list is typed with commas, and read by lines; yes and no are what they are."""
    if field.kind == "boolean":
        return {"yes": "true", "no": "false"}.get(value.lower(), value.lower())
    return value.replace(",", "\n") if field.kind == "list" else value


def _step(verb: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """An ad-hoc step in the language's own shape, as the command line makes it."""
    if verb == "page":
        return {
            "page": given["target"], "message": given["message"] or "You are needed on {{ incident.title }}"
        }  # fmt: skip
    if verb == "task":
        to = given["to"] if "." in given["to"] else f"person.{given['to']}"
        return {
            "task": {
                "to": to, "text": given["text"], "due": given["due"],
                "on_overdue": {"notify": "role.incident_commander"},
            }
        }  # fmt: skip
    if verb == "engage":
        vendor = given["vendor"] if given["vendor"].startswith("vendor.") else f"vendor.{given['vendor']}"
        summary = given["summary"] or "{{ incident.title }}"
        return {"engage": vendor, "with": {"priority": "P1", "summary": summary}}
    return {
        "decide": given["question"], "voters": {"from": [given["voters"]], "approvals": 1}, "timeout": "15m",
        "on_timeout": {"then": "lapsed"}, "outcomes": {"approved": [], "rejected": []},
    }  # fmt: skip


async def _own_page(parts: Parts, caller: Caller, record: IncidentRecord, verb: str) -> str:
    """The one page that waits for this person; to say that they are on the bridge also the one that they took."""
    board = await live_board(parts, record) or record.board  # what was stored last names it while the run is silent
    pages = [item for item in (board.pending if board else []) if item.kind == "page"]
    own = [item.id for item in pages if caller.principal.actor in item.for_]
    if verb == "join" and not own:
        own = [what.removeprefix("ack:") for what, actors in ((board.may if board else None) or {}).items()
               if what.startswith("ack:") and actors == [caller.principal.actor]]  # fmt: skip
    return _only(own or [item.id for item in pages], "page", verb)


async def _ballot(parts: Parts, record: IncidentRecord, words: list[str]) -> tuple[str, str, str]:
    """Decision, choice and reason; the decision may be left out where one is open."""
    board = await live_board(parts, record) or record.board
    decisions = {item.id: item for item in (board.pending if board else []) if item.kind == "decision"}
    if words[0] in decisions or (len(words) > 1 and not _is_choice(words[0], list(decisions.values()))):
        if len(words) < 2:
            raise NotUnderstood(f"vote {words[0]} CHOICE: say which")
        return words[0], _choice(words[1]), " ".join(words[2:])
    return _only(list(decisions), "decision", "vote"), _choice(words[0]), " ".join(words[1:])


def _is_choice(word: str, decisions: list[Pending]) -> bool:
    own = {str(option) for item in decisions for option in item.detail.get("options") or []}
    return _choice(word) in {"approve", "reject", "abstain", *own}


def _choice(word: str) -> str:
    return {"yes": "approve", "no": "reject", "approved": "approve", "rejected": "reject"}.get(word.lower(), word)


def _only(found: list[str], what: str, verb: str) -> str:
    if len(found) == 1:
        return found[0]
    if not found:
        raise NotUnderstood(f"no {what} is open here")
    raise NotUnderstood(f"several are open: {', '.join(found[:10])}; {verb} {what.upper()} names one")


def told(record: IncidentRecord, command: Command, body: Mapping[str, Any]) -> str:
    """What became of a command, in words."""
    return f"{short_id(record.id)}: {_told(command, body)}"


def _told(command: Command, body: Mapping[str, Any]) -> str:
    if body.get("state") == "pending":
        return "taken; it is carried out as soon as the incident answers"
    detail = body.get("detail") or {}
    match command:
        case commands.Vote():
            outcome = detail.get("outcome")
            now = f", which is {spoken(str(outcome))} now" if outcome else ""
            return f"your vote counts, {spoken(command.choice)} on {thing(command.decision, quoted=True)}{now}"
        case commands.Ack():
            joined = "you are on the bridge for" if command.joined else "you have"
            return f"{joined} {thing(command.page, quoted=True)}"
        case commands.Accept():
            task = "task" in detail
            return f"{thing(command.target, quoted=True)} is yours" if task else f"you are {spoken(command.target)} now"
        case commands.Decline():
            return chat_declining.told(command, role="role" in detail)
        case commands.Complete() if command.task.startswith("review:") and "release" in command.result:
            return "released; it leaves" if command.result["release"] else "it does not leave"
        case commands.Complete():
            return f"{thing(command.task, quoted=True)} is done"
        case commands.AddStep():
            return _added(command.step, str(detail.get("step") or ""))
        case commands.Candidate():
            return "it is an incident; people are called" if command.accept else "it is rejected, and nobody is called"
    return {
        "update": "the update is on its way", "note": "noted",
        "severity": "the severity is changed", "status": "the status is set",
    }.get(command.kind, "done")  # fmt: skip


def _added(step: Mapping[str, Any], name: str) -> str:
    if "task" in step:
        return f"the task is given; done {name} finishes it"
    if "decide" in step:
        return f"the question is asked; vote {name} CHOICE answers it"
    return "the case is being opened" if "engage" in step else "they are being called"
