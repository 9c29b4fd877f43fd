"""The pages that people read, and what stands in them: prompts with what they print, links, names of commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
PROMPT = "$ "
_CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Prompt(NamedTuple):
    """A command of a page, and what the page says that it prints (nothing: it does not say)."""

    page: str
    line: int
    command: str
    printed: list[str]

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """README, changelog and everything below docs."""
    return [README, ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def prompts(page: Path) -> list[Prompt]:
    """Every command in the page's console blocks, in order. A line without a prompt is what the command prints."""
    text = page.read_text(encoding="utf-8")
    found: list[Prompt] = []
    for block in _CONSOLE.finditer(text):
        first = text.count("\n", 0, block.start(1)) + 1
        for number, line in enumerate(block[1].splitlines(), first):
            if line.startswith(PROMPT):
                found.append(Prompt(name_of(page), number, line.removeprefix(PROMPT), []))
            else:
                assert found, f"{name_of(page)}:{number}: a console block begins with a prompt"
                found[-1].printed.append(line)
    return found


def links(page: Path) -> Iterator[tuple[str, str]]:
    """Targets of relative links, as (path, fragment); those to the web are left out."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"`[^`\n]*`", "", text)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:", target):
            path, _, fragment = target.partition("#")
            yield path, fragment


def headings(page: Path) -> set[str]:
    """The fragments under which the page's headings can be linked, as GitHub makes them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    found = set()
    for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", re.sub(r"\]\([^)]*\)", "", title)).strip().lower()
        found.add(plain.replace(" ", "-"))
    return found


def spoken_commands(page: Path) -> Iterator[list[str]]:
    """The words of every `mayday ...` in running text and tables."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for code in re.findall(r"`([^`\n]+)`", text):
        if code.startswith("mayday "):
            yield code.split()[1:]
