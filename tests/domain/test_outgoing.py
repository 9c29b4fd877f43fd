"""How a message looks on each kind of channel: a preview shows what leaves."""

from __future__ import annotations

from mayday.domain.outgoing import leaves

SUBJECT, TEXT = "SEV1 Payments down", "We are on it."


def test_each_kind_of_channel_has_its_own_look_and_those_that_share_one_stand_together() -> None:
    named, plain = leaves(["email", "chat", "sms", "status_page"], SUBJECT, TEXT, purpose="update", named=False)
    assert named == (["email", "status_page"], SUBJECT, TEXT)
    assert plain == (["chat", "sms"], None, f"{SUBJECT}\n{TEXT}")


def test_a_status_page_names_the_incident_once_and_says_that_a_correction_is_one() -> None:
    [later] = leaves(["status_page"], SUBJECT, TEXT, purpose="update", named=True)
    assert later == (["status_page"], None, TEXT)
    [put_right] = leaves(["status_page"], SUBJECT, TEXT, purpose="correction", named=True)
    assert put_right == (["status_page"], None, "Correction: We are on it.")


def test_without_a_subject_there_is_no_empty_first_line() -> None:
    assert leaves(["chat", "chat"], "", TEXT, purpose="update", named=False) == [(["chat"], None, TEXT)]
