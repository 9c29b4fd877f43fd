"""What an author waits for: a check of a long runbook, the start of the command, and a night as its runbook grows."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import yaml

from bench.figures import Figure
from bench.scenario import Stage
from bench.sizes import Sizes
from mayday.language.documents import load_document
from mayday.language.library import Library, read_runbook
from mayday.language.scenario import Scenario
from mayday.settings import packaged_runbooks
from mayday.simulator.runner import Rehearser

LINT, COLD_START, GROWTH = "lint", "cold_start", "growth"
LINT_MS, COLD_START_S = 30, 0.4
#: how many times as long the runbook gets
TIMES = (1, 4, 16)
LINES = 250
#: the growth may cost this much more an hour, from the shortest to the longest runbook, and still count as linear
LINEAR = 1.5


async def lint(sizes: Sizes, stage: Stage) -> Figure:
    """Levels 1 to 5 of a runbook of 250 lines, catalog and library read already; floor: PyYAML's C reader alone."""
    library = Library.load(packaged_runbooks())
    text = lengthened((packaged_runbooks() / "library" / "major_incident.yaml").read_text(), LINES)

    def check() -> None:
        found = library.check(read_runbook(load_document(text, "bench.yaml")))
        assert not [finding for finding in found if finding.level == "error"], found

    ours = timed(check, sizes.authoring_rounds)
    floor = timed(lambda: yaml.load(text, Loader=yaml.CSafeLoader), sizes.authoring_rounds)
    return Figure(
        name=LINT,
        what=f"a check of a runbook of {LINES} lines, warm; floor: PyYAML's C reader on the same text",
        aim=f"best at most {LINT_MS} ms",
        measured={"min_ms": min(ours) * 1000, "p50_ms": statistics.median(ours) * 1000},
        floor={"min_ms": min(floor) * 1000},
        ratio={"ms": min(ours) / min(floor)},
        met=min(ours) * 1000 <= LINT_MS,
        detail={"lines": text.count("\n")},
    )


def lengthened(text: str, lines: int) -> str:
    """The runbook with remarks at its end until it has so many lines."""
    return text + "# a remark\n" * max(0, lines - text.count("\n"))


async def cold_start(sizes: Sizes, stage: Stage) -> Figure:
    """From the shell to an answer, in a process of its own; floor: a Python that does nothing."""
    file = packaged_runbooks() / "library" / "sev3_incident.yaml"
    commands = {
        "help": ["-m", "mayday", "--help"],
        "lint": ["-m", "mayday", "runbook", "lint", str(file)],
    }
    rounds = max(2, sizes.authoring_rounds // 10)
    with compiled_once() as environment:
        measured = {
            f"{name}_s": min(timed(functools.partial(run, line, environment), rounds))
            for name, line in commands.items()
        }
        floor = min(timed(lambda: run(["-c", ""], environment), rounds))
    return Figure(
        name=COLD_START,
        what="`mayday --help` and `mayday runbook lint FILE` from the shell; floor: python -c ''",
        aim=f"both at most {COLD_START_S} s",
        measured=measured,
        floor={"s": floor},
        ratio={name: value / floor for name, value in measured.items()},
        met=max(measured.values()) <= COLD_START_S,
    )


@contextlib.contextmanager
def compiled_once() -> Iterator[dict[str, str]]:
    """An environment in which Python keeps what it compiled, as it does where mayday is installed."""
    with tempfile.TemporaryDirectory(prefix="mayday-bench-") as folder:
        kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        environment = {**kept, "PYTHONPYCACHEPREFIX": folder}
        run(["-m", "mayday", "runbook", "--help"], environment)
        yield environment


def run(arguments: list[str], environment: dict[str, str]) -> None:
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, timeout=60, env=environment)


