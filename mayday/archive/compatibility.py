"""Whether the code at hand can go on with recorded runs: replayed as in production and strictly, and if not, where.

The SDK says what does not fit; what people need is the event, the step behind it, and what to do. The verdict comes
from the replay alone; its message is only read to point at the event.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import SecretStr
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory
from temporalio.workflow import NondeterminismError

from mayday.domain.effects import Wire
from mayday.temporal.histories import UnflaggedHistory, replay
from mayday.temporal.plugin import data_converter

Way = Literal["production", "strict"]
WAYS: tuple[Way, ...] = ("production", "strict")

TO_DO = {
    "other_way": "guard the change with a patch (workflows/patches.py) so that runs from before it go the old way, "
    "or let the version that opened this run work on it until it ends (MAYDAY_BUILD_ID)",
    "unflagged": "export it again: without the flags of its workflow tasks nothing of it can be checked",
    "changed_entries": "the same commands, but other entries: something outside the run's inputs decides them "
    "(a clock, chance, an unordered set); look at the first entry that differs",
    "failed": "the run cannot be replayed at all: the error says what this version misses",
}


class Misfit(Wire):
    """Where a run does not replay. `event` is 0 where nobody can say; `step` is the effect key or activity there."""

    reason: str
    kind: Literal["other_way", "unflagged", "changed_entries", "failed"]
    way: Way
    event: int = 0
    event_type: str = ""
    step: str = ""
    at: datetime | None = None
    to_do: str


class Verdict(Wire):
    """One run, replayed both ways."""

    workflow_id: str
    run_id: str
    events: int
    misfit: Misfit | None = None

    @property
    def fits(self) -> bool:
        return self.misfit is None


async def judged(
    history: WorkflowHistory,
    workflows: Sequence[type],
    *,
    ways: Sequence[Way] = WAYS,
    hashes: dict[int, str] | None = None,
    codec_keys: SecretStr | None = None,
) -> Verdict:
    """The verdict on a run. `hashes` are those of the stored entries by number, where they are known."""
    misfit = None
    for way in ways:
        misfit = misfit or await _misfit(history, workflows, way, hashes, codec_keys)
    return Verdict(workflow_id=history.workflow_id, run_id=history.run_id, events=len(history.events), misfit=misfit)


async def _misfit(
    history: WorkflowHistory,
    workflows: Sequence[type],
    way: Way,
    hashes: dict[int, str] | None,
    codec_keys: SecretStr | None,
) -> Misfit | None:
    try:
        made = await replay(history, workflows=workflows, strict=way == "strict", codec_keys=codec_keys)
    except UnflaggedHistory:
        return Misfit(reason="its workflow tasks carry no flags", kind="unflagged", way=way, to_do=TO_DO["unflagged"])
    except NondeterminismError as error:
        reason = _reason(str(error))
        event = await _event_of(history, reason, workflows, way, codec_keys)
        place = await _place(event, codec_keys) if event is not None else {}
        return Misfit(reason=reason, kind="other_way", way=way, to_do=TO_DO["other_way"], **place)
    except Exception as error:  # noqa: BLE001 - whatever a foreign history does to this code is the answer asked for
        reason = f"{type(error).__name__}: {_reason(str(error))}"
        return Misfit(reason=reason, kind="failed", way=way, to_do=TO_DO["failed"])
    for seq in sorted(made):
        if hashes is not None and hashes.get(seq, made[seq]) != made[seq]:
            reason = f"entry {seq} comes out different from the stored one"
            return Misfit(
                reason=reason, kind="changed_entries", way=way, step=f"entry {seq}", to_do=TO_DO["changed_entries"]
            )
    return None


def _reason(text: str) -> str:
    """The core's own sentence, out of the dump around it."""
    found = re.search(r'message: "((?:[^"\\]|\\.)*)"', text)
    sentence = found[1] if found else text.splitlines()[0] if text else "it does not say why"
    return sentence.replace("\\'", "'").replace('\\"', '"')[:600]


async def _event_of(
    history: WorkflowHistory, reason: str, workflows: Sequence[type], way: Way, codec_keys: SecretStr | None
) -> HistoryEvent | None:
    """The event that the core names by number; else where the shortest beginning that does not replay ends."""
    numbered = re.search(r"HistoryEvent\(id: (\d+)", reason)
    if numbered:
        return next((event for event in history.events if event.event_id == int(numbered[1])), None)
    begin = await _departs(history, workflows, way, codec_keys)
    after = history.events[begin:]
    named = re.search(r"'([^']+)'", reason)
    if named:
        for event in after:
            if named[1] in (_activity(event), _marked(event)):
                return event
    return after[0] if after else None


async def _departs(history: WorkflowHistory, workflows: Sequence[type], way: Way, codec_keys: SecretStr | None) -> int:
    """Where in the events the first workflow task begins whose commands this code does not give again."""
    events = list(history.events)
    ends = [
        index for index, event in enumerate(events) if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED
    ]
    ends = [*ends[1:], len(events)]
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high) // 2
        try:
            beginning = WorkflowHistory(history.workflow_id, events[: ends[middle]])
            await replay(beginning, workflows=workflows, strict=way == "strict", codec_keys=codec_keys)
        except UnflaggedHistory:
            low = middle + 1
        except Exception:  # noqa: BLE001 - any failure of a beginning is what is looked for
            high = middle
        else:
            low = middle + 1
    return ends[low - 1] if low else 0


async def _place(event: HistoryEvent, codec_keys: SecretStr | None) -> dict[str, Any]:
    name = EventType.Name(event.event_type).removeprefix("EVENT_TYPE_").lower()
    summary = ""
    if event.HasField("user_metadata") and event.user_metadata.HasField("summary"):
        decoded = await data_converter(codec_keys).decode([event.user_metadata.summary], [str])
        summary = str(decoded[0])
    activity = _activity(event) or _marked(event)
    step = " ".join(part for part in (activity, f"({summary})" if summary else "") if part)
    return {"event": event.event_id, "event_type": name, "step": step, "at": event.event_time.ToDatetime(UTC)}


def _activity(event: HistoryEvent) -> str:
    if event.HasField("activity_task_scheduled_event_attributes"):
        return event.activity_task_scheduled_event_attributes.activity_type.name
    return ""


def _marked(event: HistoryEvent) -> str:
    """The local activity that a marker is of."""
    if not event.HasField("marker_recorded_event_attributes"):
        return ""
    details = event.marker_recorded_event_attributes.details
    data = details["data"].payloads[0].data.decode("utf-8", "replace") if "data" in details else ""
    found = re.search(r'"activity_type":\s*"([^"]+)"', data)
    return found[1] if found else ""
