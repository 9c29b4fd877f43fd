"""The trends counted by hand: straight from raw entries, by another way than the code under test takes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

Raw = list[dict[str, Any]]
COMMANDER = "incident_commander"


def when(entry: dict[str, Any]) -> float:
    return datetime.fromisoformat(entry["at"].replace("Z", "+00:00")).timestamp()


def happened(entry: dict[str, Any]) -> float:
    return when({"at": entry["data"].get("occurred_at") or entry["at"]})


def whole_seconds(begin: float, end: float) -> int:
    """Never less than none: somebody knew of it before it began."""
    return max(0, int(round((end - begin) * 1000) // 1000))


def fine_since(raw: Raw, *statuses: str) -> float | None:
    """When one of these was reached for the last time, if it was not left again."""
    for number in range(len(raw) - 1, -1, -1):
        entry = raw[number]
        status = entry["data"].get("status") if entry["kind"] in ("status_changed", "reopened") else None
        if entry["kind"] == "reopened" or status in ("investigating", "identified"):
            return next((happened(each) for each in raw[number + 1 :] if _became(each, statuses)), None)
    return next((happened(each) for each in raw if _became(each, statuses)), None)


def _became(entry: dict[str, Any], statuses: tuple[str, ...]) -> bool:
    return entry["kind"] == "status_changed" and entry["data"]["status"] in statuses


def told_impact(raw: Raw) -> tuple[float | None, float | None]:
    """Begin and end of the impact, as said last."""
    found: list[float | None] = []
    for command, form in (("started_at", "impact_started_at"), ("ended_at", "impact_ended_at")):
        said = [
            entry["data"]["value"]
            if entry["kind"] == "fact_learned"
            else entry["data"].get(command) or entry["data"].get(form)
            for entry in raw
            if entry["kind"] in ("impact_set", "closing_form")
            or (entry["kind"] == "fact_learned" and entry["data"]["name"] == f"incident.{form}")
        ]
        moments = [moment for moment in said if moment]
        found.append(when({"at": moments[-1]}) if moments else None)
    return found[0], found[1]


def spent(raw: Raw) -> dict[str, int]:
    """Seconds in each phase that was left; one that was entered again is summed up."""
    entered: dict[str, float] = {}
    found: dict[str, int] = {}
    for entry in raw:
        phase = entry["data"].get("phase")
        if entry["kind"] == "phase_entered":
            entered[phase] = when(entry)
        elif entry["kind"] == "phase_left" and phase in entered:
            found[phase] = found.get(phase, 0) + whole_seconds(entered.pop(phase), when(entry))
    return found


def reckoned(timelines: dict[str, Raw]) -> dict[str, tuple[float | None, int]]:
    """Value and n of every measure, over timelines of incidents that count."""
    mttr: list[int] = []
    notice: list[int] = []
    mtta: list[int] = []
    latency: list[int] = []
    pages: list[int] = []
    mttd: list[int] = []
    declare: list[int] = []
    mtrs: list[int] = []
    alone: list[int] = []
    nights: list[int] = []
    phases: dict[str, list[int]] = {}
    shares = {"Updates on time": [0, 0], "Vendor breaches": [0, 0], "OLA kept": [0, 0], "SLA kept": [0, 0],
              "Caused by change": [0, 0], "Actions on time": [0, 0]}  # fmt: skip
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
            mttr.append(whole_seconds(when(opened), happened(resolved)))
            shares["SLA kept"][0] += "sla_breached" not in kinds
            shares["SLA kept"][1] += 1
        if "message_sent" in first:
            notice.append(whole_seconds(when(opened), when(first["message_sent"])))  # type: ignore[arg-type]
        calls = [entry for entry in (first.get("alert_fired"), first.get("paged")) if entry]
        if calls and "acknowledged" in first:
            # somebody may have been on it before anything called: that took no time
            called = min(happened(call) if call["kind"] == "alert_fired" else when(call) for call in calls)
            mtta.append(whole_seconds(called, when(first["acknowledged"])))  # type: ignore[arg-type]
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
            of_it = [entry for entry in raw if entry["data"].get("page") == page]
            course = [entry["kind"] if entry["data"].get("purpose") != "notify" else "told" for entry in of_it]
            rang = course.index("paged")
            answered = course.index("acknowledged", rang) if "acknowledged" in course[rang:] else None
            climbed = [course.index(kind) for kind in ("page_escalated", "page_exhausted") if kind in course]
            shares["OLA kept"][0] += answered is not None and all(answered < index for index in climbed)
            shares["OLA kept"][1] += 1
        reopened += "reopened" in kinds
        mitigated = fine_since(raw, "mitigated", "resolved")
        begun, ended = told_impact(raw)
        found_at = min(
            when(opened), *[happened(entry) for entry in raw if entry["kind"] == "alert_fired"][:1], float("inf")
        )
        if begun is not None:
            mttd.append(whole_seconds(begun, found_at))
            if (fine := ended if ended is not None else mitigated) is not None:
                mtrs.append(whole_seconds(begun, fine))
        by_hand = opened["data"].get("declare") == "manual"
        declared = first.get("declared") or (opened if by_hand else None)
        if declared:
            declare.append(whole_seconds(found_at, when(declared)))
        led = [entry for entry in raw if (entry["kind"], entry["data"].get("role")) == ("role_taken", COMMANDER)]
        over = fine_since(raw, "resolved", "cancelled", "rejected", "merged")
        until = when(led[0]) if led else over if over is not None else when(raw[-1])
        alone.append(whole_seconds(when(opened), until))
        nights.append(
            sum(
                len(entry["data"]["targets"])
                for entry in raw
                if entry["kind"] == "paged" and entry["at"][11:13] in ("22", "23", "00", "01", "02", "03", "04", "05")
            )
        )
        for phase, seconds in spent(raw).items():
            phases.setdefault(f"Phase {phase}", []).append(seconds)
        forms = [entry["data"]["caused_by_change"] for entry in raw if "caused_by_change" in entry["data"]]
        if said := [form for form in forms if form is not None]:
            shares["Caused by change"][0] += said[-1]
            shares["Caused by change"][1] += 1
        done = {entry["data"]["action"]: entry["data"]["on_time"] for entry in raw if entry["kind"] == "action_done"}
        late = {name for entry in raw if entry["kind"] == "action_overdue" for name in entry["data"]["actions"]}
        shares["Actions on time"][0] += list(done.values()).count(True)
        shares["Actions on time"][1] += len({*done, *late})
    shares["Reopened"] = [reopened, len(timelines)]
    means = {
        "MTTR": mttr, "Time to first notice": notice, "MTTA": mtta, "Decision latency": latency, "Pages": pages,
        "MTTD": mttd, "Time to declare": declare, "MTRS": mtrs, "Leaderless": alone, "Pages at night": nights, **phases,
    }  # fmt: skip
    found = {
        name: (round(sum(values) / len(values), 1) if values else None, len(values)) for name, values in means.items()
    }
    for name, (part, whole) in shares.items():
        found[name] = (round(100 * part / whole, 1) if whole else None, whole)
    return found
