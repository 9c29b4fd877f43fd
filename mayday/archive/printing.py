"""The report as a page: HTML that stands alone, and PDF by a browser that is installed here."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from html import escape
from pathlib import Path

__all__ = ["NotPrinted", "as_html", "as_pdf"]

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
PRINTED_WITHIN_S = 120
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#27272a}"
    "h1{font-size:1.7rem}h2{margin-top:2rem;border-bottom:1px solid #e4e4e7}"
    "table{border-collapse:collapse;margin:.6rem 0;"
    "font-size:.92em}td,th{border:1px solid #e4e4e7;padding:.25rem .5rem;text-align:left;vertical-align:top}"
    "th{background:#f4f4f5}blockquote{margin:.4rem 0;padding:.1rem 1rem;border-left:3px solid #c7d7ee}"
    "thead:not(:has(th:not(:empty))){display:none}"  # a table of facts has no heads, which Markdown cannot say
    "code{background:#f4f4f5;padding:0 .2rem}svg{max-width:100%;height:auto}"
    "@media print{body{margin:0;max-width:none;font-size:10.5pt}h2,h3,tr,svg{break-inside:avoid}}"
)


class NotPrinted(RuntimeError):
    """There is no browser that prints, or it did not."""

    def __init__(self, words: str, hint: str = "") -> None:
        super().__init__(words)
        self.hint = hint


def as_html(markdown: str, title: str, lanes: str = "") -> str:
    """The report as HTML. Whatever people wrote stays text: raw HTML in it is escaped. `lanes` is an SVG of ours."""
    from markdown_it import MarkdownIt

    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    picture = f"<h2>The course as lanes</h2>{lanes}" if lanes else ""
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><style>{_STYLE}</style></head>'
        f"<body>{body}{picture}</body></html>\n"
    )


def as_pdf(html: str) -> bytes:
    """The page printed by a browser. `NotPrinted` when none is installed, or it does not print."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise NotPrinted("no browser is installed that prints PDF", hint="install chromium, or print the HTML yourself")
    with tempfile.TemporaryDirectory(prefix="mayday-report-") as folder:
        page, paper = Path(folder) / "report.html", Path(folder) / "report.pdf"
        page.write_text(html, encoding="utf-8")
        sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # it refuses root otherwise
        command = [browser, "--headless", "--disable-gpu", *sandbox, f"--user-data-dir={folder}/profile"]
        command += ["--no-pdf-header-footer", f"--print-to-pdf={paper}", page.as_uri()]
        try:
            done = subprocess.run(command, capture_output=True, timeout=PRINTED_WITHIN_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotPrinted(f"{browser} did not print: {error}") from None
        if not paper.exists():
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it does not say why"]
            raise NotPrinted(f"{browser} did not print: {last[0][:200]}")
        return paper.read_bytes()
