"""The tables that are made from the code: `python -m tests.docs.generate` writes them, tests hold them to it.

docs/timeline.md   the closed list of timeline kinds (mayday/domain/timeline_kinds.py)
docs/api.md        endpoints, bodies and refusals
docs/webhooks.md   sources and their settings (mayday/providers/sources.py)
docs/providers.md  what each vendor serves, and its settings (mayday/providers/registry.py)
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

from mayday.domain.commands import RefusalCode
from mayday.domain.review_kinds import REVIEW_KINDS
from mayday.domain.timeline_kinds import KINDS
from mayday.providers.facts import GRADES
from mayday.providers.sources import MAPPED, NAMES, inbound_source
from starter.app import create_app
from tests.docs.pages import DOCS, ROOT
from tests.docs.provider_tables import capabilities, orders, places, settings_of_vendors

TIMELINE, API, WEBHOOKS = DOCS / "timeline.md", DOCS / "api.md", DOCS / "webhooks.md"
PROVIDERS = DOCS / "providers.md"
_MARKED = "<!-- {name}: made by python -m tests.docs.generate -->\n"
_END = "<!-- /{name} -->"

#: what each refusal means; `tests/docs/test_generated_pages.py` knows when the code has another one
REFUSALS: dict[str, tuple[str, str]] = {
    "malformed": ("400", "the body is not JSON, or not what this source sends"),
    "two_meanings": ("400", "two lengths, or a header twice of which there is one: a proxy might read another request"),
    "invalid_idempotency_key": ("400", "a key has 1 to 255 printable characters"),
    "unauthenticated": ("401", "no token, or one that is unknown, expired or revoked; at webhooks a wrong signature"),
    "forbidden": ("403", "the token's level does not reach so far"),
    "needs_a_person": ("403", "the owner's token never votes, acknowledges or accepts"),
    "csrf": ("403", "a browser's session without the proof that a page of ours sent the request"),
    "out_of_scope": ("403", "the token is limited to scopes, and this is not among them"),
    "not_in_catalog": ("403", "the token's person is not in the catalog any more"),
    "unknown_incident": ("404", "no incident of this id"),
    "not_archived": ("404", "nothing of the incident is archived yet"),
    "not_printed": ("503", "no browser is installed there that prints paper: take the page and print it"),
    "other_version": ("409", "a recorded run does not replay with this version of the code"),
    "timeline_broken": ("409", "an entry of the stored timeline was changed: it does not reach the archive"),
    "archive_damaged": ("409", "the archive is not what was archived: the detail names the part"),
    "unknown_source": ("404", "no source of this name posts here"),
    "unknown_schedule": ("404", "no schedule of this name in the catalog"),
    "unknown_override": ("404", "no override of this id"),
    "unknown_page": ("404", "the desk has no page of this number"),
    "unknown_ticket": ("404", "the desk has no ticket of this number (pages)"),
    "unknown_bridge": ("404", "the desk has no bridge of this id (pages)"),
    "unknown_token": ("404", "no token of this id"),
    "too_many": ("429", "wrong credentials again and again; `Retry-After` says when to come back"),
    "busy": ("503", "more webhooks at once than can be kept: send it again after `Retry-After`"),
    "unknown_code": ("404", "no login code of this id"),
    "unknown_key": ("404", "no signing key of this id"),
    "unknown_session": ("404", "no open session of this id"),
    "unknown_version": ("404", "the report has no such version"),
    "no_review": ("404", "the incident has no review (yet)"),
    "not_a_drill": ("409", "a score card of an incident that is no drill: nobody is measured there"),
    "not_found": ("404", "there is nothing at this address"),
    "method_not_allowed": ("405", "not with this method: `Allow` names what the address takes"),
    "not_open": ("409", "what is answered is not open yet, or not in a state in which this makes sense"),
    "closed": ("409", "it is decided, done or over: gate, task, incident"),
    "not_a_voter": ("409", "the gate does not ask this person"),
    "excluded": ("409", "the gate or task asks everybody but this person: requester, implementer, author"),
    "not_yours": ("409", "it is for somebody else"),
    "unknown_service": ("422", "the catalog has no such service, but one of nearly that name: the detail says which"),
    "unknown": ("409", "the incident has no decision, page, task, step or role of this name"),
    "ambiguous": ("409", "several incidents end in these six characters: give the whole id"),
    "key_in_use": ("409", "open incidents or reviews know only this signing key"),
    "unsigned": ("409", "the decision has no signature that the incident knows: a key was retired too early"),
    "in_progress": ("409", "the first request with this Idempotency-Key is still being worked on"),
    "answered_before": ("409", "done before; its answer held a secret, and is told only to the credential that asked"),
    "request_timeout": ("408", "the body did not come to its end within 30 seconds"),
    "too_large": ("413", "the body is larger than `MAYDAY_MAX_BODY_BYTES`"),
    "unsupported_media_type": ("415", "the body is not said to be `application/json`, or is compressed"),
    "invalid": ("422", "a field is missing, of the wrong type, unknown or against a rule; `errors` says which"),
    "idempotency_key_reused": ("422", "the same Idempotency-Key came with another body"),
    "unverifiable": ("503", "the keys of a webhook's signature cannot be fetched now; send it again"),
    "internal": ("500", "a defect of ours; the starter's log has it"),
    "records_unavailable": ("503", "the records store does not answer; `Retry-After` says when to try again"),
    "temporal_silent": ("503", "Temporal does not answer; `Retry-After` says when to try again"),
    "unavailable": ("503", "neither inbox nor Temporal took the alerts, or this starter is stopping: send them again"),
}  # fmt: skip
#: given by the framework, not raised by name
_OF_THE_FRAMEWORK = frozenset({"not_found", "method_not_allowed", "request_timeout", "too_large"})


def incident_kinds() -> str:
    """Kinds that the incident's run writes."""
    return _kinds({name: tuple(kind) for name, kind in KINDS.items() if name not in REVIEW_KINDS})


