"""The report as people read it: their own words as text, and timelines that are broken, empty or of another version."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given as over
from hypothesis import strategies as st

from mayday.domain.report import draft, render
from mayday.domain.report.words import length, plain, quoted
from mayday.domain.review.owed import Finding, FollowUp
from mayday.domain.review.wire import ClosingForm, ReviewBoard, WrittenSection
from tests.review.chains import Chain
from tests.review.one_night import START, clock_of, night


def test_text_of_people_is_shown_and_never_rendered() -> None:
    text = render(draft(night().entries, incident_id="INC-1"))
    assert "<b>" not in text
    assert "DNS was &lt;b>fine&lt;/b>" in text


def test_what_people_write_and_what_they_still_have_to() -> None:
    board = ReviewBoard(
        incident_id="INC-1",
        title="Payments down",
        severity="SEV1",
        service="payments",
        state="in_review",
        owner="ana",
        opened_at=START,
        resolved_at=START,
        form=ClosingForm(category="network"),
        sections={"summary": WrittenSection(text="It broke.\n\n- first <script>", version=2, author="dee", at=START)},
        actions=[
            FollowUp(id="A1", title="Second | gateway", owner="lee", due_at=START, added_at=START, added_by="ana")
        ],
        findings=[
            Finding(
                id="r",
                kind="ratification",
                decision="emergency_change",
                text="Sam broke the glass",
                answer="refused",
                answered_by="dana",
                reason="no rollback",
            )
        ],
    )
    text = render(draft(night().entries, incident_id="INC-1", review=board, version=3, drafted_at=START))
    assert "It broke.\n\n- first &lt;script>" in text
    assert "*Version 2 by dee, 2026-03-02 02:10:00*" in text
    assert "*To be written: What is known about the cause." in text
    assert r"| A1 | Second \| gateway | lee | normal |" in text
    assert "**open**, refused by dana: no rollback" in text
    assert "Version 3, drafted" in text


def test_the_clocks_begin_where_the_form_says_that_the_impact_did() -> None:
    board = ReviewBoard(
        incident_id="INC-1", title="Payments down", severity="SEV1", service="payments", state="draft", opened_at=START,
        resolved_at=START, form=ClosingForm(impact_started_at=START - timedelta(minutes=9)),
    )  # fmt: skip
    entries = [entry for entry in night().entries if entry.kind not in ("impact_set", "closing_form")]
    report = draft(entries, incident_id="INC-1", review=board)
    assert clock_of(report, "MTTD").seconds == 480  # the first alert is of a minute before the opening
    assert clock_of(report, "MTRS").n == 1


def test_a_broken_chain_is_the_first_thing_that_the_report_says() -> None:
    entries = night().entries
    entries[8] = entries[8].model_copy(update={"data": {**entries[8].data, "reason": "edited"}})
    report = draft(entries, incident_id="INC-1")
    assert report.broken_at == 9
    assert "**The timeline was altered: entry 9 does not follow" in render(report)


def test_a_reopened_incident_counts_to_its_last_resolution() -> None:
    chain = night()
    chain.add(200, "reopened", "dee", None, reason="relapse", before="resolved", times=1)
    assert clock_of(draft(chain.entries, incident_id="INC-1"), "MTTR").seconds is None
    chain.add(260, "status_changed", "dee", None, status="resolved", before="investigating", reason="really")
    report = draft(chain.entries, incident_id="INC-1")
    assert clock_of(report, "MTTR").seconds == 260 * 60
    assert report.reopened == 1


def test_an_empty_timeline_is_a_report_too() -> None:
    text = render(draft([], incident_id="INC-9"))
    assert text.startswith("#  INC-9")
    assert "No decision gate was opened." in text


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = [
    "decision",
    "audience",
    "vendor",
    "role",
    "person",
    "votes",
    "voters",
    "after_s",
    "occurred_at",
    "due_at",
    "status",
    "limit_s",
    "reason",
    "outputs",
    "phase",
    "started_at",
    "value",
    "name",
    "text",
    "via",
    "unreached",
    "every_s",
    "paused_s",
]
REAL = sorted(
    {entry.kind for entry in night().entries}
    | {
        "fact_learned",
        "severity_changed",
        "action_finished",
        "alerts_summed",
        "vendor_clock_paused",
        "vendor_clock_resumed",
        "vendor_closed",
        "released",
        "send_failed",
        "reopened",
    }
)


@over(
    st.lists(
        st.tuples(
            st.sampled_from(REAL) | st.text(max_size=12), st.dictionaries(st.sampled_from(KEYS), JUNK, max_size=6)
        ),
        max_size=20,
    )
)
def test_kinds_and_data_of_another_version_never_break_the_draft(rows: list[tuple[str, dict[str, object]]]) -> None:
    chain = Chain(START)
    for minute, (kind, data) in enumerate(rows):
        chain.add(minute, kind, "system", None, **data)
    text = render(draft(chain.entries, incident_id="INC-1"))
    assert "Every entry follows" in text


def test_words_that_people_read_are_not_cut_up_by_escapes() -> None:
    assert plain("payments_sev1: a -> b, *not bold*, _nor this_ `x` [link](y) <b>|") == (
        r"payments_sev1: a -> b, \*not bold\*, \_nor this\_ \`x\` \[link\](y) &lt;b>\|"
    )
    assert [length(seconds) for seconds in (None, 5, 65, 3905, 100_000)] == [
        "-", "5 s", "1 min 05 s", "1 h 05 min", "1 d 3 h",
    ]  # fmt: skip


def test_the_summary_says_what_is_known_before_anybody_has_written_one() -> None:
    text = render(draft(night().entries, incident_id="INC-1"))
    summary = text.partition("## Summary")[2].partition("## Impact")[0]
    assert summary.strip().splitlines() == [
        "- SEV1 on payments, opened 2026-03-02 02:10:00, mitigated after 1 h 30 min, resolved after 1 h 40 min.",
        "- Impact for 1 h 38 min, from 2026-03-02 02:00:00 to 2026-03-02 03:38:00; 4,200 customers affected.",
        "- In command: dee; nobody was in command for 7 min 00 s.",
        "- 2 decisions: 1 approved, 1 unapproved emergency.",
        "- Promises kept: 0 of 1 to customers, 2 of 3 between teams; 1 update missed.",
        "- Vendor gateway co: first reply after 1 h 02 min, broke its contract once.",
        "",
        "*To be written: What happened, in a few sentences that an executive understands.*",
    ]


def test_what_people_write_neither_turns_lines_around_nor_ends_our_sections() -> None:
    assert plain("saw \u202egnihton\u202c \x07special") == "saw gnihton special"
    assert (
        quoted("# Mine\n## Also\n```\n# a comment\n```\n\u202eback")
        == "#### Mine\n#### Also\n```\n# a comment\n```\nback"
    )


def test_a_night_of_a_thousand_notes_lists_the_first_and_says_where_the_others_are() -> None:
    chain = night()
    for number in range(1000):
        chain.add(102, "noted", "lee", None, words=f"note {number}")
    text = render(draft(chain.entries, incident_id="INC-1"))
    assert "- and 941 more on the timeline" in text
    assert "And 631 more: `mayday incident timeline INC-1`." in text


def test_the_timeline_is_a_table_a_day() -> None:
    chain = night()
    chain.add(1440, "noted", "lee", None, words="a day later")
    text = render(draft(chain.entries, incident_id="INC-1"))
    assert "### 2026-03-02\n\n| time | what |" in text
    assert "### 2026-03-03\n\n| time | what |\n| --- | --- |\n| 02:10:00 | a day later |" in text
