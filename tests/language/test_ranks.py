"""Severities and statuses are ordered words, never plain text."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from mayday.domain.ranks import RANKED, Level, Priority, Severity, Status, UnknownRank


def test_more_severe_is_greater_as_people_say_it() -> None:
    assert [severity for severity in Severity if severity >= "SEV2"] == ["SEV1", "SEV2"]
    assert Severity.SEV1 > Severity.SEV2 > Severity.SEV5
    assert max(Severity) is Severity.SEV1
    assert Priority.P1 > "P2"


def test_a_status_is_compared_by_its_place_in_the_incident() -> None:
    reached = [status.value for status in Status if status >= "mitigated"]
    assert reached == ["mitigated", "resolved", "closed"]
    assert Status.CANDIDATE < "investigating"
    assert Status.CLOSED <= Status.CLOSED


@pytest.mark.parametrize("ended", [Status.CANCELLED, Status.REJECTED, Status.MERGED])
def test_an_end_outside_the_order_is_in_no_comparison(ended: Status) -> None:
    assert ended.rank() is None
    assert not any((ended < "resolved", ended <= "resolved", ended > "resolved", ended >= "resolved"))
    assert not any((ended > Status.RESOLVED, ended >= Status.RESOLVED, ended < Status.RESOLVED, ended >= ended))
    assert ended == ended.value


def test_an_unknown_word_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownRank, match="'SEV9' is no severity; known are SEV1, SEV2, SEV3, SEV4, SEV5"):
        assert Severity.SEV1 >= "SEV9"
    with pytest.raises(UnknownRank):
        Level.named("critical")


def test_words_of_two_kinds_have_no_order() -> None:
    with pytest.raises(TypeError, match="a severity has no order with a level"):
        assert Severity.SEV1 > Level.HIGH
    with pytest.raises(TypeError):
        assert Severity.SEV1 > 3  # type: ignore[operator]


@pytest.mark.parametrize("kind", RANKED)
def test_the_words_are_texts_that_survive_copying(kind: type[Severity]) -> None:
    for word in kind:
        assert json.dumps(word) == f'"{word.value}"'
        assert pickle.loads(pickle.dumps(word)) is copy.deepcopy(word) is kind.named(word.value)
        assert {word.value: 1}[word] == 1


def test_impact_is_ordered() -> None:
    assert Level.LOW < Level.MEDIUM < Level.HIGH
