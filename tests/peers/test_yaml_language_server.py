"""Writing a runbook in an editor: what yaml-language-server offers, explains and marks with our schemas."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mayday.language.runbook import VERBS
from mayday.settings import packaged_runbooks
from tests.peers.language_server import LanguageServer
from tests.programs import from_npm, program

VERSION = "1.25.0"
SCHEMAS = packaged_runbooks() / "schema"
HEAD = (
    f"# yaml-language-server: $schema={SCHEMAS}/runbook.json\n"
    "apiVersion: runbook/v1\nkind: Runbook\nmetadata: { name: x, version: 1.0.0, owner: us }\n"
)
STEP = f"{HEAD}phases:\n  - id: respond\n    steps:\n      - id: go\n        "

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    """An editor with npm's yaml-language-server; a file's first line says which schema it has, as our docs say it."""
    node, folder = program("node", package="nodejs"), tmp_path_factory.mktemp("editor")
    modules = from_npm(folder, f"yaml-language-server@{VERSION}")
    server = modules / "yaml-language-server" / "bin" / "yaml-language-server"
    with LanguageServer([node, str(server), "--stdio"], folder) as running:
        yield running


def test_keys_are_offered_each_with_what_it_means(editor: LanguageServer) -> None:
    top = editor.completion(f"{HEAD}|")
    assert top["phases"] == "the named stages, in their order"
    assert {"applies_to", "escalations", "cadences", "handlers", "review", "finally"} <= top.keys()
    assert "metadata" not in top, "it stands there already"
    step = editor.completion(f"{STEP}|")
    assert {*VERBS, "when", "background", "on_error"} <= step.keys()
    assert step["decide"] == "a decision gate: question, voters, outcomes; no answer is never a yes"
    assert all(step.values()), "every key is explained"


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        (f"{HEAD}applies_to:\n  severity:\n    - |", {"SEV1", "SEV2", "SEV3", "SEV4", "SEV5"}),
        (f"{STEP}decide: Go?\n        voters:\n          |", {"from", "approvals", "required", "veto", "delegates"}),
        (f"{STEP}decide: Go?\n        on_timeout:\n          then: |", {"lapsed"}),
        (f"{STEP}page: oncall\n        via:\n          - |", {"push", "voice", "sms", "email"}),
        (f"{HEAD}cadences:\n  customers:\n    |", {"start", "every", "until", "send", "review", "final"}),
        (f"{HEAD}cadences:\n  customers:\n    review:\n      on_timeout: |", {"send_holding_line", "send", "skip"}),
    ],
    ids=["severities", "voters", "lapse", "channels", "cadence", "no review"],
)
def test_values_are_offered(editor: LanguageServer, text: str, offered: set[str]) -> None:
    assert offered <= editor.completion(text).keys()


@pytest.mark.parametrize(
    ("text", "explained"),
    [
        (f"{STEP}decide|: Go?", "no answer is never a yes"),
        (f"{STEP}timeout|: 5m", "the most time it may take"),
        (f"{STEP}join_within|: 5m", "who acknowledged and is not there by then is paged again"),
        (f"{HEAD}escalations|: {{}}", "whom a page climbs, level by level"),
    ],
)
def test_a_key_is_explained_under_the_pointer(editor: LanguageServer, text: str, explained: str) -> None:
    assert explained in editor.hover(text)


def test_what_is_misspelt_is_marked_while_it_is_written(editor: LanguageServer) -> None:
    marked = editor.red_lines(f"{STEP}log: hello\n        timout: 5m\n")
    assert [(line, "timout" in words) for line, words in marked] == [(10, True)]


@pytest.mark.parametrize(
    ("kind", "folder"), [("runbook", "library"), ("catalog", "catalog"), ("scenario", "scenarios")]
)
def test_our_own_files_have_no_mark(editor: LanguageServer, kind: str, folder: str) -> None:
    files = sorted((packaged_runbooks() / folder).rglob("*.yaml"))[:8]
    assert files
    for file in files:
        first = f"# yaml-language-server: $schema={SCHEMAS}/{kind}.json\n"
        assert editor.red_lines(first + file.read_text(encoding="utf-8")) == [], file
