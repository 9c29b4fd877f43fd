"""The facade of the store: one object a process, opened at start-up."""

from __future__ import annotations

import time
from pathlib import Path

import sqlalchemy as sa

from mayday.records.archives import Archives
from mayday.records.audit import Audit
from mayday.records.callbacks import CallbackInbox
from mayday.records.desk import Desk
from mayday.records.errors import RecordsUnavailable
from mayday.records.flushes import Flushes
from mayday.records.idempotency import IdempotencyKeys
from mayday.records.inbox import Inbox
from mayday.records.incidents import Incidents
from mayday.records.keys import HouseKeys
from mayday.records.login_codes import LoginCodes
from mayday.records.migration import migrate, upgrade
from mayday.records.overrides import Overrides
from mayday.records.pager_calls import PagerCalls
from mayday.records.plans import Plans
from mayday.records.presence import Presence
from mayday.records.reviews import Reviews
from mayday.records.sessions import Sessions
from mayday.records.store import Clock, Store, utc_now
from mayday.records.timeline import Timelines
from mayday.records.tokens import Tokens
from mayday.records.trends import Trends
from mayday.records.watchdogs import Watchdogs

#: whoever asks whether it takes anything costs it a disk sync no more often than that
WRITES_EVERY_SECONDS = 1.0


class Records:
    """Everything that is kept, by subject. Make it with `await Records.open(url)`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._wrote_at = -WRITES_EVERY_SECONDS
        self.inbox = Inbox(store)
        self.callbacks = CallbackInbox(store)
        self.incidents = Incidents(store)
        self.timeline = Timelines(store)
        self.flushes = Flushes(store, self.timeline, self.incidents)
        self.desk = Desk(store)
        self.pager_calls = PagerCalls(store)
        self.tokens = Tokens(store)
        self.sessions = Sessions(store)
        self.login_codes = LoginCodes(store)
        self.keys = HouseKeys(store)
        self.audit = Audit(store)
        self.plans = Plans(store)
        self.overrides = Overrides(store)
        self.presence = Presence(store)
        self.idempotency = IdempotencyKeys(store)
        self.reviews = Reviews(store)
        self.archives = Archives(store)
        self.watchdogs = Watchdogs(store)
        self.trends = Trends(store, self.timeline)

    @classmethod
    async def open(cls, url: str | Path, *, clock: Clock = utc_now) -> Records:
        """Open the database at `url`, created and migrated if need be (safe in several processes at once).

        `url` is a path, `sqlite:///FILE`, `sqlite://` (in memory, for tests) or `postgresql://...`. Raises
        RecordsUnavailable when it cannot be reached and ValueError when it is no such address.
        """
        store = Store(url, clock=clock)
        try:
            if store.in_memory:
                async with store.write() as connection:
                    await upgrade(connection)
            else:
                if store.dialect == "sqlite" and store.url.database:
                    _make_folder(Path(store.url.database).parent)
                await migrate(url)
        except RecordsUnavailable as error:
            await store.close()
            raise RecordsUnavailable(_cannot_be_used(store, error), error.why) from error
        except BaseException:  # also cancelled: whatever ends it, the connections do not stay open
            await store.close()
            raise
        return cls(store)

    async def ping(self) -> None:
        """Raises RecordsUnavailable when the database does not answer, or takes nothing: for readiness checks."""
        async with self.store.read() as connection:
            await connection.execute(sa.select(1))
        if self.store.trouble is not None or time.monotonic() - self._wrote_at > WRITES_EVERY_SECONDS:
            await self.store.try_writing()
            self._wrote_at = time.monotonic()

    async def close(self) -> None:
        """Commit what waits, then close the connections."""
        await self.inbox.close()
        await self.store.close()

    async def __aenter__(self) -> Records:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _cannot_be_used(store: Store, error: RecordsUnavailable) -> str:
    """Its file or address, without the password, and what is wrong with it."""
    words = str(error) if error.why == "unreachable" else f"it {error.said} ({error})"
    cause = getattr(error.__cause__, "orig", None) or error.__cause__
    broken = getattr(cause, "sqlite_errorname", "") in ("SQLITE_NOTADB", "SQLITE_CORRUPT")
    way_out = "; a broken file is put right by: mayday restore BACKUP" if broken else ""
    return f"the records store {store.place or 'in memory'} cannot be used: {words}{way_out}"


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordsUnavailable(f"cannot make the folder {folder}: {error.strerror}") from error
