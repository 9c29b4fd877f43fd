"""Who looks at a page. Nobody looks without having signed in: whoever has not is sent to `/login` and comes back.

Reading takes the level viewer, buttons the level responder, and a form the proof that a page of ours sent it; whether a
decision counts is for the workflow to say.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from mayday.records.errors import RecordsUnavailable
from starter.access import Principal, caller
from starter.console.sheets import failed
from starter.gateway import TemporalSilent
from starter.parts import Here
from starter.problems import Problem
from starter.sessions import csrf_token

__all__ = ["Looking", "PageRoute", "Visitor"]


class Visitor(NamedTuple):
    """`person` is a catalog id, None for the owner, who administers and never decides."""

    principal: Principal
    name: str
    csrf: str

    @property
    def person(self) -> str | None:
        return self.principal.person

    @property
    def acts(self) -> bool:
        """Whether there are buttons for them at all; a viewer reads the same page without."""
        return self.principal.at_least("responder")

    @property
    def decides(self) -> bool:
        """Whether they can vote, acknowledge and accept."""
        return self.acts and self.person is not None

    @property
    def key(self) -> tuple[str | None, str]:
        """What a page may differ by, apart from the token of its forms."""
        return (self.person, self.principal.level)


async def _looking(request: Request, parts: Here) -> Visitor:
    principal = await caller(request)
    people = parts.playbooks.catalog.people
    known = people.get(principal.person) if principal.person else None
    visitor = Visitor(principal, known.name if known else principal.actor, await csrf_token(request))
    request.state.visitor = visitor
    return visitor


Looking = Annotated[Visitor, Depends(_looking)]


class PageRoute(APIRoute):
    """A route whose refusals are pages for people. A script that asks for JSON gets problem details as anywhere."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def shown(request: Request) -> Response:
            try:
                return await handle(request)
            except Problem as problem:
                return _refused(request, problem)
            except RequestValidationError:
                return _refused(request, Problem(404, "not_found", "there is nothing at this address"))
            except TemporalSilent:
                words = "Temporal does not answer, and nothing of this incident is stored yet"
                return _refused(request, Problem(503, "temporal_silent", words, headers={"Retry-After": "5"}))
            except RecordsUnavailable as error:
                words = f"the records store {error.said}"
                return _refused(request, Problem(503, "records_unavailable", words, headers={"Retry-After": "5"}))

        return shown


def _refused(request: Request, problem: Problem) -> Response:
    accepts = request.headers.get("accept", "")
    # Whoever takes anything and shows nothing is shown the door; the pages' own scripts say what they take.
    takes_anything = accepts in ("", "*/*") and request.method == "GET" and problem.status == 401
    if "text/html" not in accepts and not takes_anything:
        raise problem
    if problem.status == 401:
        query = f"?{request.url.query}" if request.url.query else ""
        back = f"{request.url.path}{query}" if request.method == "GET" else "/"
        return RedirectResponse(f"/login?next={quote(back, safe='')}", 303)
    return failed(request, problem)
