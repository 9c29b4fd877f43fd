"""The login pages, rendered here; every text is escaped, and the page loads its own style sheet and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

__all__ = ["STYLE", "page"]

FOLDER = Path(__file__).parent
STYLE = (FOLDER / "login.css").read_text(encoding="utf-8")
_PAGES = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=select_autoescape(default=True), undefined=StrictUndefined
)


def page(name: str, status: int = 200, headers: dict[str, str] | None = None, **shown: Any) -> HTMLResponse:
    """The page `NAME.html`."""
    text = _PAGES.get_template(f"{name}.html").render(shown)
    return HTMLResponse(text, status, headers={"Cache-Control": "no-store", **(headers or {})})
