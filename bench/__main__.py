"""`python -m bench`: runs the benchmarks one after the other; JSON on stdout, progress on stderr."""

from __future__ import annotations

import argparse
import asyncio
import gc
import importlib.metadata
import json
import os
import platform
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from bench import (
    archive,
    authoring,
    first_page,
    open_incidents,
    replay,
    scenario_history,
    storm,
    virtual_clock,
    watchers,
)
from bench.figures import Figure
from bench.progress import say, stdout_for_the_result
from bench.scenario import Stage
from bench.sizes import TINY, Sizes, UnknownSize
from mayday.logs import configure_logs

Benchmark = Callable[[Sizes, Stage], Awaitable[Figure]]

#: in the order in which they run
BENCHMARKS: dict[str, Benchmark] = {
    first_page.NAME: first_page.run,
    storm.NAME: storm.run,
    open_incidents.NAME: open_incidents.run,
    watchers.NAME: watchers.run,
    scenario_history.NAME: scenario_history.run,
    replay.NAME: replay.run,
    virtual_clock.NAME: virtual_clock.run,
    authoring.LINT: authoring.lint,
    authoring.COLD_START: authoring.cold_start,
    authoring.GROWTH: authoring.growth,
    archive.NAME: archive.run,
}


async def measure(names: list[str], sizes: Sizes, stage: Stage) -> list[Figure]:
    """The figures of the benchmarks named, in the order in which they stand in `BENCHMARKS`."""
    figures = []
    for name, benchmark in BENCHMARKS.items():
        if name not in names:
            continue
        say(f"{name} ...")
        started = time.perf_counter()
        figure = await benchmark(sizes, stage)
        figure.seconds = time.perf_counter() - started
        figures.append(figure)
        say(f"{name}: {'met' if figure.met else 'MISSED'} ({figure.aim}); {figure.ratio}, {figure.seconds:.0f} s")
    return figures


def machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        "temporalio": importlib.metadata.version("temporalio"),
    }


def log_only_errors() -> None:
    """For this whole process, Temporal's core included."""
    configure_logs(level="error", form="json", process="bench")
    quiet = LoggingConfig(filter=TelemetryFilter(core_level="ERROR", other_level="ERROR"))
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=quiet)))


def asked_for(arguments: list[str] | None = None) -> tuple[list[str], Sizes]:
    """Which benchmarks, and how large; exits with 2 and says why where that cannot be."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=list(BENCHMARKS), help="run this one; may be repeated")
    parser.add_argument("--tiny", action="store_true", help="sizes that only show that it runs")
    parser.add_argument("--size", action="append", default=[], metavar="NAME=NUMBER", help="see bench/sizes.py")
    options = parser.parse_args(arguments)
    try:
        sizes = (TINY if options.tiny else Sizes()).changed(options.size)
    except UnknownSize as error:
        parser.error(str(error))
    return options.only or list(BENCHMARKS), sizes


def main(arguments: list[str] | None = None) -> int:
    """Measure, and print the figures as JSON: 0."""
    names, sizes = asked_for(arguments)
    gc.freeze()  # what is imported is no garbage: the command line of mayday does the same
    log_only_errors()
    before = machine()
    with stdout_for_the_result() as out:
        figures = asyncio.run(measure(names, sizes, Stage()))
        json.dump({"machine": before, "figures": [figure.as_data() for figure in figures]}, out, indent=2)
        out.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
