"""The report as a page: what people wrote stays text, and a browser prints it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from mayday.archive.printing import BROWSERS, NotPrinted, as_html, as_pdf, boxed_letters

MARKDOWN = (
    "# SEV1 Payments down\n\n| clock | length |\n| --- | --- |\n| MTTR | 42 min |\n\n"
    "> <script>alert(1)</script> *we* [x](javascript:alert(1))\n"
)


def _needs_a_browser() -> None:
    if not any(shutil.which(name) for name in BROWSERS):
        if os.environ.get("MAYDAY_CI"):
            pytest.fail("the build machine has no browser")
        pytest.skip("no browser on this machine")


def test_tables_are_tables_and_scripts_are_words() -> None:
    page = as_html(MARKDOWN, 'SEV1 <b>"x"</b>', "<svg></svg>")
    assert '<td class="short">42 min</td>' in page
    assert "<script>" not in page
    assert 'href="javascript' not in page
    assert "<title>SEV1 &lt;b&gt;" in page
    assert "<svg></svg>" in page
    assert "default-src 'none'" in page


@pytest.mark.browser
def test_a_browser_prints_it() -> None:
    _needs_a_browser()
    assert as_pdf(as_html(MARKDOWN, "SEV1")).startswith(b"%PDF-")


def test_without_a_browser_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(NotPrinted, match="no browser"):
        as_pdf("<p>")


def test_each_page_of_paper_says_what_it_is_and_its_number() -> None:
    page = as_html(MARKDOWN, 'Report of "SEV1"', mark="INC-1, version 3")
    assert '@top-left{content:"Report\\20 of\\20 \\22 SEV1\\22 "}' in page
    assert '@bottom-left{content:"INC\\2d 1\\2c \\20 version\\20 3"}' in page
    assert "counter(page)" in page


def test_no_title_ends_the_style_that_it_stands_in() -> None:
    page = as_html(MARKDOWN, '"}</style><script>alert(1)</script>')
    assert page.count("</style>") == 1
    assert "<script>" not in page


def test_times_and_lengths_stay_on_one_line_and_long_words_may_be_broken() -> None:
    page = as_html(f"| a |\n| --- |\n| 2026-03-02 02:10:00 |\n| {'x' * 40} |\n| two words of one cell |\n", "SEV1")
    assert '<td class="short">2026-03-02 02:10:00</td>' in page
    assert f'<td class="long">{"x" * 40}</td>' in page
    assert "<td>two words of one cell</td>" in page


@pytest.mark.browser
def test_letters_that_no_font_has_are_named_on_the_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    _needs_a_browser()
    nobody = "\U0002fe0e"  # unassigned: no font of any machine has it
    assert boxed_letters(f"Dee → é Ж {nobody}") == []  # neither letters that are drawn, nor what is no letter
    monkeypatch.setattr("mayday.archive.printing.unicodedata.category", lambda letter: "Lo")
    assert boxed_letters(f"Dee → é Ж {nobody}") == [nobody]


def test_a_paper_with_boxes_says_so_on_its_first_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    printed: list[str] = []

    def run(browser: str, folder: Path, *what: str) -> subprocess.CompletedProcess[bytes]:
        if "--dump-dom" in what:
            return subprocess.CompletedProcess([], 0, b"<html><body>[23665,30000]\n</body></html>", b"")
        printed.append((folder / "report.html").read_text())
        (folder / "report.pdf").write_bytes(b"%PDF-")
        return subprocess.CompletedProcess([], 0, b"", b"")

    monkeypatch.setattr("mayday.archive.printing._run", run)
    monkeypatch.setattr(shutil, "which", lambda name: "browser")
    as_pdf(as_html("# 山 at night\n", "SEV1"))
    assert "Some letters stand as boxes" in printed[0]
    assert "CJK (U+5C71, U+7530)" in printed[0]
    as_pdf(as_html("# Ana at night\n", "SEV1"))
    assert "boxes" not in printed[1]
