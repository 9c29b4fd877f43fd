"""What a duty of the review is: the base of the files beside this one, and the words they share."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from mayday.domain.commands import RefusalCode
from mayday.domain.effects import EffectRequest, EffectResult
from mayday.domain.review.owed import Obligation
from mayday.domain.review.state import ReviewState
from mayday.domain.review.wire import ReviewInput
from mayday.domain.timeline import timestamp

if TYPE_CHECKING:
    from mayday.domain.review.case import ReviewCase

SYSTEM = "system"


class RefusedCommand(Exception):
    """A command that is not carried out; becomes a `Refusal`."""

    def __init__(self, code: RefusalCode, reason: str) -> None:
        super().__init__(reason)
        self.code: RefusalCode = code
        self.reason = reason


class Duty:
    """One thing that a review has to get done. Subclasses hold no state of their own: it is all in `case.state`."""

    #: first word of the effects and entries that belong to it
    name = ""
    #: command kinds that it carries out, through `check_KIND` (raises `RefusedCommand`) and `apply_KIND`
    commands: tuple[str, ...] = ()

    def __init__(self, case: ReviewCase) -> None:
        self.case = case

    @property
    def state(self) -> ReviewState:
        return self.case.state

    @property
    def given(self) -> ReviewInput:
        return self.case.given

    @property
    def now(self) -> datetime:
        return self.case.state.now

    def begin(self) -> None:
        """The review opens."""

    def wakes(self) -> list[datetime]:
        """When this duty has to act by itself next."""
        return []

    def act(self) -> None:
        """Do what is due at `now`. Called at each advance; must do nothing when nothing is due."""

    def effect_finished(self, request: EffectRequest, result: EffectResult) -> None:
        """An effect of this duty came back."""

    def hands(self) -> dict[str, list[str]]:
        """Who may, by command: a kind, or `kind:what` where it is about one thing; nobody where it is not taken."""
        return {}

    @property
    def while_open(self) -> list[str]:
        """Who may do what belongs to those who steer the review, until it is closed."""
        return self.case.stewards() if self.state.status != "closed" else []

    def ledger(self) -> list[Obligation]:
        """What is still owed."""
        return []


def ref(person: str) -> str:
    """`person.ana` of `ana`; a ref stays as it is."""
    return person if "." in person else f"person.{person}"


def moment(at: datetime) -> str:
    """A time in a message to people."""
    return timestamp(at)[:16].replace("T", " ") + " UTC"
