"""The trends counted by hand: straight from raw entries, by another way than the code under test takes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

Raw = list[dict[str, Any]]


def when(entry: dict[str, Any]) -> float:
    return datetime.fromisoformat(entry["at"].replace("Z", "+00:00")).timestamp()


def reckoned(timelines: dict[str, Raw]) -> dict[str, tuple[float | None, int]]:
    """Value and n of what can be counted from incidents without a review."""
    mttr: list[int] = []
    notice: list[int] = []
    mtta: list[int] = []
    latency: list[int] = []
    pages: list[int] = []
    shares = {"Updates on time": [0, 0], "Vendor breaches": [0, 0], "OLA kept": [0, 0], "SLA kept": [0, 0]}
    reopened = 0
    for raw in timelines.values():
        opened = next(entry for entry in raw if entry["kind"] == "opened")
        kinds = [entry["kind"] for entry in raw]
        first = {kind: next((entry for entry in raw if entry["kind"] == kind), None) for kind in set(kinds)}
        resolved = None
        for entry in raw:
            if entry["kind"] == "status_changed" and entry["data"]["status"] == "resolved":
                resolved = resolved or entry
            elif entry["kind"] == "reopened" or (
                entry["kind"] == "status_changed" and entry["data"]["status"] in ("investigating", "identified")
            ):
                resolved = None
        if resolved:
            mttr.append(int(when(resolved) - when(opened)))
            shares["SLA kept"][0] += "sla_breached" not in kinds
            shares["SLA kept"][1] += 1
        if "message_sent" in first:
            notice.append(int(when(first["message_sent"]) - when(opened)))  # type: ignore[arg-type]
        calls = [entry for entry in (first.get("alert_fired"), first.get("paged")) if entry]
        if calls and "acknowledged" in first:
            begun = min(when({"at": call["data"].get("occurred_at") or call["at"]}) for call in calls)
            taken = int(when(first["acknowledged"]) - begun)  # type: ignore[arg-type]
            mtta.append(max(0, taken))  # somebody was on it before anything called
        latency += [entry["data"]["after_s"] for entry in raw if entry["kind"] == "gate_decided"]
        pages.append(sum(len(entry["data"]["targets"]) for entry in raw if entry["kind"] == "paged"))
        sent = sum(entry["kind"] == "message_sent" and entry["data"]["purpose"] == "update" for entry in raw)
        missed = kinds.count("update_missed")
        shares["Updates on time"][0] += sent
        shares["Updates on time"][1] += sent + missed
        shares["Vendor breaches"][0] += len({entry["step"] for entry in raw if entry["kind"] == "vendor_breached"})
        shares["Vendor breaches"][1] += kinds.count("vendor_engaged")
        rung = [
            entry["data"]["page"] for entry in raw if entry["kind"] == "paged" and entry["data"]["purpose"] == "page"
        ]
        for page in set(rung):
            course = [entry["kind"] for entry in raw if entry["data"].get("page") == page]
            answered = course.index("acknowledged") if "acknowledged" in course else None
            climbed = [course.index(kind) for kind in ("page_escalated", "page_exhausted") if kind in course]
            shares["OLA kept"][0] += answered is not None and all(answered < index for index in climbed)
            shares["OLA kept"][1] += 1
        reopened += "reopened" in kinds
    shares["Reopened"] = [reopened, len(timelines)]
    means = {"MTTR": mttr, "Time to first notice": notice, "MTTA": mtta, "Decision latency": latency, "Pages": pages}
    found = {
        name: (round(sum(values) / len(values), 1) if values else None, len(values)) for name, values in means.items()
    }
    for name, (part, whole) in shares.items():
        found[name] = (round(100 * part / whole, 1) if whole else None, whole)
    return found
