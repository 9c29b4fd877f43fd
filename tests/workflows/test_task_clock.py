"""Events that a query brings along are not a workflow task: nothing may be decided in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from temporalio import workflow

from workflows.task_clock import PhantomTaskError, TaskClock

T = datetime(2026, 11, 22, 12, 8, 29, 847123, tzinfo=UTC)


class Task:
    """What the SDK says of the workflow task under way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.length, self.at, self.replaying = 3, T, False
        info = SimpleNamespace(get_current_history_length=lambda: self.length)
        monkeypatch.setattr(workflow, "info", lambda: info)
        monkeypatch.setattr(workflow, "now", lambda: self.at)
        monkeypatch.setattr(workflow.unsafe, "is_replaying", lambda: self.replaying)


@pytest.fixture
def task(monkeypatch: pytest.MonkeyPatch) -> Task:
    return Task(monkeypatch)


def test_a_history_that_grows_while_the_clock_stands_still_is_refused(task: Task) -> None:
    clock = TaskClock()
    clock.refuse_phantoms()
    task.length = 9
    clock.look()  # a signal's handler reads the clock first
    with pytest.raises(PhantomTaskError):
        clock.refuse_phantoms()


def test_the_next_task_has_a_later_time(task: Task) -> None:
    clock = TaskClock()
    for length in (9, 15):
        clock.refuse_phantoms()
        task.length, task.at = length, task.at + timedelta(microseconds=1)
    clock.refuse_phantoms()


def test_one_task_may_bring_several_things(task: Task) -> None:
    clock = TaskClock()
    for _ in range(3):
        clock.refuse_phantoms()


def test_a_replay_is_never_refused_nor_a_clock_of_whole_milliseconds(task: Task) -> None:
    """The time-skipping server's clock is one; two tasks of it may share a millisecond."""
    clock = TaskClock()
    task.replaying = True
    for length in (9, 15):
        clock.refuse_phantoms()
        task.length = length
    task.replaying, task.at = False, T.replace(microsecond=847000)
    for length in (21, 27):
        clock.refuse_phantoms()
        task.length = length
