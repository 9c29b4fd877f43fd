"""Pages from templates: everything is escaped, nothing is inline, and the browser is told so.

Times are written in UTC by the server (`<time datetime=...>`); the script shows them in the viewer's zone and ticks
what counts down or up. Without the script the page reads the same.
"""

from __future__ import annotations

import json
import re
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from mayday.domain.plain_words import spoken
from mayday.domain.timeline import parse_timestamp, timestamp
from mayday.domain.timeline_words import thing
from starter.console import assets

if TYPE_CHECKING:
    from starter.problems import Problem

__all__ = ["HEADERS", "failed", "part", "sheet", "signed", "spoken"]

HEADERS = {"Cache-Control": "no-store"}
"""Beside those that every answer of the starter has (`safe_headers`)."""
NAVIGATION = (
    ("/", "Board"), ("/actions", "Follow-ups"), ("/on-call", "On call"), ("/runbooks", "Runbooks"),
    ("/drills", "Drills"), ("/trends", "Trends"), ("/integrations", "Integrations"),
)  # fmt: skip
_CSRF, _KEY = (f"mark-{secrets.token_hex(16)}" for _ in range(2))
"""Where a form's proof and key go in: pieces are rendered once for all who may see them, these are one browser's."""


def sheet(request: Request, template: str, *, status: int = 200, **facts: Any) -> HTMLResponse:
    """A whole page. `request.state.visitor` is who looks, if anybody does yet."""
    visitor = getattr(request.state, "visitor", None)
    now = request.app.state.parts.clock()
    trouble = request.app.state.parts.records.store.trouble
    text = _ENVIRONMENT.get_template(template).render(
        visitor=visitor, now=now, path=request.url.path, trouble=trouble, **facts
    )
    return HTMLResponse(signed(text, visitor.csrf if visitor else ""), status, headers=HEADERS)


def part(template: str, **facts: Any) -> str:
    """A piece of a page, as a stream sends it."""
    return _ENVIRONMENT.get_template(template).render(**facts)


def signed(text: str, csrf: str) -> str:
    """A rendered page or piece for one browser: its forms carry its proof, and keys of their own."""
    return text.replace(_CSRF, csrf).replace(_KEY, secrets.token_hex(12))


def failed(request: Request, problem: Problem) -> HTMLResponse:
    """What a person reads instead of a page that cannot be shown."""
    answer = sheet(request, "refused.html", status=problem.status, problem=problem)
    for name, value in problem.headers.items():
        answer.headers[name] = value
    return answer


# what templates can say -----------------------------------------------------------------------------------------


def _moment(at: datetime | str | None) -> datetime | None:
    if not isinstance(at, str):
        return at
    try:
        moment = parse_timestamp(at)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def clock_time(at: datetime | str | None) -> Markup:
    """A moment: in UTC here, in the viewer's zone by the script."""
    moment = _moment(at)
    if moment is None:
        return Markup("-")
    shown = moment.astimezone(UTC)
    return Markup('<time datetime="{}" data-at>{:%H:%M:%S}Z</time>').format(timestamp(shown), shown)


def day_time(at: datetime | str | None) -> Markup:
    """A moment with its day."""
    moment = _moment(at)
    if moment is None:
        return Markup("-")
    shown = moment.astimezone(UTC)
    return Markup('<time datetime="{}" data-at="day">{:%a %d %b %H:%M}Z</time>').format(timestamp(shown), shown)


def until(at: datetime | str | None, now: datetime) -> Markup:
    """How long until a moment; after it, how long it is over."""
    moment = _moment(at)
    if moment is None:
        return Markup('<span class="due none">no deadline</span>')
    left = (moment - now).total_seconds()
    words = f"in {length(left)}" if left >= 0 else f"over by {length(-left)}"
    return Markup('<time class="due" datetime="{}" data-due>{}</time>').format(timestamp(moment), words)


def since(at: datetime | str | None, now: datetime) -> Markup:
    """How long since a moment, ticking."""
    moment = _moment(at)
    if moment is None:
        return Markup("-")
    return Markup('<time class="age" datetime="{}" data-since>{}</time>').format(
        timestamp(moment), length((now - moment).total_seconds(), hours=True)
    )


def length(seconds: float, *, hours: bool = False) -> str:
    """`03:12`, `1:03:12`, `2 d 01:00`; with `hours` always `00:47:12`."""
    whole = max(0, int(seconds))
    days, rest = divmod(whole, 86_400)
    clock = f"{rest // 3600:02d}:{rest % 3600 // 60:02d}:{rest % 60:02d}"
    if days:
        return f"{days} d {clock[:5]}"
    if hours:
        return clock
    return clock[3:] if rest < 3600 else clock.lstrip("0")


_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")
_ADDRESS = re.compile(r"https?://(?:[^\s<>&\"']|&amp;)*[^\s<>&;\"'.,:!?)\]]")
"""In a text that is escaped already."""


def lively(words: str) -> Markup:
    """A sentence of an entry: moments become times of the viewer's zone, addresses become links."""
    shown = _STAMP.sub(lambda found: str(clock_time(found.group(0))), str(escape(words)))
    return linked(Markup(shown))


def linked(words: str) -> Markup:
    """A text with its web addresses as links; of no other scheme, and escaped before."""
    link = '<a href="{0}" rel="noreferrer">{0}</a>'
    return Markup(_ADDRESS.sub(lambda found: link.format(found.group(0)), str(escape(words))))


def one_line(words: str) -> str:
    """A message in one line."""
    return " · ".join(line.strip() for line in words.splitlines() if line.strip())


_ENVIRONMENT = Environment(
    loader=PackageLoader("starter.console"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters |= {
    "clock_time": clock_time,
    "day_time": day_time,
    "until": until,
    "since": since,
    "spoken": spoken,
    "thing": thing,
    "stamp": timestamp,
    "from_json": json.loads,
    "lively": lively,
    "linked": linked,
    "one_line": one_line,
    "wire": lambda body: json.dumps(body, ensure_ascii=False, indent=2),
    "length_of": lambda seconds: length(seconds, hours=True),
    "sentence": lambda words: words[:1].upper() + words[1:],
}
_ENVIRONMENT.globals |= {"asset": assets.address, "navigation": NAVIGATION, "csrf_mark": _CSRF, "key_mark": _KEY}
