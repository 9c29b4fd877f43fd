"""The bundle: what one workflow task asked for at once, carried out by the activities that would do it one by one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from pydantic_core import to_jsonable_python
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.dependencies import Dependencies
from mayday.domain.bundles import BUNDLE, Bundle, BundleReceipt
from mayday.domain.wire import Wire
from mayday.temporal.bundles import carried

__all__ = ["Bundles", "Bundled"]


class Bundled(NamedTuple):
    """An activity that also comes in bundles: the function, and what it takes."""

    does: Callable[[Any], Awaitable[Any]]
    takes: type[Wire]


class Bundles:
    def __init__(self, given: Dependencies, bundled: Mapping[str, Bundled]) -> None:
        """`bundled`: what comes in bundles, by kind."""
        self._tell = given.tell
        self.bundled = bundled

    @activity.defn(name=BUNDLE)
    async def carry(self, bundle: Bundle) -> BundleReceipt:
        """Carry out every call of the bundle. It fails for none of them: each has an outcome of its own."""
        return await carried(bundle, self._one, self._tell)

    async def _one(self, kind: str, payload: Any) -> dict[str, Any]:
        bundled = self.bundled.get(kind)
        if bundled is None:
            raise ApplicationError(f"no activity {kind} comes in bundles", type="NotFoundError", non_retryable=True)
        value: dict[str, Any] = to_jsonable_python(await bundled.does(bundled.takes.model_validate(payload)))
        return value
