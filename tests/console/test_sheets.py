"""Texts of others on their way into a page: links and moments come alive, markup never does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starter.console.sheets import length, linked, lively, since, until

NOW = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "address"),
    [
        ("join https://meet.example/standing.", "https://meet.example/standing"),
        ("see (http://x.example/a?b=1&c=2)", "http://x.example/a?b=1&amp;c=2"),
        ("https://x.example/'onmouseover='x", "https://x.example/"),
        ('https://x.example/"><b>', "https://x.example/"),
    ],
)
def test_web_addresses_become_links_and_end_where_they_end(words: str, address: str) -> None:
    assert f'<a href="{address}" rel="noreferrer">' in linked(words)


def test_no_other_scheme_becomes_a_link() -> None:
    assert "<a" not in linked("javascript:alert(1) data:text/html,x ftp://x.example")


def test_moments_of_a_sentence_become_times() -> None:
    assert '<time datetime="2026-03-02T02:10:00.000Z" data-at>02:10:00Z</time>' in lively(
        "offered until 2026-03-02T02:10:00.000Z"
    )


@given(st.text(alphabet=st.characters() | st.sampled_from("<>&\"'/:;h")))
def test_whatever_is_written_adds_no_markup_of_its_own(words: str) -> None:
    shown = str(lively(words))
    for tag in ("<a ", "</a>", "<time ", "</time>"):
        shown = shown.replace(tag, "")
    assert "<" not in shown


def test_deadlines_count_down_and_then_say_by_how_much_they_are_over() -> None:
    assert ">in 03:12<" in until(NOW + timedelta(minutes=3, seconds=12), NOW)
    assert ">over by 1:00:05<" in until(NOW, NOW + timedelta(hours=1, seconds=5))
    assert "no deadline" in until(None, NOW)
    assert ">00:47:12<" in since(NOW - timedelta(minutes=47, seconds=12), NOW)
    assert length(2 * 86_400 + 3600) == "2 d 01:00"
