"""The report as a page: HTML that stands alone, and PDF by a browser that is installed here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
import unicodedata
from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.token import Token

__all__ = ["NotPrinted", "as_html", "as_pdf", "boxed_letters"]

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
PRINTED_WITHIN_S = 120
_PAGE = Path(__file__).with_name("report.css")
_LETTERS = Path(__file__).with_name("letters.html")
_NARROW = 14
"""Letters of a cell that is never broken into lines; times and lengths never are."""
_WIDE = 28
"""Letters of a word that may be broken anywhere: an address, a hash, a name that somebody made up."""
_TIME = re.compile(r"[\d\s:,.\-a-zA-Z]{1,24}")


class NotPrinted(RuntimeError):
    """There is no browser that prints, or it did not."""

    def __init__(self, words: str, hint: str = "") -> None:
        super().__init__(words)
        self.hint = hint


def as_html(markdown: str, title: str, lanes: str = "", *, mark: str = "") -> str:
    """The report as HTML. Whatever people wrote stays text: raw HTML in it is escaped. `lanes` is an SVG of ours.

    On paper `title` stands above each page but the first, `mark` beneath each one beside its number.
    """
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(markdown)
    _cells(tokens)
    body = reader.renderer.render(tokens, reader.options, {})
    picture = f'<section class="lanes"><h2>The course as lanes</h2>{lanes}</section>' if lanes else ""
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    margins = (
        f"@page{{@top-left{{content:{_quoted(title)}}}@bottom-left{{content:{_quoted(mark)}}}}}"
        "@page:first{@top-left{content:none}}"
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<style>{_PAGE.read_text(encoding='utf-8')}{margins}</style></head>"
        f"<body>{body}{picture}</body></html>\n"
    )


def as_pdf(html: str) -> bytes:
    """The page printed by a browser. `NotPrinted` when none is installed, or it does not print.

    Letters that no font of this machine draws would become boxes: then the first page says which, and what to install.
    """
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise NotPrinted("no browser is installed that prints PDF", hint="install chromium, or print the HTML yourself")
    with tempfile.TemporaryDirectory(prefix="mayday-report-") as name:
        folder = Path(name)
        lacking = _boxed(browser, folder, html)
        if lacking:
            html = html.replace("<body>", f'<body><p class="lacking">{escape(_lack(lacking))}</p>', 1)
        page, paper = folder / "report.html", folder / "report.pdf"
        page.write_text(html, encoding="utf-8")
        done = _run(browser, folder, "--no-pdf-header-footer", f"--print-to-pdf={paper}", page.as_uri())
        if not paper.exists():
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it does not say why"]
            raise NotPrinted(f"{browser} did not print: {last[0][:200]}")
        return paper.read_bytes()


def boxed_letters(text: str) -> list[str]:
    """Letters of the text that no font of this machine draws, as its browser sees it; `NotPrinted` without one."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise NotPrinted("no browser is installed that prints PDF", hint="install chromium")
    with tempfile.TemporaryDirectory(prefix="mayday-letters-") as name:
        return _boxed(browser, Path(name), text)


def _boxed(browser: str, folder: Path, text: str) -> list[str]:
    """Each letter beyond Latin-1 is drawn once and held against what the browser draws for letters that nobody has."""
    rare = sorted({letter for letter in text if letter > "ÿ" and unicodedata.category(letter)[0] in "LNS"})
    if not rare:
        return []
    page = folder / "letters.html"
    asked = json.dumps([ord(letter) for letter in rare])
    page.write_text(_LETTERS.read_text(encoding="utf-8").replace("[/*asked*/]", asked), encoding="utf-8")
    done = _run(browser, folder, "--dump-dom", page.as_uri())
    found = re.search(r"<body>(\[[\d,]*\])", done.stdout.decode(errors="replace"))
    return [chr(number) for number in json.loads(found[1])] if found else []  # a browser that does not say prints


def _run(browser: str, folder: Path, *what: str) -> subprocess.CompletedProcess[bytes]:
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # it refuses root otherwise
    command = [browser, "--headless", "--disable-gpu", *sandbox, f"--user-data-dir={folder}/profile", *what]
    try:
        return subprocess.run(command, capture_output=True, timeout=PRINTED_WITHIN_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotPrinted(f"{browser} did not print: {error}") from None


def _lack(letters: Iterable[str]) -> str:
    """Which scripts are missing, by the first word of their letters' names."""
    scripts: dict[str, list[str]] = {}
    for letter in letters:
        script = unicodedata.name(letter, "unnamed").split()[0].capitalize()
        scripts.setdefault("CJK" if script == "Cjk" else script, []).append(f"U+{ord(letter):04X}")
    which = [f"{script} ({', '.join(codes[:4])}{', …' if codes[4:] else ''})" for script, codes in scripts.items()]
    return (
        "Some letters stand as boxes on this paper, because no font of the machine that printed it has them: "
        f"{'; '.join(which)}. With one installed (on Debian fonts-noto-core and fonts-noto-cjk) it prints whole; "
        "Markdown and HTML have them."
    )


def _cells(tokens: Sequence[Token]) -> None:
    """Short cells stay on one line; a word that no line could hold may be broken."""
    for opened, inside in pairwise(tokens):
        if inside.type != "inline":
            continue
        said = inside.content.replace("*", "")
        if any(len(word) > _WIDE for word in said.split()):
            opened.attrJoin("class", "long")
        elif opened.type in ("td_open", "th_open") and (len(said) <= _NARROW or _is_time(said)):
            opened.attrJoin("class", "short")


def _is_time(said: str) -> bool:
    return said[:1].isdigit() and _TIME.fullmatch(said) is not None


def _quoted(text: str) -> str:
    """A string of CSS. Everything but plain letters and digits is written as its number."""
    short = text if len(text) <= 90 else f"{text[:89]}…"
    return '"' + "".join(letter if letter.isalnum() else f"\\{ord(letter):x} " for letter in short) + '"'
