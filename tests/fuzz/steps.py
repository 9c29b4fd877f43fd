"""Random steps of the language, each of which the checker has to accept: all verbs, nested as deep as a bad night."""

from __future__ import annotations

from tests.fuzz.chance import Chance
from tests.fuzz.words import (
    BLOCKS,
    CAB,
    DIRECTORS,
    EVENTS,
    FACTS,
    FIELDS,
    GROUPS,
    HOUSE,
    LEAVES,
    LONG,
    REFS,
    SHORT,
    SOON,
    TEMPLATES,
    VENDORS,
    WORDS,
    Body,
)


class Steps:
    """Writes steps of one runbook; ids are unique, and what is referred to exists and comes before."""

    def __init__(self, chance: Chance, *, policies: list[str], cadences: list[str], calls: list[str]) -> None:
        self.chance = chance
        self.policies, self.cadences, self.calls = policies, cadences, calls
        self.written: list[tuple[str, str, list[str]]] = []
        self._number = 0
        self._items: list[str] = []
        self._event = False

    def block(self, depth: int, most: int = 3, *, least: int = 0, event: bool = False) -> list[Body]:
        """A list of steps, at most `depth` levels of blocks below it, and a few of outcomes below these."""
        if depth < -3:
            return [{**self._id(), "log": "deep down"} for _ in range(least)]
        before, self._event = self._event, self._event or event
        steps: list[Body] = []
        for place in range(self.chance.number(least, most)):
            steps += self._step(depth, last=place == most - 1)
        self._event = before
        return steps

    # one step -------------------------------------------------------------------------------------------------

    def _step(self, depth: int, *, last: bool) -> list[Body]:
        chance = self.chance
        verb = chance.pick(LEAVES if depth <= 0 or not chance.one_in(4) else BLOCKS)
        if self.calls and chance.one_in(25):
            verb = "call"
        step = self._id()
        if chance.one_in(5) and verb != "end":
            step["when"] = self.condition()
        made: Body | None = getattr(self, f"_{verb}")(depth, last)
        if made is None:
            made, verb = {"log": self.words()}, "log"
        step |= made
        self._common(step, verb, depth)
        form: Body = step.get("ask") or step.get("task") or {}
        self.written.append((step["id"], verb, list(form.get("fields", {}))))
        return [step]

    def _id(self) -> Body:
        self._number += 1
        return {"id": f"s{self._number}"}

    def _common(self, step: Body, verb: str, depth: int) -> None:
        chance = self.chance
        if verb in ("page", "engage") or (verb not in ("end", "set", "log") and chance.one_in(6)):
            if verb not in ("page", "engage") or chance.mostly():
                step["background"] = True
        if verb in ("do", "ask", "task", "steps", "parallel", "for_each", "repeat", "page", "engage", "call", "send"):
            if "timeout" not in step and chance.one_in(5):
                step["timeout"] = chance.pick(LONG)
                if chance.mostly():
                    step["on_timeout"] = self.block(depth - 1, 1)
        if verb in ("do", "send", "log", "set", "choose", "steps", "for_each", "ask") and chance.one_in(5):
            step["on_error"] = chance.pick(["continue", "manual", "fail", None])
            if step["on_error"] is None:
                step["on_error"] = self.block(depth - 1, 2, least=1)
        if chance.one_in(10):
            step["manual"] = {"to": chance.pick(REFS), "due": chance.pick(SHORT)}
        if chance.one_in(12):
            step["name"] = f"Step {self._number}"

    # texts ----------------------------------------------------------------------------------------------------

    def condition(self) -> str:
        chance = self.chance
        if self.written and chance.one_in(3):
            name, verb, _ = chance.pick(self.written)
            if verb == "decide" and chance.one_in(2):
                return f'decisions.{name}.outcome | default("none") == "approved"'
            if verb in ("ask", "task") and chance.one_in(2):
                return f"steps.{name}.result.ok | default(false)"
            return f'steps.{name}.status in ["done", "acknowledged", "skipped", "failed"]'
        text = chance.pick(FACTS)
        return f"({text}) and ({chance.pick(FACTS)})" if chance.one_in(8) else text

    def words(self) -> str:
        chance = self.chance
        text = chance.pick(WORDS)
        if self._items and chance.one_in(2):
            text += f" {{{{ {self._items[-1]} }}}}"
        if self._event and chance.one_in(2):
            text += " {{ event.name }}"
        if self.written and chance.one_in(4):
            name, verb, fields = chance.pick(self.written)
            field = chance.pick(fields) if fields else {"repeat": "rounds", "send": "n", "engage": "case"}.get(verb)
            if field:
                text += f" {{{{ steps.{name}.result.{field} | default('-') }}}}"
            elif verb == "decide":
                text += f" {{{{ decisions.{name}.reason | default('-') }}}}"
        return text

    # leaves ---------------------------------------------------------------------------------------------------

    def _log(self, depth: int, last: bool) -> Body:
        return {"log": self.words()}

    def _wait(self, depth: int, last: bool) -> Body:
        chance = self.chance
        kind = chance.pick(["for", "until", "event"])
        if kind == "for":
            days = {"for": "1 business days"} if chance.one_in(30) else {"for": chance.pick(SHORT + LONG)}
            return {"wait": days}
        wait: Body = {"until": chance.pick(SOON)} if kind == "until" else {"event": chance.pick(EVENTS)}
        if kind == "event" and chance.one_in(4):
            wait["when"] = chance.pick(["inputs.flag", 'event.name != "x"', "event.name == event.name"])
        return {"wait": wait, "timeout": chance.pick(SHORT + LONG), "on_timeout": self.block(depth - 1, 1)}

    def _do(self, depth: int, last: bool) -> Body:
        chance = self.chance
        action, given = chance.pick(
            [
                ("itsm.add_note", {"text": self.words()}),
                ("bridge.open", {"name": self.words()}),
                ("itsm.open_major_incident", {"summary": self.words()}),
                ("chat.open_channel", {"name": "inc-{{ incident.service }}"}),
                (
                    "http.request",
                    {"url": "https://runner.example/{{ inputs.region }}", "body": {"words": self.words()}},
                ),
                ("chat.post", {"text": self.words()}),
                ("knowledge.similar", {"service": "{{ incident.service }}"}),
                ("chat.invite", {"people": "{{ incident.responders }}"}),
                ("incident.set_status", {"status": chance.pick(["identified", "mitigated"]), "reason": self.words()}),
                ("incident.set_severity", {"severity": chance.pick(["SEV2", "SEV1", "SEV3"]), "reason": "as it is"}),
                ("incident.set_impact", {"customers_affected": chance.number(0, 5000)}),
                ("bridge.close", {}),
            ]
        )
        made: Body = {"do": action, "with": given}
        if chance.one_in(4) and not action.startswith("incident."):
            made["retry"] = {"attempts": chance.number(1, 4), "backoff": chance.pick(["5s", "20s", "1m"])}
        return made

    def _ask(self, depth: int, last: bool) -> Body:
        return {"ask": {"question": f"How is it? {self.words()}", **self._form(), **self._late()}}

    def _task(self, depth: int, last: bool) -> Body:
        chance = self.chance
        made = {"text": f"Do it. {self.words()}", **self._form()}
        if chance.mostly():
            made |= self._late()
        if chance.one_in(4):
            made["items"] = ["first", self.words()]
        return {"task": made}

    def _form(self) -> Body:
        fields = self.chance.some(list(FIELDS), 0, 3)
        return {
            "to": self.chance.pick(REFS),
            "fields": {name: FIELDS[name] for name in {**dict.fromkeys(fields), "ok": 1}},
        }

    def _late(self) -> Body:
        return {"due": self.chance.pick(SHORT), "on_overdue": {"notify": self.chance.pick(REFS)}}

    def _send(self, depth: int, last: bool) -> Body:
        chance = self.chance
        review = {
            "by": chance.pick(REFS),
            "within": chance.pick(SHORT),
            "on_timeout": chance.pick(["send_holding_line", "skip", "send"]),
        }
        if chance.one_in(4):
            return {"send": {"template": "customer_update", "to": "audience.customers", "review": review}}
        message: Body = {"to": chance.pick(HOUSE)}
        if chance.one_in(3):
            message["text"] = self.words()
        else:
            message["template"] = chance.pick(TEMPLATES)
        if chance.one_in(3):
            message["via"] = chance.some(["email", "chat"], 1, 2)
        if chance.one_in(3):
            message["review"] = review
        return {"send": message}

    def _page(self, depth: int, last: bool) -> Body:
        chance = self.chance
        made: Body = {"page": chance.pick([*self.policies, *REFS])}
        if chance.one_in(3):
            made["assigns"] = chance.pick(["tech_lead", "operations_lead", "scribe"])
        if chance.one_in(3):
            made["join_within"] = chance.pick(SHORT)
        if chance.one_in(2):
            made["message"] = chance.pick(WORDS[:6])
        if chance.one_in(5):
            made["via"] = chance.some(["push", "voice", "sms"], 1, 2)
        return made

    def _engage(self, depth: int, last: bool) -> Body:
        chance = self.chance
        made: Body = {"engage": f"vendor.{chance.pick(VENDORS)}"}
        if chance.one_in(2):
            made["with"] = {"priority": chance.pick(["P1", "P2", "P3"]), "summary": self.words()}
        return made

    def _set(self, depth: int, last: bool) -> Body:
        value = self.chance.pick(["tense", "{{ incident.severity }}", "calm"])
        return {"set": {"mood": value, **({"tries": "{{ inputs.count }}"} if self.chance.one_in(3) else {})}}

    def _set_cadence(self, depth: int, last: bool) -> Body | None:
        if not self.cadences:
            return None
        return {"set_cadence": self.chance.pick(self.cadences), "every": self.chance.pick(["30m", "15m", "60m", "7m"])}

    def _end(self, depth: int, last: bool) -> Body:
        made: Body = {"end": self.chance.pick(["phase", "phase", "runbook"])}
        return made if last and self.chance.one_in(3) else {**made, "when": self.condition()}

    # gates ----------------------------------------------------------------------------------------------------

    def _decide(self, depth: int, last: bool) -> Body:
        chance = self.chance
        kind = chance.pick(["plain", "plain", "change.execute", "dr.invoke", "options"])
        own = f"s{self._number}"
        made: Body = {"decide": f"Shall we? {self.words()}", "timeout": chance.pick(SHORT + LONG)}
        voters = self._voters(kind)
        made["voters"] = voters
        outcomes: dict[str, list[Body]]
        if kind == "options":
            made["options"] = ["left", "right", "back"][: chance.number(2, 3)]
            outcomes = {name: self.block(depth - 1, 1) for name in made["options"]}
        else:
            outcomes = {"approved": self.block(depth - 1, 2), "rejected": self.block(depth - 1, 1)}
        if chance.one_in(4):
            outcomes["lapsed"] = self.block(depth - 1, 1)
        if kind in ("change.execute", "dr.invoke"):
            made["subject"] = self._subject(own, kind, outcomes["approved"])
        made["outcomes"] = outcomes
        if chance.one_in(3):
            made["remind_every"] = chance.pick(["5m", "2m"])
        if chance.one_in(2):
            made["on_timeout"] = self._lapse(kind, made.get("options", []))
        if chance.one_in(4):
            made["verbal"] = "allowed"
        if chance.one_in(4) and kind != "options":
            made["break_glass"] = {
                "by": chance.pick(["person.dana", "role.incident_commander", ["person.chris", "role.deputy"]]),
                "second": chance.pick(["person.max", "role.deputy", ["group.duty_directors", "person.chris"]]),
                "ratify_within": chance.pick(["1h", "2 days", "20m"]),
            }
        return made

    def _voters(self, kind: str) -> Body:
        chance = self.chance
        if kind == "change.execute":
            names = chance.pick([["group.emergency_cab"], ["group.emergency_cab", "person.dana"], list(CAB[:2])])
        elif kind == "dr.invoke":
            names = list(DIRECTORS)
        else:
            many = [
                "group.emergency_cab",
                "person.dana",
                "schedule.payments_primary",
                "role.deputy",
                "person.chris",
                "group.executives",
                "person.raj",
                "role.incident_commander",
            ]
            names = chance.some(many, 1, 4)
        many_voters = len({person for name in names for person in GROUPS.get(name, [name])})
        voters: Body = {"from": names, "approvals": chance.number(1, min(3, many_voters))}
        if chance.one_in(2):
            voters["delegates"] = True
        if chance.one_in(3):
            voters["veto"] = True
        group = next((name for name in names if name.startswith("group.")), None)
        required = [name for name in names if name in DIRECTORS or name.startswith("role.")]
        if chance.one_in(4) and (required or group):
            voters |= {"required": [chance.pick([*required, *([group] if group else [])])], "delegates": True}
        if chance.one_in(6):
            voters |= {"allow_self_approval": "one person at night", "exclude": []}
        elif chance.one_in(6):
            voters["exclude"] = ["requester", "implementer", chance.pick(["person.sam", "role.scribe"])]
        if chance.one_in(3):
            voters["answer_within"] = chance.pick(SHORT)
        return voters

    def _subject(self, gate: str, action: str, approved: list[Body]) -> Body:
        """What is approved; the action itself and the question after it are put into the approved branch."""
        chance = self.chance
        change = chance.pick(["CHG-1", "CHG-{{ inputs.count }}", "CHG-{{ incident.alerts }}"])
        name = f"{gate}_act"
        given: Body = {"change": change} if action == "change.execute" else {"service": "{{ incident.service }}"}
        if chance.one_in(2):
            given["approval"] = f"{{{{ decisions.{gate}.ref }}}}"
        act: Body = {"id": name, "do": action, "with": given}
        if chance.one_in(3):
            act["timeout"] = chance.pick(SHORT)
        check = {"id": f"{name}_check", "ask": {"question": "Did it help?", **self._form(), **self._late()}}
        if chance.one_in(4):
            act["on_error"] = "continue"
        approved[:0] = [{"id": f"{name}_block", "steps": [act, check]}] if chance.one_in(4) else [act, check]
        subject: Body = {"action": action, "plan": self.words(), "backout": "undo it"}
        if action == "change.execute":
            subject["change"] = change
        if chance.one_in(2):
            subject["implementer"] = chance.pick(["role.tech_lead", "person.raj", "person.sam"])
        return subject

    def _lapse(self, kind: str, options: list[str]) -> Body:
        chance = self.chance
        late: Body = {"then": chance.pick(["lapsed", "rejected", *options] if not options else ["lapsed", *options])}
        if chance.one_in(2):
            late["escalate"] = (
                "person.dana"
                if kind != "plain"
                else chance.pick(["person.dana", "role.deputy", "group.duty_directors"])
            )
            if chance.mostly():
                late["extend"] = chance.pick(SHORT)
        if kind == "plain" and chance.one_in(5):
            late |= {"then": "approved", "allow_default_approve": "restarts are harmless"}
        return late

    # blocks ---------------------------------------------------------------------------------------------------

    def _steps(self, depth: int, last: bool) -> Body:
        return {"steps": self.block(depth - 1, 3, least=1)}

    def _choose(self, depth: int, last: bool) -> Body:
        branches = [
            {"when": self.condition(), "steps": self.block(depth - 1, 2)} for _ in range(self.chance.number(1, 2))
        ]
        return {"choose": branches, **({"else": self.block(depth - 1, 2)} if self.chance.mostly() else {})}

    def _parallel(self, depth: int, last: bool) -> Body:
        branches = {f"b{number}": self.block(depth - 1, 2, least=1) for number in range(self.chance.number(2, 3))}
        return {"parallel": branches, "join": self.chance.pick(["all", "any", 2, 1])}

    def _for_each(self, depth: int, last: bool) -> Body:
        chance = self.chance
        name = f"item{self._number}"
        loop: Body = {
            "in": chance.pick([["one", "two"], "incident.services", "inputs.hosts", "{{ inputs.hosts }}", []]),
            "as": name,
        }
        if chance.one_in(2):
            loop |= {"max": chance.number(1, 3), "concurrency": chance.number(1, 3)}
        self._items.append(name)
        steps = self.block(depth - 1, 2, least=1)
        self._items.pop()
        return {"for_each": loop, "steps": steps}

    def _repeat(self, depth: int, last: bool) -> Body:
        chance = self.chance
        loop: Body = {"max": chance.number(1, 5)}
        if chance.mostly():
            loop["every"] = chance.pick(SHORT)
            if chance.one_in(3):
                loop |= {"max": 400, "every": chance.pick(["5m", "10m", "20m"])}
        steps = self.block(depth - 1, 2, least=1)
        if chance.mostly() or loop["max"] == 400:
            loop["until"] = chance.pick(SOON)
        return {"repeat": loop, "steps": steps}

    def _call(self, depth: int, last: bool) -> Body:
        given = {"region": "{{ inputs.region }}"} if self.chance.one_in(2) else {"region": "asia"}
        return {"call": self.chance.pick(self.calls), "with": given}
