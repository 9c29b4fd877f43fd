"""What pages send: texts, made into the API's bodies. A body that does not fit is refused with the field's name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from fastapi import Request
from pydantic import ValidationError

from mayday.language.documents import load_document
from starter.bodies import Body
from starter.problems import Problem

__all__ = [
    "Form", "body_of", "completion", "lines", "plain", "result_of", "texts", "typed", "typed_fields",
    "without_marks",
]  # fmt: skip

Form = Mapping[str, str]
_NOT_A = {
    "boolean": "neither yes nor no",
    "integer": "no whole number",
    "datetime": "no time, such as 2026-03-02T02:10",
}
Made = TypeVar("Made", bound=Body)


async def texts(request: Request) -> dict[str, str]:
    """The form's text fields, with line ends as everywhere else; a file has no business here."""
    return {name: lines(value) for name, value in (await request.form()).items() if isinstance(value, str)}


def lines(text: str) -> str:
    """Browsers send line ends of their own."""
    return text.replace("\r\n", "\n")


def plain(form: Form, *names: str) -> dict[str, Any]:
    """These fields as they are; an empty one is left out."""
    return {name: form[name] for name in names if form.get(name, "") != ""}


def without_marks(form: Form) -> dict[str, str]:
    """What a person said, without what every form carries."""
    return {name: value for name, value in form.items() if name not in ("csrf_token", "key", "sure")}


def body_of(model: type[Made], given: Mapping[str, Any]) -> Made:
    """The API's body, or its 422."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(place) for place in first["loc"])
        words = str(first["msg"]).removeprefix("Value error, ")
        raise Problem(422, "invalid", f"{field}: {words}" if field else words) from None


def typed_fields(form: Form) -> dict[str, Any]:
    """Fields named `f:TYPE:NAME`, by name."""
    found: dict[str, Any] = {}
    for name, value in form.items():
        kind, _, field = name.removeprefix("f:").partition(":")
        if name.startswith("f:") and field and value != "":
            found[field] = typed(field, kind, value)
    return found


def completion(form: Form) -> dict[str, Any]:
    """The result of a task; of a review, words only when they were changed."""
    result = typed_fields(form)
    if "release" in form:
        text = form.get("text", "").strip()
        if form["release"] == "no":
            result["release"] = False
        elif text and text != form.get("draft", "").strip():
            result["text"] = text
    return {"task": form.get("task", ""), "result": result}


def result_of(text: str) -> dict[str, Any]:
    """`name: value`, one a line, as in a runbook: what a step brings that a person takes as done."""
    document = load_document(text, "result")
    if not isinstance(document.data, dict):
        first = document.findings[0] if document.findings else None
        said = f"line {first.line}: {first.message}" if first else "one name: value a line is wanted"
        raise Problem(422, "invalid", f"result: {said}")
    return document.data


def typed(name: str, kind: str, value: str) -> Any:
    """One value of a form. Times without a zone are UTC, as their label says."""
    try:
        match kind:
            case "boolean":
                return {"true": True, "false": False}[value]
            case "integer":
                return int(value)
            case "number":
                number = float(value)
                if not math.isfinite(number):
                    raise ValueError("no number")
                return int(number) if number.is_integer() else number
            case "datetime":
                moment = datetime.fromisoformat(value)
                moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
                return moment.isoformat().replace("+00:00", "Z")
            case "list":
                return [line.strip() for line in value.splitlines() if line.strip()]
            case _:
                return value
    except (KeyError, ValueError, OverflowError):
        raise Problem(422, "invalid", f"{name}: {value!r} is {_NOT_A.get(kind, f'no {kind}')}") from None
