"""Timeline kinds of the review, as (text, data, meaning): `timeline_kinds` takes them into the closed list.

They stand apart from `mayday.domain.review` because the timeline itself needs them.
"""

from __future__ import annotations

REVIEW_KINDS: dict[str, tuple[str, str, str]] = {
    "review_opened": (
        "the review begins[; owner {owner}][, meeting within {within}]",
        "owner?, resolved_at, within?, finals, findings, vendor_rcas",
        "the review workflow took the chain over and knows what is still owed",
    ),
    "review_owner_offered": (
        "{to} asked to own the review",
        "to, level?, round, instead_of?",
        "somebody was asked to own the review; a higher level because those before were silent",
    ),
    "review_owner_accepted": (
        "{owner} owns the review",
        "owner, by_acting",
        "the review has an owner; `by_acting`: they did the owner's work, which says it too",
    ),
    "review_owner_reassigned": (
        "{actor} gave the review[ from {previous}] to {to}[: {reason}]",
        "previous?, to, reason",
        "another person is asked to own the review",
    ),
    "review_meeting_scheduled": (
        "review meeting at {starts_at}",
        "starts_at, ends_at, deadline_at, late, tz, attendees, sequence",
        "the calendar gave a slot; `late`: there was no office hour before the deadline",
    ),
    "review_meeting_moved": (
        "{actor} moved the review meeting[ from {previous}] to {starts_at}[: {reason}]",
        "previous?, starts_at, ends_at, late, reason, sequence",
        "the meeting is at another time",
    ),
    "review_meeting_unscheduled": (
        "no time for the review meeting: {reason}",
        "reason",
        "the calendar gave no slot; the owner schedules by hand",
    ),
    "review_invited": (
        "invitation {sequence}[ ({method})] sent to {to}",
        "sequence, method, to, unreached",
        "the calendar invitation, a change of it, or its cancellation left",
    ),
    "review_invite_failed": (
        "the invitation {sequence} was not sent: {reason}",
        "sequence, to, reason",
        "nobody could be invited",
    ),
    "review_drafted": (
        "draft report, version {version}, from {entries} entries",
        "version, digest, entries",
        "the report was drafted from the stored timeline",
    ),
    "review_draft_failed": (
        "the report could not be drafted: {reason}",
        "reason",
        "it is tried again",
    ),
    "review_edited": (
        "{actor} wrote {section}, version {version}",
        "section, version, length, digest",
        "a person wrote a section; the digest is the sha256 of the text, which stands in the report's versions",
    ),
    "report_sent": (
        "version {version} of the report went to {audience}: {to}, by {via}",
        "version, audience, to, via, unreached?, again?",
        "the report was sent to its readers; `again`: other words than those that they had",
    ),
    "report_not_sent": (
        "version {version} of the report did not reach {audience}: {reason}",
        "version, audience, reason, ambiguous",
        "it is tried again, unless it may have been sent",
    ),
    "review_state": (
        "{actor} set the review from {previous} to {to}",
        "previous, to, open_actions?, open_findings?",
        "draft, in_review, reviewed, closed",
    ),
    "review_reminded": (
        "reminded {to}: the review is {state}, closing needs {needs}",
        "to, state, needs, times",
        "the review is not closed after its meeting",
    ),
    "review_notice_failed": (
        "{to} not told: {reason}",
        "to, reason",
        "a reminder or notice reached nobody",
    ),
    "review_withdrawn": (
        "the review is withdrawn: {reason}",
        "reason, state",
        "the incident was reopened and the chain goes back to it",
    ),
    "review_finished": (
        "all that was owed is done",
        "actions",
        "the last entry of the chain",
    ),
    "closing_form": (
        "{actor} filled in the closing form[; missing: {missing}]",
        (
            "category?, cause_code?, caused_by_change?, change?, detected_by?, impact_started_at?, "
            "impact_ended_at?, workaround?, missing"
        ),
        "what the incident says about itself for trends",
    ),
    "problem_opened": (
        "problem record {number}",
        "number, url?",
        "opened at the ticket desk, or named by a person",
    ),
    "problem_failed": (
        "no problem record: {reason}",
        "reason",
        "the owner opens it by hand",
    ),
    "action_added": (
        "{actor} added {action} {title} for {owner}, due {due_at}",
        "action, title, owner, priority, due_at, obligation?",
        "a follow-up action with owner and due date; `obligation`: the runbook owes it, nobody had to think of it",
    ),
    "action_done": (
        "{actor} completed {action} {title}[: {result}]",
        "action, title, owner, result, on_time, due_at",
        "a follow-up action is done",
    ),
    "action_dropped": (
        "{actor} dropped {action} {title}: {reason}",
        "action, title, owner, reason",
        "a follow-up action is not wanted any more",
    ),
    "action_reassigned": (
        "{actor} gave {action} {title}[ from {previous}] to {to}[: {reason}]",
        "action, title, previous, to, reason",
        "a follow-up action has another owner",
    ),
    "action_extended": (
        "{actor} moved {action} {title} from {previous} to {due_at}: {reason}",
        "action, title, owner, previous, due_at, times, reason",
        "a follow-up action is due later",
    ),
    "action_ticket": (
        "ticket {number} opened for {action} {title}",
        "action, title, number, url?",
        "the action is tracked where the house tracks its work",
    ),
    "action_ticket_failed": (
        "no ticket for {action} {title}: {reason}",
        "action, title, reason",
        "tried again with the next reminder; the action is chased all the same",
    ),
    "action_ticket_told": (
        "{action} {title}, ticket {ticket}: {text}",
        "action, title, ticket, text",
        "somebody changed the action's ticket",
    ),
    "action_reminded": (
        "{to} reminded of {actions}",
        "actions, to, times",
        "the weekly reminder of open actions",
    ),
    "action_overdue": (
        "{actions} overdue: {to} told",
        "actions, to, times",
        "the due date passed; told ever higher",
    ),
    "release_wanted": (
        "the final message to {audience} waits for a second person",
        "item, audience, author?, text",
        "a final that nobody released before the incident's end",
    ),
    "release_reminded": (
        "{to} reminded to release the message to {audience}",
        "item, audience, to, times",
        "it still waits",
    ),
    "release_rewritten": (
        "{actor} rewrote the final message to {audience}",
        "item, audience, text",
        "its author is now this person, so another one releases it",
    ),
    "released": (
        "{by} released the final message to {audience}",
        "item, audience, by?, author?, via",
        "a second person let the message go, and it left",
    ),
    "release_failed": (
        "the final message to {audience} did not leave: {reason}",
        "item, audience, by?, author?, reason, ambiguous",
        "it waits again; `ambiguous`: it may have been sent",
    ),
    "release_withheld": (
        "{actor} withheld the final message to {audience}: {reason}",
        "item, audience, author?, reason",
        "a second person decided that it shall not go",
    ),
    "finding_opened": (
        "open: {text}, for {people}[ until {due_at}]",
        "finding, finding_kind, decision, text, people, approvals?, due_at?",
        "something that the incident left unproven: a ratification, a confirmation, an exception",
    ),
    "finding_answered": (
        "{actor} answered for {decision}: {answer}[, {reason}]",
        "finding, finding_kind, decision, answer, yes, reason, open",
        "ratified, refused, confirmed, denied or late; `open`: it stays a finding",
    ),
    "finding_seconded": (
        "{actor} ratifies {decision}, {missing} more needed: {reason}",
        "finding, finding_kind, decision, reason, missing",
        "one yes of several that a ratification takes",
    ),
    "finding_opposed": (
        "{actor} does not ratify {decision}, which the others still can: {reason}",
        "finding, finding_kind, decision, reason, missing",
        "one no that does not refuse a ratification by itself",
    ),
    "finding_expired": (
        "nobody answered for {decision} in time",
        "finding, finding_kind, decision",
        "no answer is never a yes: it stays a finding",
    ),
    "finding_reminded": (
        "{to} reminded of the finding {finding}",
        "finding, to",
        "a finding is still open",
    ),
    "finding_settled": (
        "{actor} settled the finding on {decision}: {text}",
        "finding, finding_kind, decision, answer, text",
        "what was done about it; never an approval",
    ),
    "vendor_rca_asked": (
        "{vendor} asked for its root cause analysis[ of {case}], time {times}",
        "vendor, case?, times, due_at?",
        "weekly, for 30 days",
    ),
    "vendor_rca_unreached": (
        "{vendor} could not be asked: {reason}",
        "vendor, case?, reason",
        "the owner asks by hand",
    ),
    "vendor_rca_received": (
        "root cause analysis of {vendor}: {text}",
        "vendor, case?, text, asked, late",
        "a person says that it came",
    ),
    "vendor_rca_missing": (
        "{vendor} gave no root cause analysis[ of {case}], asked {asked} times",
        "vendor, case?, contract?, asked",
        "30 days are over: evidence for the next talk about the contract",
    ),
}