async def growth(sizes: Sizes, stage: Stage) -> Figure:
    """Simulated hours a second on the virtual clock as the runbook gets 4 and 16 times as long."""
    rates: dict[str, float] = {}
    seconds: dict[str, float] = {}
    for times in TIMES:
        best = min([await played(times) for _ in range(max(2, sizes.authoring_rounds // 10))])
        hours = times * PHASE / timedelta(hours=1)
        rates[f"x{times}_hours_a_s"], seconds[f"x{times}_s"] = hours / best, best / hours
    ratio = seconds[f"x{TIMES[-1]}_s"] / seconds["x1_s"]
    return Figure(
        name=GROWTH,
        what="simulated hours a second as the runbook, and its night, get 4 and 16 times as long; floor: once",
        aim=f"an hour costs at most {LINEAR} times as much at 16 times",
        measured=rates,
        floor={"x1_s_an_hour": seconds["x1_s"]},
        ratio={"s_an_hour": ratio},
        met=ratio <= LINEAR,
    )


#: what one phase of the growing runbook takes
PHASE = timedelta(minutes=45)


async def played(times: int) -> float:
    """Processor seconds for a night of that many phases."""
    library = Library.load(packaged_runbooks())
    entry = read_runbook(load_document(json.dumps(runbook(times)), "grown.yaml"))
    library.files.append(entry)
    plan = library.plan("grown", service="payments")
    scenario = Scenario.model_validate(night(times))
    started = time.process_time()
    rehearsal = await Rehearser(scenario, plan, library.catalog).play()
    used = time.process_time() - started
    assert rehearsal.passed, rehearsal.misses
    return used


def runbook(phases: int) -> dict[str, Any]:
    """Phases of a question, a page, a decision and waits, beside two cadences."""
    late = {"due": "10m", "on_overdue": {"notify": "role.deputy"}}

    def phase(number: int) -> dict[str, Any]:
        decide = {
            "id": f"gate{number}", "decide": "Go on?", "timeout": "20m",
            "voters": {"from": ["person.sam", "person.kim"]}, "outcomes": {"approved": [], "rejected": []},
        }  # fmt: skip
        return {
            "id": f"phase{number}",
            "steps": [
                {"id": f"page{number}", "page": "schedule.payments_primary", "message": "join", "background": True},
                {"id": f"look{number}", "task": {"to": "role.deputy", "text": "Look", **late}, "background": True},
                decide,
                {"id": f"soak{number}", "wait": {"for": "25m"}},
            ],
        }

    def cadence(name: str, audience: str, every: str) -> dict[str, Any]:
        send = {"template": name, "to": f"audience.{audience}"}
        return {"start": "opened", "every": every, "until": 'incident.status >= "resolved"', "send": send}

    return {
        "apiVersion": "runbook/v1",
        "kind": "Runbook",
        "metadata": {"name": "grown", "version": "1.0.0", "owner": "bench"},
        "cadences": {
            "technical_update": cadence("technical_update", "technical", "15m"),
            "executive_update": cadence("executive_update", "executives", "30m"),
        },
        "phases": [phase(number) for number in range(phases)],
    }


def night(phases: int) -> dict[str, Any]:
    minutes = int(phases * PHASE / timedelta(minutes=1))
    return {
        "apiVersion": "runbook/v1",
        "kind": "Scenario",
        "metadata": {"name": "as long as it takes"},
        "runbook": "grown",
        "given": {
            "start": "2026-03-02T02:10:00Z",
            "incident": {"title": "Payments down", "service": "payments"},
            "roles": {"incident_commander": "ana", "deputy": "dee"},
        },
        "timeline": [
            *(item for number in range(phases) for item in answers(number)),
            {"at": f"T+{minutes}m", "expect": {"status": "investigating"}},
        ],
    }


def answers(number: int) -> list[dict[str, Any]]:
    """What people do in a phase: they come, look, and decide."""
    begin = int(number * PHASE / timedelta(minutes=1))
    return [
        {"at": f"T+{begin + 2}m", "ack": f"page{number}", "by": "raj"},
        {"at": f"T+{begin + 5}m", "complete": f"look{number}", "by": "dee", "result": {}},
        {"at": f"T+{begin + 20}m", "vote": f"gate{number}", "by": "sam", "choice": "approve", "reason": "it helps"},
    ]


def timed(work: Callable[[], object], rounds: int) -> list[float]:
    """Seconds of each round but the first."""
    times = []
    for _ in range(rounds + 1):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return times[1:]
