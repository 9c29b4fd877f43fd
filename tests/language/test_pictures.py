"""Pictures of runbooks: what they must show, as text that can be searched and read aloud."""

from __future__ import annotations

import pathlib
import re
from xml.etree import ElementTree

import pytest
import typer
from typer.testing import CliRunner

from mayday.cli.runbook import runbook_app
from mayday.domain.plain_words import plain_condition, plain_event, plain_length, plain_text
from mayday.domain.system_events import SYSTEM_EVENTS
from mayday.language.library import Library
from mayday.language.picture import Picture, picture_of
from mayday.language.picture_mermaid import html_of, mermaid_of
from mayday.language.picture_svg import svg_of
from mayday.language.runbook import all_steps
from mayday.settings import packaged_runbooks

LIBRARY = Library.load(packaged_runbooks())
NAMES = [name.partition("@")[0] for name in LIBRARY.names]
SVG = "{http://www.w3.org/2000/svg}"


def drawn(name: str) -> Picture:
    return picture_of(LIBRARY.runbook(name), LIBRARY.catalog)


def texts(svg: str) -> str:
    return " ".join(element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text"))


def test_the_ladder_of_a_page_lies_on_the_axis_minute_by_minute() -> None:
    calls = next(axis for axis in drawn("payments_sev1").axes if axis.title == "Who is woken, and when")
    ladder = next(row for row in calls.rows if row.title == "Wake payments oncall")
    assert [(bar.start // 60, bar.end // 60, bar.kind) for bar in ladder.bars] == [
        (0, 5, "ring"),
        (5, 10, "ring"),
        (10, 20, "ring"),
        (20, 25, "again"),
        (25, 30, "again"),
        (30, 40, "again"),
    ]
    assert ladder.then == "nobody answered: the incident commander is called"


def test_gates_show_timeout_extension_reminders_and_what_silence_means() -> None:
    gates = next(axis for axis in drawn("payments_sev1").axes if axis.title == "Decisions")
    change = gates.rows[1]
    assert [(bar.end // 60, bar.text) for bar in change.bars] == [
        (15, "2 yeses: everybody of emergency cab"),
        (25, "and Dana Okafor"),
    ]
    assert [at // 60 for at, _ in change.marks] == [5, 10]
    assert change.then == "no answer: lapsed; reminded every 5 min"


def test_cadences_tick_from_their_start_and_a_reader_comes_before() -> None:
    said = next(axis for axis in drawn("payments_sev1").axes if axis.title == "What is said, and how often")
    customers = next(row for row in said.rows if row.title.startswith("Customers"))
    assert [at // 60 for at, _ in customers.marks][:3] == [20, 40, 60]
    assert [(bar.start // 60, bar.end // 60) for bar in customers.bars][:2] == [(15, 20), (35, 40)]
    assert customers.since == "when “declare” is done"


def test_the_vendors_clocks_and_who_is_called_after_a_breach() -> None:
    clocks = next(axis for axis in drawn("payments_sev1").axes if axis.title == "The vendors' clocks")
    assert [(row.title, row.length // 60) for row in clocks.rows] == [
        ("Gateway Co (P1): reply", 20),
        ("Gateway Co (P1): repair", 240),
        ("Gateway Co: if late", 140),
    ]


def test_every_outcome_of_a_gate_has_its_heading_and_silence_too() -> None:
    headings = [item.text for lane in drawn("payments_sev1").phases for item in lane.items if item.kind == "outcome"]
    assert headings[1:4] == ["If approved:", "If rejected:", "If nobody answers in time: as if rejected"]


@pytest.mark.parametrize("name", NAMES)
def test_svg_is_well_formed_has_title_and_description_and_its_text_is_text(name: str) -> None:
    svg = svg_of(drawn(name))
    root = ElementTree.fromstring(svg)
    said, book = texts(svg), LIBRARY.runbook(name)
    assert root.attrib["role"] == "img"
    assert (root.findtext(f"{SVG}title") or "").startswith(name.replace("_", " "))
    assert "Phases: 1." in (root.findtext(f"{SVG}desc") or "")
    for phase in book.phases:
        for word in (phase.name or phase.id.replace("_", " ").capitalize()).split():
            assert word in said
    for step in [step for phase in book.phases for step in all_steps(phase.steps) if step.decide]:
        assert plain_text(step.decide or "").split()[0] in said
    assert "{{" not in svg
    assert "incident.status" not in svg


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_drawn_outside_of_the_sheet(name: str) -> None:
    root = ElementTree.fromstring(svg_of(drawn(name)))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for element in root.iter(f"{SVG}rect"):
        assert float(element.get("x", 0)) + float(element.attrib["width"]) <= width
        assert float(element.get("y", 0)) + float(element.attrib["height"]) <= height
    for element in root.iter(f"{SVG}text"):
        assert 0 <= float(element.attrib["x"]) < width
        assert 0 < float(element.attrib["y"]) < height


@pytest.mark.parametrize("name", NAMES)
def test_mermaid_opens_and_closes_its_boxes_and_names_only_nodes_that_exist(name: str) -> None:
    text = mermaid_of(drawn(name))
    assert text.count("subgraph ") == text.count("\n  end\n")
    made = set(re.findall(r"^ +(?:.* )?([pot]\d+(?:[srbme]\d*)*)[\[({>]", text, re.M)) | set(
        re.findall(r"subgraph (\w+)", text)
    )
    used = {end for pair in re.findall(r"^ +(\w+) [-=.]+>(?:\|.*?\|)? (\w+)", text, re.M) for end in pair}
    assert used <= made
    assert '-->|"If approved"|' in text or "decide" not in repr([step.verb for step in _steps(name)])


def test_mermaid_says_what_the_next_steps_do_not_wait_for() -> None:
    lines = mermaid_of(drawn("payments_sev1")).splitlines()
    beside = [line for line in lines if "<small>the next steps do not wait for it</small>" in line]
    assert [line.split("[")[0].strip(" (") for line in beside] == ["p0s0", "p2s0", "p3s0"]


def test_a_page_holds_picture_and_words_and_loads_nothing() -> None:
    page = html_of(drawn("payments_sev1"), ["Escalation & <more>"])
    assert "<svg" in page
    assert "Escalation &amp; &lt;more&gt;" in page
    assert not re.search(r'(?:src|href)="|<script', page)
    assert "@media print { svg { min-width: 0; } }" in page  # else the last phase is cut off on paper


def test_conditions_and_templates_read_like_sentences() -> None:
    assert plain_condition('incident.status >= "mitigated"') == "the incident is mitigated"
    assert plain_condition("steps.confirm.result.stable") == "“confirm” says stable"
    assert plain_condition("inputs.dr_site_ready and incident.customers_affected > 1000") == (
        "“dr site ready” says yes and the customers affected is over 1000"
    )
    assert plain_condition('incident.status >= "resolved" or not vars.public') == (
        "the incident is resolved or “public” says no"
    )
    assert plain_text('{% if x %}Down: {{ incident.title | default("it") }}{% endif %}') == "Down: ‹title›"
    assert [plain_length(seconds) for seconds in (30, 90, 900, 5400, 86_400, 259_200)] == [
        "30 s",
        "1:30 min",
        "15 min",
        "1 h 30",
        "24 h",
        "3 d",
    ]


def test_the_command_writes_and_prints_them(tmp_path: pathlib.Path) -> None:
    app = typer.Typer()
    app.add_typer(runbook_app, name="runbook")

    def explain(*arguments: str) -> tuple[int, str]:
        line = ["runbook", "explain", "payments_sev1", "--runbooks", str(packaged_runbooks()), *arguments]
        result = CliRunner().invoke(app, line)
        return result.exit_code, result.stdout

    file = tmp_path / "payments.svg"
    assert explain("--svg", str(file)) == (0, "")
    assert explain("--svg", "-") == (0, file.read_text(encoding="utf-8"))
    assert explain("--mermaid")[1].splitlines()[3] == "flowchart LR"
    assert "The same in words" in explain("--html")[1]
    assert explain("--html", "--mermaid")[0] == 2
    assert explain("--svg", str(tmp_path / "no" / "folder.svg"))[0] == 2


def _steps(name: str) -> list:  # type: ignore[type-arg]
    return [step for phase in LIBRARY.runbook(name).phases for step in all_steps(phase.steps)]


def test_every_event_of_the_system_has_words() -> None:
    for name in SYSTEM_EVENTS:
        said = plain_event(name)
        assert "." not in said
        assert "reported" not in said, f"{name} has no words of its own"
    assert plain_event("status.mitigated") == "the incident is mitigated"
    assert plain_event("deploy.done") == "“deploy done” is reported"
