"""What the votes of a timeline add up to, counted once more from the entries alone (LANGUAGE.md "Gate")."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mayday.domain.timeline import Entry
from mayday.language.plan import Plan

YES, NO = "approve", "reject"


@dataclass
class Poll:
    """One gate as the entries tell it."""

    name: str
    seats: list[str]
    approvals: int
    required: list[str]
    excluded: dict[str, str]
    then: str
    step: str
    ratifies: str | None
    votes: dict[str, str] = field(default_factory=dict)
    #: spoken votes that no witness has confirmed yet
    unheard: dict[str, str] = field(default_factory=dict)
    glass: set[str] = field(default_factory=set)
    outcome: str | None = None


class Count:
    """Reads a timeline and counts every gate's votes."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.polls: dict[str, Poll] = {}
        self.delegations: dict[tuple[str, str | None], str] = {}

    def read(self, entries: Sequence[Entry]) -> Iterator[str]:
        for entry in entries:
            yield from getattr(self, f"_{entry.kind}", self._nothing)(entry)

    def _nothing(self, entry: Entry) -> Iterator[str]:
        return iter(())

    def _gate_opened(self, entry: Entry) -> Iterator[str]:
        data = entry.data
        self.polls[data["decision"]] = Poll(
            data["decision"],
            list(data["voters"]),
            data["approvals"],
            list(data.get("required", [])),
            dict(data.get("excluded", {})),
            data["then"],
            str(entry.step),
            data.get("ratifies"),
        )
        for person in data["voters"]:
            if person in data.get("excluded", {}):
                yield f"{person} is asked by {data['decision']}, and excluded"

    def _gate_reopened(self, entry: Entry) -> Iterator[str]:
        poll = self.polls[entry.data["decision"]]
        poll.votes, poll.unheard, poll.outcome, poll.glass = {}, {}, None, set()
        yield from ()

    def _gate_reseated(self, entry: Entry) -> Iterator[str]:
        poll = self.polls[entry.data["decision"]]
        poll.seats = list(entry.data["voters"])
        yield from (
            f"{person} sits at {poll.name}, and is excluded" for person in poll.seats if person in poll.excluded
        )

    def _gate_escalated(self, entry: Entry) -> Iterator[str]:
        poll = self.polls[entry.data["decision"]]
        poll.seats += [person for person in entry.data["people"] if person not in poll.seats]
        yield from (
            f"{person} joins {poll.name}, and is excluded" for person in entry.data["people"] if person in poll.excluded
        )

    def _delegated(self, entry: Entry) -> Iterator[str]:
        self.delegations[entry.actor, entry.data.get("decision")] = entry.data["to"]
        yield from ()

    def _voted(self, entry: Entry) -> Iterator[str]:
        data = entry.data
        poll = self.polls[data["decision"]]
        voter = data.get("on_behalf_of") or entry.actor
        if poll.outcome is not None:
            yield f"{voter} voted on {poll.name} after {poll.outcome}"
        if voter in poll.excluded:
            yield f"{voter} voted on {poll.name}, and is excluded: {poll.excluded[voter]}"
        if voter not in poll.seats and voter not in [self._delegate(person, poll) for person in poll.seats]:
            yield f"{voter} voted on {poll.name}, and is neither asked nor a delegate"
        poll.votes.pop(voter, None)
        (poll.unheard if data.get("on_behalf_of") else poll.votes)[voter] = data["choice"]
        if not data.get("on_behalf_of"):
            poll.unheard.pop(voter, None)

    def _vote_witnessed(self, entry: Entry) -> Iterator[str]:
        poll = self.polls[entry.data["decision"]]
        choice = poll.unheard.pop(entry.data["voter"], None)
        if choice is None:
            yield f"a vote of {entry.data['voter']} was witnessed that nobody spoke"
        else:
            poll.votes[entry.data["voter"]] = choice

    def _vote_withdrawn(self, entry: Entry) -> Iterator[str]:
        poll = self.polls[entry.data["decision"]]
        poll.unheard.pop(entry.data["voter"], None)
        poll.votes.pop(entry.data["voter"], None)
        yield from ()

    def _glass_touched(self, entry: Entry) -> Iterator[str]:
        self.polls[entry.data["decision"]].glass.add(entry.actor)
        yield from ()

    def _gate_decided(self, entry: Entry) -> Iterator[str]:
        poll = self.polls.get(entry.data["decision"])
        if poll is None:
            if entry.data["outcome"] != "withdrawn":
                yield f"{entry.data['decision']} came out as {entry.data['outcome']}, and was never opened"
            return
        outcome, poll.outcome = entry.data["outcome"], entry.data["outcome"]
        late = entry.data.get("reason") == "no decision in time"
        if outcome == "unapproved_emergency":
            if len(poll.glass) < 2:
                yield f"{poll.name}: the glass was broken by {len(poll.glass)}"
        elif outcome == "approved" and not (late and poll.then == "approved"):
            yes = self._seats_for(poll, YES)
            if len(yes) < poll.approvals:
                yield f"{poll.name} is approved by {yes}, and needs {poll.approvals}"
            if missing := [person for person in poll.required if person not in yes]:
                yield f"{poll.name} is approved without {missing}"
        elif outcome == "rejected" and not (late and poll.then == "rejected"):
            yes, filled = self._seats_for(poll, YES), self._filled(poll)
            reachable = len(yes) + len(poll.seats) - len(filled) >= poll.approvals
            reachable &= set(poll.required) <= set(poll.seats)  # whom it takes and who may not vote (docs/adr/0150)
            if reachable and NO not in filled.values() and not set(poll.required) & set(filled):
                yield f"{poll.name} is rejected, and nobody said no"
        elif outcome not in ("approved", "rejected", "lapsed", "withdrawn") and not late:
            mine = self._seats_for(poll, outcome)
            if len(mine) < poll.approvals and entry.data.get("reason") != "no option can be reached":
                yield f"{poll.name} came out as {outcome} with {mine} of {poll.approvals}"

    # counting -------------------------------------------------------------------------------------------------

    def _delegate(self, person: str, poll: Poll) -> str | None:
        for key in ((person, poll.name), (person, None)):
            if key in self.delegations:
                return self.delegations[key]
        known = self.plan.people.get(person)
        return known.delegate if known else None

    def _filled(self, poll: Poll) -> dict[str, str]:
        """Seats with an answer: one's own, else the delegate's; nobody fills two."""
        filled = {person: poll.votes[person] for person in poll.seats if person in poll.votes}
        used = set(filled)
        for person in poll.seats:
            delegate = self._delegate(person, poll)
            if person not in filled and delegate in poll.votes and delegate not in used and delegate:
                filled[person] = poll.votes[delegate]
                used.add(delegate)
        return filled

    def _seats_for(self, poll: Poll, choice: str) -> list[str]:
        return [person for person, said in self._filled(poll).items() if said == choice]


def broken_rules(plan: Plan, entries: Sequence[Entry]) -> Iterator[str]:
    """Where an outcome does not follow from the votes."""
    yield from Count(plan).read(entries)
