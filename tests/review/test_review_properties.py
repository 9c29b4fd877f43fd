"""Whatever people do to a review and whenever: the chain holds, nothing is asked twice, something comes next."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import given as over
from hypothesis import strategies as st

from mayday.domain.effects import EffectRequest, EffectResult
from mayday.domain.review.wire import DRAFT_REPORT, MEETING_SLOT, SEND_INVITE
from tests.review.story import FORM, SPEC, Story, failure, given
from tests.review.test_obligations import FINAL, RATIFICATION, RCA, SPOKEN

PERSONS = st.sampled_from(["ana", "dee", "lee", "li", "dana", "raj", "chris", "sam", "zoe"])
COMMANDS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "accept_ownership": st.just({}),
    "reassign_owner": st.builds(dict, person=PERSONS),
    "edit_report": st.builds(
        dict, section=st.sampled_from(["summary", "lessons"]), text=st.just("x"), version=st.integers(0, 2)
    ),
    "set_state": st.builds(dict, state=st.sampled_from(["draft", "in_review", "reviewed", "closed"])),
    "closing_form": st.just(FORM),
    "add_action": st.builds(dict, title=st.just("Do it"), owner=PERSONS, priority=st.sampled_from(["high", "normal"])),
    "complete_action": st.builds(dict, action=st.sampled_from(["A1", "A2"])),
    "drop_action": st.builds(dict, action=st.sampled_from(["A1", "A2"]), reason=st.just("moot")),
    "reassign_action": st.builds(dict, action=st.just("A1"), to=PERSONS),
    "release": st.builds(dict, item=st.just(FINAL["id"]), withhold=st.booleans(), reason=st.just("r")),
    "rewrite": st.builds(dict, item=st.just(FINAL["id"]), text=st.just("t")),
    "answer_finding": st.builds(
        dict, finding=st.sampled_from([RATIFICATION["id"], SPOKEN["id"]]), yes=st.booleans(), reason=st.just("r")
    ),
    "settle_finding": st.builds(dict, finding=st.just(RATIFICATION["id"]), text=st.just("settled")),
    "receive_rca": st.just({"vendor": "gateway_co", "text": "route"}),
    "close": st.just({}),
    "note": st.just({"text": "n"}),
}
STEPS = st.lists(
    st.tuples(
        st.integers(0, 12 * 24),
        PERSONS,
        st.sampled_from(sorted(COMMANDS)).flatmap(lambda kind: st.tuples(st.just(kind), COMMANDS[kind])),
        st.booleans(),
    ),
    max_size=15,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@over(steps=STEPS, broken=st.sets(st.sampled_from([MEETING_SLOT, SEND_INVITE, DRAFT_REPORT, "paging.page_responder"])))
def test_any_review_goes_on_from_any_state(steps: list[Any], broken: set[str]) -> None:
    def fails(request: EffectRequest) -> EffectResult:
        return failure()

    start = given(finals=[FINAL], findings=[RATIFICATION, SPOKEN], vendor_rcas=[RCA], spec=SPEC)
    story = Story(start, dict.fromkeys(broken, fails))
    for hours, by, (kind, fields), signalled in steps:
        story.until(story.now + timedelta(hours=hours))
        story.do(kind, by, signalled=signalled, **fields)
    story.until(story.now + timedelta(weeks=2))

    keys = [request.key for request in story.done]
    assert len(keys) == len(set(keys))
    assert [entry.seq for entry in story.entries] == list(range(1, len(story.entries) + 1))
    if not story.case.finished:
        assert story.case.next_wake is not None, "somebody still owes something and nothing would ever remind them"
        assert story.case.next_wake > story.now
        assert story.case.ledger()
    released = [entry for entry in story.entries if entry.kind == "released"]
    assert all(entry.data["by"] != entry.data["author"] for entry in released)
