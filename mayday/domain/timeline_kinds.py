"""The closed list of timeline kinds: what each means, what its `data` holds, and how it reads.

A text is a format over `data`, `actor` and `step`, whose values `mayday.domain.timeline_words` says in words; what stands
in square brackets is said where there is such a value, and a missing value elsewhere reads as a dash. docs/timeline.md is
generated from this table and tests hold the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mayday.domain.review_kinds import REVIEW_KINDS


class Kind(NamedTuple):
    text: str
    data: str
    meaning: str


#: kind, how it reads, what its data holds (`?`: not always), what it means
_TABLE = (
    ('opened', "{actor} opened {title} as {severity} on {service}, runbook {runbook}", 'title, severity, service, runbook, plan, declare, drill?, inputs?, summary?, customers_affected?', "the incident's run began with this pinned plan"),
    ("declared", "declared as {severity} by {actor}", "severity, auto?", "a candidate became an incident, or a rule declared it"),
    ("candidate_proposed", "proposed as {severity} on {service}, expires {expires_at}", "severity, service, expires_at", "a rule proposes an incident and a person decides"),
    ("candidate_accepted", "{actor} accepted the candidate[: {reason}]", "reason?", "the candidate is an incident now"),
    ("candidate_rejected", "{actor} rejected the candidate: {reason}", "reason", "it was no incident"),
    ("declaration_confirmed", "{actor} confirmed the declaration", "-", "words to the outside may leave"),
    ("declaration_denied", "{actor} did not confirm the declaration", "-", "words to the outside stay held"),
    ("confirmation_lapsed", "nobody confirmed the declaration in time", "due_at", "only pre-approved words leave"),
    ("alert_fired", "alert {title}", "title, alert, labels, started_at?, occurred_at, count?, inbox?", "an alert was attached"),
    ("alert_resolved", "alert resolved: {title}", "as alert_fired", "an alert cleared; the incident stays open"),
    ("alerts_summed", "{fired} more alerts and {resolved} resolved, {total} in all, {firing} firing", "fired, resolved, total, firing", "alerts beyond the first ones, once a minute"),
    ("role_offered", "{role} offered to {to} until {due_at}", "role, to, due_at, rung?, handover?, shift_ends_at?, brief?", "somebody is asked to take a role"),
    ("role_taken", "{person} is {role} ({how})", "role, person, before?, how", "a role is held"),
    ("role_declined", "{person} cannot take {role}: {reason}", "role, person, reason, handover?, channel", "somebody who was offered a role said no; the next is asked at once"),
    ("role_lapsed", "{to} did not take {role} in time", "role, to, handover?", "an offer ran out"),
    ("role_unfilled", "nobody took {role}[; {stands_in} stands in]", "role, stands_in?", "the commander holds it"),
    ("role_long", "{person} has been {role} for {hours} hours", "role, person, hours", "time for a handover"),
    ("phase_entered", "phase {phase} entered", "phase, name?", "a phase began"),
    ("phase_left", "phase {phase} left: {reason}", "phase, reason", "a phase ended"),
    ("phase_skipped", "phase {phase} skipped: {reason}", "phase, reason", "a phase was not needed"),
    ("step_skipped", "{step} skipped: {reason}", "reason", "its `when` said no"),
    ("step_failed", "{step} failed: {reason}", "verb, action?, code, reason, ambiguous?", "a step failed for good"),
    ('step_timed_out', "{step} timed out after {after_s}", 'after_s', "a step's own timeout was over"),
    ("step_cancelled", "{step} cancelled: {reason}", "reason", "a step was cancelled"),
    ("step_added", "{actor} added {step} ({verb})", "verb, step_body, channel", "an ad-hoc step"),
    ('handler_started', "{event}: the steps for that begin", 'event, run', "an event's steps begin"),
    ('handler_exhausted', "{event}: the steps for that have run {runs} times and run no more", 'event, runs', "its steps cause its own event, or a flood of them"),
    ("runbook_called", "the runbook {runbook} is followed as well", "runbook, inputs", "a `call` began"),
    ("variables_set", "set {values}", "values", "a `set` step"),
    ("items_cut", "{items} items, only {max} taken", "items, max", "a for_each met more than its maximum"),
    ("logged", "{words}", "words", "a `log` step"),
    ("action_started", "began {action}[, attempt {attempt}]", "action, inputs, attempt", "an action was dispatched"),
    ('action_finished', "{action}: done[, {outputs}]", "action, outputs, unreached?, after_phase?", "an action's result"),
    ("action_failed", "{action} failed: {reason}", "action, reason, attempt?, again_at?, after_phase?", "one attempt failed"),
    ("paged", "paged {people} for {page}", "page, purpose, people, targets, channels, unreached?, level?, round?, times?", "people were woken"),
    ("notified", "told {people} about {page}", "as paged", "people were told without being woken"),
    ("page_failed", "the call for {page} reached nobody: {reason}", "page, reason, code?, level?, round?, times?", "no channel carried a page"),
    ("page_escalated", "the call for {page} climbs to {to} (level {level}, round {round})", "page, level, round, to", "nobody acknowledged in time"),
    ("page_declined", "{actor} cannot take the call for {page}: {reason}", "page, reason, channel, level, round", "somebody who was called said no; where everybody of the level did, it climbs at once"),
    ("page_exhausted", "nobody answered the call for {page} in {rounds}", "page, rounds, paged", "a ladder has no more levels"),
    ("acknowledged", "{actor} acknowledged {page} after {after_s}", "page, joined?, channel, after_s", "a page was answered"),
    ("seen", "{actor} saw the notice of {page}", "page, channel", "a person confirmed a notice, an offer or a call to vote"),
    ("joined", "{actor} joined", "page", "who acknowledged has arrived"),
    ("not_joined", "{person} acknowledged {page} and has not arrived", "page, person, times", "paged again by join_within"),
    ("task_opened", "task {task} for {to}: {text}", "task, task_kind, to, text, due_at?", "work for a person"),
    ("task_accepted", "{actor} accepted {task}", "task, channel", "somebody took a task"),
    ("task_completed", "{actor} completed {task}[: {result}]", "task, task_kind, result, after_s, late?, channel", "a task was done"),
    ("task_overdue", "{task} is overdue", "task, to, due_at, times", "a task was late"),
    ("task_withdrawn", "task {task} closed: {reason}", "task, reason", "nobody has to do it any more"),
    ("gate_opened", "asks {voters}: {question}", "decision, question, voters, approvals, required?, stands_in?, excluded?, due_at, digest, then, requester?, ratifies?", "a decision gate opened"),
    ("gate_reminded", "reminded {waiting} of {decision}", "decision, waiting", "voters without an answer"),
    ('gate_delegated', 'the delegates {to} are asked about {decision}', 'decision, to', "silent voters' delegates"),
    ("gate_escalated", "{decision} escalated to {to}: {reason}", "decision, to, people, reason, due_at", "one more voter"),
    ("gate_reseated", "voters of {decision} are now {voters}", "decision, voters, was", "a handover changed who votes"),
    ("gate_reopened", "{decision} is asked again", "decision, digest, due_at", "an approval did not hold"),
    ("gate_decided", "{decision}: {outcome}[ ({reason})]", "decision, outcome, reason?, ref, votes, digest?, after_s, ratifies?", "the outcome exists"),
    ("approval_void", "what {decision} approved has changed", "decision, was, now", "the digest differs from what was approved"),
    ("voted", "{actor} voted {choice} on {decision}[: {reason}]", "decision, choice, reason?, digest?, on_behalf_of?, heard_by?, channel, after_s", "a vote"),
    ("vote_witnessed", "{actor} heard {voter} say {choice}", "decision, voter, choice", "a spoken vote counts now"),
    ("vote_confirmed", "{voter} confirmed the spoken vote", "decision, voter", "the voter stands by it"),
    ("vote_withdrawn", "the spoken vote of {voter} does not count: {reason}", "decision, voter, reason", "a spoken vote fell"),
    ("glass_touched", "{actor} breaks the glass of {decision}: {reason}", "decision, reason, channel", "one of two people"),
    ("delegated", "{actor} delegates to {to}[: {decision}]", "to, decision?, channel", "somebody else answers"),
    ("finding", "finding: {finding}[ for {decision}][ ({reason})]", "finding, decision?, voter?, reason?", "something the review has to look at"),
    ("cadence_started", "{cadence} every {every_s}, next {next_at}", "cadence, audience, every_s, next_at, reason?", "a cadence began"),
    ("cadence_skipped", "{cadence} does not start: {reason}", "cadence, reason", "its `until` holds already"),
    ("cadence_changed", "{cadence} now every {every_s}, next {next_at}", "cadence, every_s, before_s, next_at, reason?", "a new interval"),
    ("cadence_paused", "{actor} paused {cadence}: {reason}", "cadence, reason", "by override"),
    ("cadence_resumed", "{actor} resumed {cadence}: {reason}", "cadence, reason", "by override"),
    ("cadence_stopped", "{cadence} stopped: {reason}", "cadence, reason", "its `until` holds, or the incident ended"),
    ("ticks_merged", "{missed} late ticks became one message", "cadence, missed", "after an outage"),
    ("tick_skipped", "{cadence}: {reason}", "cadence, reason, next_at", "a manual update counted as the tick"),
    ("review_nagged", "{to} was reminded to read {cadence}", "cadence, to", "half the time is gone"),
    ("review_climbed", "nobody has read {cadence}: {to} is paged", "cadence, to", "three quarters are gone"),
    ("update_missed", "nobody read the update to {audience} in time: {then}", "cadence?, audience, then", "a missed review"),
    ("holding_twice", "two holding lines in a row to {audience}", "cadence, audience", "the commander is told"),
    ("message_sent", "{purpose} to {audience}: {text}", "n, audience, purpose, subject, text, via, unreached?", "a message left"),
    ("message_held", "held for {audience}: {reason}", "n, audience, purpose, reason, text", "it may not leave yet"),
    ("message_released", "released to {audience}: {reason}", "n, audience, reason", "a held message leaves"),
    ("message_dropped", "not sent to {audience}: {reason}", "audience, reason, n?", "a message that will not leave"),
    ("send_failed", "message to {audience} did not leave: {reason}", "n, audience, purpose, reason", "every channel failed"),
    ("send_refused", "message to {audience} not written: {reason}", "audience, reason", "a template with an unset value"),
    ("correction_written", "{actor} corrects message {n}: {text}", "n, audience, text", "waits for a second reader"),
    ("outward_held", "{actor} holds every outward message: {reason}", "reason", "nothing leaves the house"),
    ("outward_released", "{actor} lets outward messages leave: {reason}", "reason", "the hold is over"),
    ("final_kept", "the last word to {audience} waits for a second person in the review", "audience, template", "a final nobody released"),
    ("vendor_engaged", "{vendor} engaged as {priority}: {summary}", "vendor, priority, summary, contract, level", "a case is being opened"),
    ("vendor_contacted", "{vendor}: {level} contacted[, case {case}]", "vendor, case?, level, via, unreached?", "a contact is logged"),
    ("vendor_contact_failed", "{vendor} could not be reached: {reason}", "vendor, level?, reason", "a person has to call"),
    ("vendor_warning", "{vendor}: three quarters of the time to {clock} are over", "vendor, clock, due_at, started_at, limit_s, contract, priority, case?", "75 % of a contract clock"),
    ("vendor_breached", "{vendor} broke its promise to {clock} in time, contract {contract}", "as vendor_warning", "a contract clock ran out"),
    ('vendor_escalated', '{vendor}: {level} is called', 'vendor, level', "the vendor's ladder climbs"),
    ("vendor_replied", "{vendor} {reply}[: {words}]", "vendor, reply, words?, occurred_at?, channel", "what the vendor said"),
    ("vendor_clock_paused", "clocks of {vendor} paused: {reason}", "vendor, reason", "they wait for us"),
    ("vendor_clock_resumed", "clocks of {vendor} run again after {paused_s}", "vendor, paused_s", "the pause is over"),
    ("vendor_update_missed", "{vendor} owed an update", "vendor, every_s", "a promised update did not come"),
    ("vendor_taken_up", "the case at {vendor} goes on[, case {case}][, due {due_at}]", "vendor, case?, due_at?, rested_s", "the incident is open again and the vendor was not done"),
    ("vendor_closed", "case at {vendor} closed: {reason}", "vendor, reason, breached", "the clocks stopped"),
    ("sla_warning", "three quarters of the time to resolve are over", "clock, due_at, limit_s, severity", "75 % of our own promise"),
    ("sla_breached", "the time to resolve is over", "clock, due_at, limit_s, severity", "our own promise is broken"),
    ("status_changed", "{actor} set the status from {before} to {status}[: {reason}]", "status, before, reason", "the status changed"),
    ("severity_changed", "{actor} set the severity from {before} to {severity}[: {reason}]", "severity, before, reason", "the severity changed"),
    ("impact_set", "{actor} set the impact[: {customers_affected} customers][, since {started_at}][, until {ended_at}]", "customers_affected?, started_at?, ended_at?", "what the impact is"),
    ("fact_learned", "{name} is {value}", "name, value", "the answer to a missing fact"),
    ('noted', '{words}', 'words, occurred_at?, channel', "a person's note"),
    ("event_received", "event {name} from {actor}", "name, event, channel", "an event from outside"),
    ('overridden', "{actor} overrode {step}: {action}[ to {to}], {reason}", 'action, reason, to?, result?, channel', "an operator's override"),
    ("refused", "{command} of {actor} was refused: {reason}", "command, code, reason, channel", "a signalled command that broke a rule"),
    ("outage_ended", "the system itself was away for {seconds}[; what people have to answer ends later by that: {moved}][ and {more_moved} more]", "from_at, to_at, seconds, moved?, more_moved?", "deadlines of people were moved; `moved`: which, from when to when"),
    ("drill_paused", "the drill stands back: {reason}", "reason, incident?, told", "a real incident of the same service or people, or a person, paused it"),
    ("drill_resumed", "{actor} let the drill go on after {seconds}[: {reason}]", "reason, seconds, told", "the pause counts against nobody"),
    ("drill_injected", "the drill lets happen: {what}", "what, refused?", "an inject of the drill's scenario; `refused`: it came too early"),
    ("drill_ended", "{actor} ended the drill: {reason}", "reason, told", "everybody was told"),
    ("merged_into", "merged into {into}: {reason}", "into, reason, gates, engagements, tasks", "another incident goes on with it"),
    ('merged_in', '{title} ({source}) merged in: {reason}', 'source, title, reason, gates, engagements, tasks, alerts', "a duplicate's obligations came here"),
    ("handover_passed_on", "what {source} hands over goes on to {into}", "source, into", "what reaches a merged incident is its survivor's"),
    ("handover_given_back", "what {source} hands over goes back to it: this incident is {status}", "source, status", "what is over, or only a candidate, takes nothing over: the other incident goes on"),
    ("forward_failed", "{into} takes nothing any more: {reason}", "into, reason", "the survivor is gone"),
    ("reopened", "reopened by {actor}: {reason}", "reason, before, times", "the same incident goes on"),
    ("review_started", "the review begins[, owner {owner}]", "owner?", "the review workflow runs"),
    ('finished', "it is over: {status}[, after {seconds}]", 'status, seconds, entries', "the incident's last entry"),
)  # fmt: skip

#: kind and the value whose presence makes it read otherwise: who speaks a vote is not who writes it down
_READS_OTHERWISE = {
    ("voted", "heard_by"): "{on_behalf_of} said {choice} on {decision}, written down by {actor}, to be witnessed by {heard_by}[: {reason}]",
}  # fmt: skip

KINDS: dict[str, Kind] = {kind: Kind(text, data, meaning) for kind, text, data, meaning in _TABLE}
KINDS |= {kind: Kind(*row) for kind, row in REVIEW_KINDS.items()}


def reads(kind: str, data: Mapping[str, Any]) -> str | None:
    """How an entry of a kind with this data reads; None for one that is not in the list."""
    known = KINDS.get(kind)
    if known is None:
        return None
    other = [text for (of, value), text in _READS_OTHERWISE.items() if kind == of and data.get(value) is not None]
    return other[-1] if other else known.text
