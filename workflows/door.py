"""The door of a run: each kind of command is an update, which can be refused, and one signal takes what cannot wait.

The updates belong to the class and are not set by each instance: the SDK reads the types of a handler that it is given,
and twenty of those were a sixth of what a run's first task took.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from temporalio import workflow
from temporalio.exceptions import ApplicationError

from mayday.domain.commands import Answer, Refusal
from workflows.patches import UNREADABLE_REFUSED
from workflows.signatures import UNSIGNED, Seal

COMMAND_SIGNAL = "command_sent"
LONGEST_REASON = 300

Command = TypeVar("Command")
Workflow = TypeVar("Workflow", bound=type)


def kinds_of(union: Any) -> tuple[str, ...]:
    """The kinds of a union of commands that is told apart by its field `kind`."""
    models: tuple[type[BaseModel], ...] = get_args(get_args(union)[0])
    return tuple(model.model_fields["kind"].default for model in models)


class Unreadable(Exception):
    """What arrived is nothing that was ever sent by mayday; the text says why, in short."""


class Door(Generic[Command]):
    """What an incident and its review have in common. Whoever inherits it says how commands are read and applied."""

    _seal: Seal

    @workflow.signal(name=COMMAND_SIGNAL)
    def command_sent(self, envelope: Any = None, *more: Any) -> None:
        """A command of a caller that cannot wait; a refusal becomes an entry.

        Whoever can write to Temporal may send anything here, and as many arguments as they like. What a handler raises
        fails the workflow's task, again and again: nothing that arrives may do that.
        """
        try:
            command = self._read(envelope, None)
        except Unreadable as error:
            self._unreadable("command", envelope, error)
            return
        if self._believes(envelope, command, signalled=True):
            self._deliver(command, signalled=True)
            self._taken(envelope, command)

    def _judge(self, kind: str, envelope: dict[str, Any]) -> None:
        """Whether an update may come in. It must change nothing: a refused one is not in the history."""
        try:
            command = self._read(envelope, kind)
        except Unreadable as error:
            raise _refused(Refusal(code="invalid", reason=str(error))) from error
        if not self._seal.holds(envelope):
            return  # taken in, so that its refusal stands on the timeline
        refusal = self._refusal(command)
        if refusal is not None:
            raise _refused(refusal)

    def _take(self, kind: str, envelope: dict[str, Any]) -> Answer:
        command = self._read(envelope, kind)
        if not self._believes(envelope, command):
            raise _refused(UNSIGNED)
        answer = self._deliver(command)
        if answer.refusal is not None:
            raise _refused(answer.refusal)
        self._taken(envelope, command)
        return answer

    def _read(self, data: Any, kind: str | None) -> Command:
        """A command as it came. Raises `Unreadable`, whatever came."""
        if not isinstance(data, dict):
            raise Unreadable("expected an object")
        try:
            return self._parse(data, kind)
        except ValidationError as error:
            raise Unreadable(first_of(error)) from error

    def _unreadable(self, what: str, sent: Any, error: Unreadable) -> None:
        """It leaves an entry, as what carries no signature does."""
        workflow.logger.warning("signal_unreadable", extra={"signal": what, "reason": str(error)})
        if workflow.patched(UNREADABLE_REFUSED):
            self._arrived(signalled=True)
            self._turn_away(what, claimed_by(sent), Refusal(code="invalid", reason=f"it cannot be read: {error}"))

    @abstractmethod
    def _arrived(self, *, signalled: bool) -> None:
        """Something for the main loop."""

    @abstractmethod
    def _turn_away(self, what: str, claimed: str, refusal: Refusal) -> None:
        """A signal that does not count leaves an entry, and no more. `claimed`: whom it says that it comes from."""

    @abstractmethod
    def _parse(self, data: dict[str, Any], kind: str | None) -> Command:
        """A command as it came: in its envelope, or bare under the name of its kind. Raises ValidationError."""

    @abstractmethod
    def _refusal(self, command: Command) -> Refusal | None:
        """Why the rules do not allow it as things are now."""

    @abstractmethod
    def _believes(self, envelope: dict[str, Any], command: Command, *, signalled: bool = False) -> bool:
        """Whether a decision is signed as the start input demands; one that is not leaves an entry, and no more."""

    @abstractmethod
    def _deliver(self, command: Command, *, signalled: bool = False) -> Answer:
        """Apply it. Never raises: a command that cannot be digested is refused."""

    def _taken(self, envelope: dict[str, Any], command: Command) -> None:
        """It was applied, or stands refused on the timeline."""


def takes(kinds: Iterable[str]) -> Callable[[Workflow], Workflow]:
    """Declares an update for each kind. Stands below `workflow.defn`, on a `Door`."""

    def declare(door: Workflow) -> Workflow:
        for kind in kinds:
            setattr(door, f"_{kind}_update", _update(kind))
        return door

    return declare


def _update(kind: str) -> Any:
    @workflow.update(name=kind)
    async def update(self: Door[Any], command: dict[str, Any]) -> Answer:
        return self._take(kind, command)

    @update.validator
    def judge(self: Door[Any], command: dict[str, Any]) -> None:
        self._judge(kind, command)

    return update


def claimed_by(sent: Any) -> str:
    """Whom something that arrived says that it comes from; nobody where it does not say."""
    if not isinstance(sent, dict):
        return "nobody"
    command = sent.get("command", sent)
    actor = command.get("actor") if isinstance(command, dict) else None
    return actor if isinstance(actor, str) and actor else "nobody"


def first_of(error: ValidationError) -> str:
    """The first of what is wrong, short: it quotes what was sent."""
    first = error.errors()[0]
    words = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    return words if len(words) <= LONGEST_REASON else f"{words[: LONGEST_REASON - 1]}…"


def _refused(refusal: Refusal) -> ApplicationError:
    return ApplicationError(refusal.reason, type=refusal.code, non_retryable=True)
