"""Every command of README and docs is run, in the order in which it is read, and says what the page shows."""

from __future__ import annotations

import re
import shlex
import subprocess
import time
from pathlib import Path

import pytest

from bench.__main__ import asked_for
from tests.docs.commands import missing
from tests.docs.conftest import Running
from tests.docs.pages import README, ROOT, Prompt, name_of, pages, prompts, spoken_commands
from tests.docs.shell import Shell, as_told

pytestmark = [pytest.mark.temporal, pytest.mark.timeout(240)]

#: tests/language/test_authoring.py runs the tutorial, with the files that it shows
_RUN_ELSEWHERE = {"docs/authoring.md"}
WITH_COMMANDS = [page for page in pages() if prompts(page) and name_of(page) not in _RUN_ELSEWHERE]
#: people take longer than a machine: what a page answers or looks at may be a moment away
PATIENCE_SECONDS = 20.0
_LOOKS = re.compile(r"\bmayday (incident (list|show|timeline)|desk (?!ack)\w|review (list|show|report|verify))")
#: not run here, only looked at: they do not end, need a container engine or a database server, take minutes, or are
#: tested elsewhere (tests/bench)
_ONLY_LOOKED_AT = re.compile(
    r"^(\w+=\S+ )*(make|docker|mayday (up|worker|starter|demo)\b|pg_dump|pg_restore|python -m bench)\b"
)


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=name_of)
def test_the_commands_of_a_page_do_what_it_says(page: Path, running: Running, clone: Path) -> None:
    environment = running.environment()
    if page != README:  # which tells how to find the commands; the other pages are read after it
        environment["PATH"] = f"{clone / '.venv' / 'bin'}:{environment['PATH']}"
    shell = Shell(clone, environment)
    try:
        for prompt in prompts(page):
            if _ONLY_LOOKED_AT.match(prompt.command):
                look_at(prompt, clone)
            else:
                do(prompt, shell, running)
    finally:
        shell.close()


def do(prompt: Prompt, shell: Shell, running: Running) -> None:
    """Run it; again for a while where it only looked, or was refused."""
    command = prompt.command.replace("http://127.0.0.1:8080", running.url)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        status, said = shell.run(command)
        if status == 0 and as_told(prompt.printed, said):
            return
        changed_something = status == 0 and not _LOOKS.search(command) and "exit status" not in said
        if changed_something or time.monotonic() > deadline:
            shown = "\n".join(prompt.printed)
            pytest.fail(f"{prompt.place}: {command}\nexit status {status}, it said\n{said}\nthe page shows\n{shown}")
        time.sleep(0.3)


def look_at(prompt: Prompt, clone: Path) -> None:
    """What is not run has to exist all the same."""
    words = [word for word in prompt.command.split() if not re.match(r"\w+=", word)]
    if words[0] == "make":
        subprocess.run(["make", "--dry-run", *words[1:]], cwd=clone, check=True, capture_output=True)
    elif words[0] == "docker" and "exec" in words:
        words = [word for word in words[words.index("exec") + 1 :] if word != "-e"]
        services = (ROOT / "docker-compose.yml").read_text()
        assert f"\n  {words[0]}:\n" in services, f"{prompt.place}: no service {words[0]}"
    if words[:3] == ["python", "-m", "bench"]:
        asked_for(shlex.split(prompt.command, comments=True)[3:])
    if "mayday" in words:
        assert missing(words[words.index("mayday") + 1 :]) is None, prompt.place


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    gone = [found for words in spoken_commands(page) if (found := missing(words)) is not None]
    assert gone == []


def test_the_readme_is_read_in_one_go() -> None:
    assert len(README.read_text().splitlines()) < 350


def test_a_page_that_shows_what_is_not_printed_is_caught() -> None:
    assert as_told(["a 12", "...", "z"], "a 7\nb\nc\nz\n")
    assert as_told(["passed  it  ..."], "passed it 5s in 3 ms\n")
    assert not as_told(["voted approve"], "voted reject\n")
    assert not as_told(["a"], "a\nb\n")
    assert missing(["incident", "nothing"]) == "mayday incident nothing"
    assert missing(["incident", "list", "--nothing"]) == "mayday incident list --nothing"
    assert missing(["incident", "list", "--json"]) is None