def review_kinds() -> str:
    """Kinds that only the review writes."""
    return _kinds(REVIEW_KINDS)


def _kinds(kinds: Mapping[str, tuple[str, ...]]) -> str:
    rows = [
        f"| `{name}` | {_cell(meaning)} | {_cell(data)} | {_cell(text)} |"
        for name, (text, data, meaning) in kinds.items()
    ]
    return "\n".join(["| kind | means | data | reads |", "| --- | --- | --- | --- |", *rows, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


@cache
def openapi() -> dict[str, Any]:
    """What `/openapi.json` says, without a starter."""
    settings = SimpleNamespace(max_body_bytes=1024, base_url="http://localhost")
    parts: Any = SimpleNamespace(clock=None, records=None, settings=settings)
    return create_app(parts).openapi()


def endpoints() -> str:
    """One table a subject: method and path, body, meaning."""
    described = openapi()
    by_tag: dict[str, list[str]] = {}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            row = f"| `{method.upper()} {path}{_query(operation)}` | {_body(operation)} | {_meaning(operation)} |"
            by_tag.setdefault(operation["tags"][0], []).append(row)
    lines: list[str] = []
    for tag, rows in by_tag.items():
        lines += [f"### {tag.capitalize()}", "", "| | body | |", "| --- | --- | --- |", *rows, ""]
    return "\n".join(lines)


def bodies() -> str:
    """Every request body with its fields."""
    lines = ["| body | fields |", "| --- | --- |"]
    for name, schema in sorted(openapi()["components"]["schemas"].items()):
        if name.endswith("Body"):
            needed, properties = schema.get("required", []), schema["properties"].items()
            fields = [f"`{field}{'' if field in needed else '?'}` {_type(spec)}" for field, spec in properties]
            said = _first_sentence(schema.get("description", ""))
            lines.append(f"| {name.removesuffix('Body')} | {', '.join(fields)}{'. ' + said if said else ''} |")
    return "\n".join([*lines, ""])


def refusals() -> str:
    """The closed list of codes."""
    rows = [f"| `{code}` | {status} | {meaning} |" for code, (status, meaning) in REFUSALS.items()]
    return "\n".join(["| code | status | means |", "| --- | --- | --- |", *rows, ""])


def refused_in_code() -> set[str]:
    """Every code that the starter raises by name, and those of the workflow."""
    found = set(get_args(RefusalCode))
    for path in sorted((ROOT / "starter").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem":
                code = node.args[1]
                if isinstance(code, ast.Constant):
                    found.add(str(code.value))
    return found | _OF_THE_FRAMEWORK


def _query(operation: dict[str, Any]) -> str:
    names = [parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"]
    return "?" + "&".join(f"{name}=" for name in names) if names else ""


def _body(operation: dict[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    named = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    return named.removesuffix("Body") if named.endswith("Body") else "a step of the language" if content else ""


def _meaning(operation: dict[str, Any]) -> str:
    return _cell(_first_paragraph(operation.get("description", "")))


def _first_paragraph(text: str) -> str:
    return " ".join(text.split("\n\n")[0].split())


def _first_sentence(text: str) -> str:
    return _first_paragraph(text).replace("|", "\\|")


def _type(spec: dict[str, Any]) -> str:
    options = [one for one in spec.get("anyOf", [spec]) if one.get("type") != "null"]
    one = options[0]
    if "enum" in one:
        return " \\| ".join(one["enum"])
    if one.get("format") == "date-time":
        return "time"
    return {"boolean": "true or false", "integer": "number", "object": "{...}"}.get(one.get("type", ""), "text")


def sources() -> str:
    """Every source that mayday brings along: address, what vouches for it, its settings."""
    lines = ["| source | system | what vouches for it | further settings |", "| --- | --- | --- | --- |"]
    for name in (*NAMES, *MAPPED):
        source = inbound_source(name)
        assert source is not None
        start = f"MAYDAY_WEBHOOK_{name.upper()}"
        proofs = ["`_TOKEN`"]
        if source.proof:
            told = {"SECRET": "a signature", "TOPICS": "SNS's signature", "AUDIENCE": "an identity token"}[source.proof]
            by_form = "by form" if source.mixed else "or both"
            proofs.append(f"{told} (`_{source.proof}`), {by_form}")
        further = "; ".join(f"`_{option.upper()}`: {meaning}" for option, meaning in source.settings.items())
        lines.append(f"| `{name}` | {source.title} | `{start}`: {', '.join(proofs)} | {further} |")
    return "\n".join([*lines, ""])


def grades() -> str:
    """What vendors call how bad it is, in our words."""
    rows = [
        f"| `{grade}` | {', '.join(word for word, ours in GRADES.items() if ours == grade)} |"
        for grade in dict.fromkeys(GRADES.values())
    ]
    return "\n".join(["| `severity` | what vendors say |", "| --- | --- |", *rows, ""])


#: page, mark, what stands between it and its end
GENERATED: dict[Path, dict[str, Callable[[], str]]] = {
    TIMELINE: {"incident kinds": incident_kinds, "review kinds": review_kinds},
    API: {"endpoints": endpoints, "bodies": bodies, "refusals": refusals},
    WEBHOOKS: {"sources": sources, "grades": grades},
    PROVIDERS: {
        "capabilities": capabilities,
        "orders": orders,
        "places": places,
        "provider settings": settings_of_vendors,
    },
}


def made_again(page: Path) -> str:
    """A page with its tables made from the code; the words around them stay."""
    text = page.read_text(encoding="utf-8")
    for name, make in GENERATED[page].items():
        start, end = _MARKED.format(name=name), _END.format(name=name)
        before, found, rest = text.partition(start)
        _, closed, after = rest.partition(end)
        assert found, f"{page.name} has no place for {name}"
        assert closed, f"{page.name}: the place for {name} has no end"
        text = f"{before}{start}{make()}{end}{after}"
    return text


if __name__ == "__main__":
    for each in GENERATED:
        each.write_text(made_again(each), encoding="utf-8")
