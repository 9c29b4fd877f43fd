"""The CLI's side of the API: where the starter is, with which token, and what its refusals read like.

`MAYDAY_URL` and `MAYDAY_TOKEN`, else what `mayday up` wrote into `mayday.json` of the data folder.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import httpx

from mayday.cli.errors import WRONG_USAGE, CliError
from mayday.settings import DESCRIPTION

__all__ = ["DESCRIPTION", "Remote", "described", "remote"]

ANSWERS_WITHIN_SECONDS = 30.0


class Remote:
    """One starter, as one caller."""

    def __init__(self, url: str, token: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self.url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {token}", "Mayday-Channel": "cli"}
        self._http = httpx.Client(
            base_url=self.url, headers=headers, timeout=ANSWERS_WITHIN_SECONDS, transport=transport, trust_env=False
        )

    def get(self, path: str, **query: Any) -> Any:
        return self._ask("GET", path, params={name: value for name, value in query.items() if value is not None})

    def post(self, path: str, body: Any = None) -> Any:
        return self._ask("POST", path, json=body if body is not None else {})

    def delete(self, path: str) -> Any:
        return self._ask("DELETE", path)

    def download(self, path: str, *, accept: str = "*/*", **query: Any) -> bytes:
        """What is no JSON: an archive, a picture, a report."""
        given = {name: value for name, value in query.items() if value is not None}
        return self._answer("GET", path, params=given, headers={"Accept": accept}).content

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        answer = self._answer(method, path, **more)
        return answer.json() if answer.content else None

    def _answer(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **more)
        except httpx.TimeoutException:
            raise CliError(f"{self.url} did not answer in time") from None
        except httpx.HTTPError as error:
            raise CliError(
                f"no starter answers at {self.url} ({_short(error)})", hint="start one with: mayday up"
            ) from None
        if answer.is_success:
            return answer
        raise _refused(answer)


def remote() -> Remote:
    """The starter of this machine, or of the environment; `CliError` says how to get one."""
    url, token = _setting("URL"), _setting("TOKEN")
    if url is None or token is None:
        told = described()
        url, token = url or told.get("url"), token or told.get("token")
    if not url:
        raise CliError(
            "no starter is known here", hint="start one with: mayday up, or set MAYDAY_URL", status=WRONG_USAGE
        )
    if not token:
        raise CliError(f"no token for {url}", hint="set MAYDAY_TOKEN", status=WRONG_USAGE)
    return Remote(url, token)


def described() -> dict[str, Any]:
    """What the last `mayday up` wrote about itself; empty when there is nothing."""
    path = data_folder() / DESCRIPTION
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise CliError(f"{path} cannot be read: {_short(error)}") from None
    return found if isinstance(found, dict) else {}


def data_folder() -> Path:
    """`MAYDAY_DATA`, else the default folder; read without the other settings, which may be wrong here."""
    given = os.environ.get("MAYDAY_DATA")
    if given:
        return Path(given).expanduser().absolute()
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "mayday"


def _setting(name: str) -> str | None:
    value = os.environ.get(f"MAYDAY_{name}")
    if value:
        return value
    path = os.environ.get(f"MAYDAY_{name}_FILE")
    if not path:
        return None
    try:
        return Path(path).expanduser().read_text(encoding="utf-8").strip()
    except OSError as error:
        raise CliError(f"MAYDAY_{name}_FILE={path}: {error.strerror}", status=WRONG_USAGE) from None


def _refused(answer: httpx.Response) -> CliError:
    try:
        problem = answer.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict) or "detail" not in problem:
        return CliError(f"{answer.request.url} answered {answer.status_code}")
    code, detail = problem.get("code", answer.status_code), problem["detail"]
    status = WRONG_USAGE if answer.status_code == 422 else 1
    return CliError(f"{code}: {detail}", status=status, hint=problem.get("hint", ""), problem=problem)


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
