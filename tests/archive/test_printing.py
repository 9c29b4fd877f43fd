"""The report as a page: what people wrote stays text, and a browser prints it."""

from __future__ import annotations

import os
import shutil

import pytest

from mayday.archive.printing import BROWSERS, NotPrinted, as_html, as_pdf

MARKDOWN = (
    "# SEV1 Payments down\n\n| clock | length |\n| --- | --- |\n| MTTR | 42 min |\n\n"
    "> <script>alert(1)</script> *we* [x](javascript:alert(1))\n"
)


def test_tables_are_tables_and_scripts_are_words() -> None:
    page = as_html(MARKDOWN, 'SEV1 <b>"x"</b>', "<svg></svg>")
    assert "<td>42 min</td>" in page
    assert "<script>" not in page
    assert 'href="javascript' not in page
    assert "<title>SEV1 &lt;b&gt;" in page
    assert "<svg></svg>" in page
    assert "default-src 'none'" in page


@pytest.mark.browser
def test_a_browser_prints_it() -> None:
    if not any(shutil.which(name) for name in BROWSERS):
        if os.environ.get("MAYDAY_CI"):
            pytest.fail("the build machine has no browser")
        pytest.skip("no browser on this machine")
    assert as_pdf(as_html(MARKDOWN, "SEV1")).startswith(b"%PDF-")


def test_without_a_browser_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(NotPrinted, match="no browser"):
        as_pdf("<p>")
